"""The command line: arguments become settings, a connection and the app.

Exit codes: 0 well, 1 an error of ours or problems that the doctor found, 2 bad input, 128 + n ended by signal n.
"""

import asyncio
import contextlib
import io
import locale
import logging
import math
import os
import select
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from absurd_tui import __version__
from absurd_tui.errors import CannotStart
from absurd_tui.settings import THEMES, Settings

if TYPE_CHECKING:
    from absurd_tui.conninfo import ConnSpec
    from absurd_tui.ui.app import AbsurdApp

EPILOG = """\b
Without --dsn and --database, ABSURD_DATABASE_URL is used, then PGDATABASE with the other PG* variables.
Prefer ~/.pgpass, a service file or PGPASSWORD to a password in the arguments, which everybody on the machine can read.
"""
_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
_TAKES_A_LINE_WITHIN = 1.0
_FRAME_WIDTH = 120
_FOR_DEVELOPERS = ("TEXTUAL", *(f"TEXTUAL_{name}" for name in ("DEBUG", "LOG", "PRESS", "SCREENSHOT", "SHOW_RETURN")))
"""Textual's variables that log and picture what is on the screen into files, send it elsewhere, or press keys."""

_ENDING_SIGNALS = () if sys.platform == "win32" else (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


def _number(_context: click.Context, _option: click.Parameter, value: float) -> float:
    """Refuse `nan`, which no comparison finds outside a range."""
    if math.isnan(value):
        raise click.BadParameter("nan is not a number.")
    return value


_CONNECTION = (
    click.option("--dsn", metavar="URL", help="Connection string: a URL, key=value words, or a database name."),
    click.option("-d", "--database", metavar="NAME", help="The same as --dsn, as absurdctl calls it."),
    click.option("-H", "--host", help="Server, or the folder of its Unix socket."),
    click.option("-p", "--port", help="Port of the server."),
    click.option("-U", "--user", help="Role to connect as."),
)


def _connects(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say where to connect."""
    for option in reversed(_CONNECTION):
        command = option(command)
    return command


@click.group(invoke_without_command=True, context_settings=_HELP, epilog=EPILOG)
@_connects
@click.option("-q", "--queue", metavar="NAME", help="Begin with this queue.")
@click.option(
    "--every",
    type=click.FloatRange(0.2, 3600),
    callback=_number,
    default=1.0,
    show_default=True,
    help="Seconds between two readings.",
)
@click.option("--theme", metavar="NAME", help="absurd-dark, absurd-light, absurd-ansi, or any of Textual's.")
@click.option("--ascii", "is_ascii", is_flag=True, help="Draw without Unicode.")
@click.option("--read-only", "is_read_only", is_flag=True, help="No key writes, and no connection that could is made.")
@click.option("--production", "is_production", is_flag=True, help="Mark the database; cancelling asks for the id.")
@click.option("--ask-reason", "asks_reason", is_flag=True, help="Ask for the reason of every write, for the audit.")
@click.option("--expert", "is_expert", is_flag=True, help="Let :fail end a run by hand; nothing fences its worker.")
@click.option("--bell", is_flag=True, help="Ring the terminal's bell once whenever the verdict gets worse.")
@click.option("--no-history", is_flag=True, help="Keep no params of what is spawned from the form.")
@click.option("--utc", is_flag=True, help="Begin with times in UTC.")
@click.option("--once", "is_once", is_flag=True, help="Write one frame as plain text and leave; needs no terminal.")
@click.version_option(__version__, "-V", "--version", prog_name="absurd-tui")
@click.pass_context
def command(
    context: click.Context,
    dsn: str | None,
    database: str | None,
    host: str | None,
    port: str | None,
    user: str | None,
    queue: str | None,
    every: float,
    theme: str | None,
    is_ascii: bool,
    is_read_only: bool,
    is_production: bool,
    asks_reason: bool,
    is_expert: bool,
    bell: bool,
    no_history: bool,
    utc: bool,
    is_once: bool,
) -> None:
    """Watch Absurd's queues, tasks and runs in a PostgreSQL database, live."""
    for variable in _FOR_DEVELOPERS:
        os.environ.pop(variable, None)
    if theme is not None:
        _require_known_theme(theme)
    if context.invoked_subcommand == demo.name:
        _refuse_connection(dsn=dsn, database=database, host=host, port=port, user=user)
    settings = Settings(
        every=every,
        queue=queue,
        theme=theme,
        is_ascii=is_ascii or _needs_ascii(),
        utc=utc,
        is_read_only=is_read_only,
        is_production=is_production,
        asks_reason=asks_reason,
        is_expert=is_expert,
        rings=bell,
    )
    context.obj = settings
    if context.invoked_subcommand is not None:
        if is_once:
            raise CannotStart(f"--once is for the dashboard; leave it out, or {context.invoked_subcommand}.")
        return
    _refuse_both(dsn, database)
    if is_once:
        _write_anything()
        click.echo(write_once(_resolved(dsn=dsn, database=database, host=host, port=port, user=user), settings))
        return
    _require_terminal()
    spec = _resolved(dsn=dsn, database=database, host=host, port=port, user=user)
    from absurd_tui.operations.audit import default_path
    from absurd_tui.operations.spawn_history import history_path

    settings = replace(settings, history_file=None if no_history else history_path())
    context.exit(watch(spec, settings, audit_file=default_path()))


@command.command()
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 200),
    callback=_number,
    default=3.0,
    show_default=True,
    help="Tasks a second.",
)
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep the data in this folder.")
@click.option("--no-workers", is_flag=True, help="Start no workers: tasks wait.")
@click.option("--check", is_flag=True, help="Without a terminal: see all six states within 30 s, or exit with 1.")
@click.pass_context
def demo(context: click.Context, rate: float, keep: Path | None, no_workers: bool, check: bool) -> None:
    """Start a real Absurd system of its own, with workers, and watch it. Nothing of it is left afterwards."""
    from absurd_tui.demo import run_check, run_demo

    settings: Settings = context.obj
    if check:
        if no_workers:
            raise CannotStart("--check needs the workers; leave out --no-workers.")
        context.exit(run_check(rate=rate, keep=keep, echo=click.echo))

    def show(dsn: str) -> int:
        from absurd_tui.conninfo import resolve

        return watch(resolve(dsn, environ={}), settings, audit_file=None)

    _require_terminal(instead="Without one, try: absurd-tui demo --check")
    context.exit(run_demo(rate=rate, keep=keep, workers=not no_workers, show=show))


@command.command()
@_connects
@click.option("--json", "is_json", is_flag=True, help="Write one JSON object.")
@click.option("--grants", metavar="ROLE", help="Write the statements that let a role operate every queue, and stop.")
@click.pass_context
def doctor(context: click.Context, /, is_json: bool, grants: str | None, **given: str | None) -> None:
    """Look once at the connection, the schema, the rights and every queue, and say what is wrong; it only reads.

    Needs no terminal. Exit code 0 if all is well, 1 if a problem was found, 2 if there was no connection.
    """
    from absurd_tui.doctor import as_json, as_lines, examine, statements_for
    from absurd_tui.text import plain

    before = context.parent.params if context.parent is not None else {}
    chosen = given if any(value is not None for value in given.values()) else {name: before[name] for name in given}
    if grants is not None and not grants.strip():
        raise CannotStart("--grants needs the name of a role.")
    spec = _resolved(**chosen)
    _write_anything()
    if grants is not None:
        for statement in asyncio.run(statements_for(spec, grants)):
            shown = plain(statement).text
            click.echo(shown if shown == statement else f"-- left out, a name in it holds hidden characters: {shown}")
        return
    report = asyncio.run(examine(spec))
    click.echo(as_json(report) if is_json else "\n".join(as_lines(report)))
    context.exit(1 if report.problems else 0)


def watch(spec: "ConnSpec", settings: Settings, *, audit_file: Path | None) -> int:
    """Run the dashboard on a connection until it is left, and give the exit code."""
    from absurd_tui.kept import FILE, Kept
    from absurd_tui.observe.source import DatabaseSource
    from absurd_tui.operations.audit import Audit
    from absurd_tui.operations.perform import Performer
    from absurd_tui.ui.app import AbsurdApp
    from absurd_tui.ui.driver import steady

    # what asyncio and asyncpg log would be written over the screen, or after it with the texts of errors
    logging.getLogger().addHandler(logging.NullHandler())
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    performer = None if settings.is_read_only else Performer(spec, audit=Audit(audit_file))
    kept = Kept(audit_file.with_name(FILE) if audit_file is not None else None)
    app = AbsurdApp(DatabaseSource(spec), settings, performer, kept)
    app.driver_class = steady(app.driver_class)
    asyncio.run(_run_until_left(app))
    for left in app.left_behind:
        _say(left.text)
    if app.fatal:
        _say(app.fatal)
    return app.return_code or 0


def write_once(spec: "ConnSpec", settings: Settings) -> str:
    """Read once and give the frame as text. Raises CannotStart where there is nothing to read, or no such queue."""
    from absurd_tui.observe.once import read_once
    from absurd_tui.observe.records import View
    from absurd_tui.ui.once import ROWS, frame

    made = frame(
        asyncio.run(read_once(spec, View(settings.queue, rows=ROWS + 1))),
        queue=settings.queue,
        width=shutil.get_terminal_size((_FRAME_WIDTH, 0)).columns,
        utc=settings.utc,
        is_ascii=settings.is_ascii,
        is_production=settings.is_production,
    )
    return "\n".join(made)


async def _run_until_left(app: "AbsurdApp") -> None:
    """Run the app; a signal that ends the program leaves as the key does, so that the terminal is as it was."""
    loop = asyncio.get_running_loop()
    previous = {number: signal.getsignal(number) for number in _ENDING_SIGNALS}
    for number in previous:
        loop.add_signal_handler(number, app.exit, 128 + number, 128 + number)
    try:
        await app.run_async()
    finally:
        for number, handler in previous.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    try:
        code = command.main(prog_name="absurd-tui", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.ClickException as error:
        _say(error.format_message())
        code = 2
    except CannotStart as error:
        _say(str(error))
        code = 2
    except OSError as error:
        _say(f"{error.strerror or type(error).__name__}{f': {error.filename}' if error.filename else ''}")
        code = 1
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except Exception as error:
        # without its text and its traceback: both may hold a password
        _say(f"stopped on an error of its own: {type(error).__name__}.")
        code = 1
    _give_up_lost_output()
    sys.exit(code if isinstance(code, int) else 0)


def _give_up_lost_output() -> None:
    """Drop what cannot be written any more, or Python would leave with exit code 120 for it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _say(line: str) -> None:
    from absurd_tui.text import plain

    if not _is_stalled():
        click.echo(f"absurd-tui: {plain(line).text}", err=True)


def _is_stalled() -> bool:
    """Whether standard error is a terminal that takes nothing: whoever writes would wait as long as that lasts."""
    if sys.platform == "win32" or sys.stderr is None or not sys.stderr.isatty():
        return False
    return not select.select([], [sys.stderr], [], _TAKES_A_LINE_WITHIN)[1]


def _resolved(
    *, dsn: str | None, database: str | None, host: str | None, port: str | None, user: str | None
) -> "ConnSpec":
    """Say where to connect, and tell what of the connection string was set aside."""
    from absurd_tui.conninfo import NothingToConnectTo, resolve

    _refuse_both(dsn, database)
    try:
        spec = resolve(dsn or database, host=host, port=port, user=user)
    except NothingToConnectTo as nothing:
        raise CannotStart(f"{nothing}; or watch a sample system: absurd-tui demo") from None
    for note in spec.notes:
        _say(note)
    return spec


def _refuse_both(dsn: str | None, database: str | None) -> None:
    if dsn and database:
        raise CannotStart("Give --dsn or --database, not both: they mean the same.")


def _write_anything() -> None:
    """Let standard output take every character, written as an escape where its encoding has none."""
    if sys.stdout is None:
        raise CannotStart("Standard output is closed: there is nowhere to write to.")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _refuse_connection(**given: str | None) -> None:
    if options := ", ".join(f"--{name}" for name, value in given.items() if value is not None):
        raise CannotStart(f"The demo has a database of its own; leave out {options}.")


def _require_known_theme(theme: str) -> None:
    if theme not in THEMES:
        from textual.theme import BUILTIN_THEMES

        if theme not in BUILTIN_THEMES:
            names = ", ".join([*THEMES, *sorted(BUILTIN_THEMES)])
            raise CannotStart(f"There is no theme {theme}. There are: {names}.")


def _require_terminal(instead: str = "") -> None:
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        said = "The dashboard needs a terminal: standard input, output and error must be one."
    elif os.environ.get("TERM", "") in ("", "dumb"):
        said = "The dashboard needs a terminal that can move its cursor; TERM says that this one cannot."
    else:
        return
    raise CannotStart(f"{said} {instead}".rstrip())


def _needs_ascii() -> bool:
    encoding = locale.getencoding().lower().replace("-", "")
    return os.environ.get("TERM") == "linux" or encoding != "utf8"
