"""The program as a command: what it answers without a terminal, and how it refuses bad input in one."""

import asyncio
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import absurdctl
import asyncpg
import pytest
from terminal import QUITS_WITHIN, terminal
from textual.theme import BUILTIN_THEMES

from absurd_tui import __version__, settings
from absurd_tui.cli import main
from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.errors import CannotStart
from absurd_tui.ui.theme import THEMES

pytestmark = [pytest.mark.xdist_group("cli"), pytest.mark.slow]

FULL = Path("/dev/full")
PASSWORD = "ZQXJKVWYGH"
PIECES = {PASSWORD[at : at + 3].encode() for at in range(len(PASSWORD) - 2)}


@dataclass(frozen=True, slots=True)
class Said:
    """What a run without a terminal said, and its exit code."""

    code: object
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process, which has no terminal."""

    def run_here(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["absurd-tui", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        return Said(left.value.code, *capsys.readouterr())

    return run_here


def refusal(said: Said) -> str:
    """The one line on standard error of a run that ended with 2."""
    assert (said.code, said.out) == (2, "")
    (line,) = said.err.splitlines()
    return line.removeprefix("absurd-tui: ")


def refusal_in_terminal(*arguments: str, **environ: str) -> str:
    """The one line that a run in a terminal left behind when it ended with 2."""
    with terminal(*arguments, environ=environ) as running:
        assert running.wait() == 2, running.text
        assert not any(piece in running.raw for piece in PIECES)
        if b"\x1b[?1049h" in running.raw:
            running.assert_restored()
        (line,) = running.said
    return line.removeprefix("absurd-tui: ")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_the_options_the_demo_and_where_the_connection_comes_from(run: Run, option: str) -> None:
    said = run(option)
    assert (said.code, said.err) == (0, "")
    for wanted in ("Usage: absurd-tui", "--dsn", "--database", "--every", "--ascii", "demo", "ABSURD_DATABASE_URL"):
        assert wanted in said.out


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(run: Run, option: str) -> None:
    assert run(option) == Said(0, f"absurd-tui, version {__version__}\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["demo", "--help"]])
def test_nothing_heavy_is_imported_for_what_needs_nothing(arguments: list[str]) -> None:
    traced = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "absurd_tui", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    imported = {line.rsplit("|", 1)[1].strip().split(".")[0] for line in traced.stderr.splitlines() if "|" in line}
    assert "absurd_tui" in imported
    assert imported.isdisjoint({"textual", "rich", "asyncpg", "pygments", "absurd_sdk", "psycopg"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--zzz"], "No such option '--zzz'."),
        (["nope"], "No such command 'nope'."),
        (["--\x1b]0;x\x07"], r"No such option '--\x1b]0;x\x07'."),
        (["--every", "0"], "Invalid value for '--every': 0.0 is not in the range 0.2<=x<=3600."),
        (["--every", "often"], "Invalid value for '--every': 'often' is not a valid float range."),
        (["--every", "nan"], "Invalid value for '--every': nan is not a number."),
        (["--dsn"], "Option '--dsn' requires an argument."),
        (["--dsn", "one", "-d", "two"], "Give --dsn or --database, not both: they mean the same."),
        (["--dsn", "one", "demo"], "The demo has a database of its own; leave out --dsn."),
        (
            ["-d", "one", "-H", "two", "demo", "--check"],
            "The demo has a database of its own; leave out --database, --host.",
        ),
        (["demo", "--rate", "nan"], "Invalid value for '--rate': nan is not a number."),
        (["demo", "--check", "--no-workers"], "--check needs the workers; leave out --no-workers."),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(run: Run, arguments: list[str], said: str) -> None:
    assert refusal(run(*arguments)) == said


@pytest.mark.parametrize("arguments", [[], ["demo"]])
def test_an_unknown_theme_is_refused_with_the_names_there_are(run: Run, arguments: list[str]) -> None:
    said = refusal(run("--theme", "no\x1b[31mir", *arguments))
    assert said.startswith("There is no theme no␛[31mir. There are: absurd-dark, absurd-light, absurd-ansi, ")
    assert all(name in said for name in BUILTIN_THEMES)


def test_the_themes_that_the_command_knows_are_those_of_the_app() -> None:
    assert set(settings.THEMES) == {theme.name for theme in THEMES}


DASHBOARDS = [("-d postgres", ""), ("demo", " Without one, try: absurd-tui demo --check")]


@pytest.mark.parametrize("redirected", ["</dev/null", "<&-", ">&-", "2>said"])
@pytest.mark.parametrize(("arguments", "instead"), DASHBOARDS)
def test_without_a_terminal_the_dashboard_says_so(
    tmp_path: Path, arguments: str, instead: str, redirected: str
) -> None:
    script = f'cd "$0" && "$1" -m absurd_tui {arguments} {redirected}; echo "code $?"; [ ! -e said ] || cat said'
    shell = ["-c", "import os, sys; os.execv('/bin/sh', ['sh', '-c', *sys.argv[1:]])"]
    with terminal(script, str(tmp_path), sys.executable, program=shell) as running:
        assert running.wait() == 0
        line = f"absurd-tui: The dashboard needs a terminal: standard input, output and error must be one.{instead}"
        assert sorted(running.said) == [line, "code 2"]


@pytest.mark.parametrize("term", ["dumb", ""])
@pytest.mark.parametrize(("arguments", "instead"), DASHBOARDS)
def test_a_terminal_that_cannot_move_its_cursor_is_refused(arguments: str, instead: str, term: str) -> None:
    said = refusal_in_terminal(*arguments.split(), TERM=term)
    assert said == f"The dashboard needs a terminal that can move its cursor; TERM says that this one cannot.{instead}"


@pytest.mark.parametrize("arguments", [(), ("-d", ""), ("--dsn", "", "-d", "")])
def test_with_nothing_to_connect_to_it_names_what_was_tried_and_offers_the_demo(arguments: tuple[str, ...]) -> None:
    said = refusal_in_terminal(*arguments)
    for wanted in ("nothing to connect to", "ABSURD_DATABASE_URL", "PGDATABASE", "PGHOST", "absurd-tui demo"):
        assert wanted in said


@pytest.mark.fault(51)
@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://ines:{PASSWORD}/@127.0.0.1/db",
        f"postgresql://ines:#{PASSWORD}@127.0.0.1/db",
        f"mysql://ines:{PASSWORD}@127.0.0.1/db",
        f"host=127.0.0.1 password={PASSWORD} sslmode=bogus",
        f"password='{PASSWORD}",
        f"postgresql://ines:{PASSWORD}@127.0.0.1:99999/db",
        b"\xff\xfe".decode(errors="surrogateescape"),
        "",
    ],
)
def test_a_connection_string_that_cannot_be_used_is_refused_without_quoting_it(dsn: str) -> None:
    assert refusal_in_terminal("--dsn", dsn)


def test_an_error_that_nobody_foresaw_is_one_line_too() -> None:
    # a setting of Textual's, read while the app is made
    with terminal("-d", "postgres", environ={"TEXTUAL_DRIVER": f"no_such_module_{PASSWORD}"}) as running:
        assert running.wait() == 1
        assert running.said == ["absurd-tui: stopped on an error of its own: ModuleNotFoundError."]


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_output_that_cannot_be_written_is_one_line() -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "absurd_tui", "-V"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "absurd-tui: No space left on device\n"


@pytest.mark.parametrize("arguments", ["--once", "doctor"])
def test_output_that_goes_nowhere_is_refused(arguments: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m absurd_tui {arguments} --dsn postgresql://127.0.0.1:1/orders >&-', sys.executable],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "absurd-tui: Standard output is closed: there is nowhere to write to.\n"


# refused by a server


@dataclass(frozen=True, slots=True)
class Refusing:
    """A server on TCP with a role that needs a password (`locked`), and one without rights and with a hostile name."""

    postgres: LocalPostgres
    port: int

    def dsn(self, database: str = "watched", user: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    @property
    def log(self) -> str:
        return (self.postgres.folder / "log").read_text(errors="replace")


def on_a_free_port(tries: int = 5) -> Refusing:
    """Start the server; another program may take the port between the look and the start."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        return Refusing(LocalPostgres(settings={"listen_addresses": "127.0.0.1", "port": str(port)}).start(), port)
    except CannotStart:
        if tries == 1:
            raise
        return on_a_free_port(tries - 1)


@pytest.fixture(scope="module")
def server() -> Iterator[Refusing]:
    refusing = on_a_free_port()
    postgres, port = refusing.postgres, refusing.port
    try:
        rules = ["host all locked 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 trust"]
        (postgres.folder / "data" / "pg_hba.conf").write_text("local all all trust\n" + "\n".join(rules) + "\n")
        asyncio.run(_furnish(f"{postgres.dsn()}&port={port}", refusing))
        yield refusing
    finally:
        postgres.stop()


async def _furnish(socket_dsn: str, server: Refusing) -> None:
    admin = await asyncpg.connect(socket_dsn)
    await admin.execute("SELECT pg_reload_conf()")
    await admin.execute("CREATE DATABASE watched")
    await admin.execute("CREATE DATABASE bare")
    await admin.execute(f"CREATE ROLE locked LOGIN PASSWORD 'not {PASSWORD}'")
    await admin.execute('CREATE ROLE "we\x1b]0;x\x07ak[/]" LOGIN')
    await admin.close()
    while "reloading configuration files" not in server.log:  # noqa: ASYNC110 - nothing else runs here
        await asyncio.sleep(0.02)
    watched = await asyncpg.connect(socket_dsn.replace("/postgres?", "/watched?"))
    await watched.execute(absurdctl.BUNDLED_SCHEMA_SQL)
    await watched.execute("SELECT absurd.create_queue('mail')")
    await watched.close()


@pytest.mark.fault(13)
def test_a_wrong_password_is_tried_once(server: Refusing) -> None:
    before = server.log.count('password authentication failed for user "locked"')
    said = refusal_in_terminal("--dsn", server.dsn(user="locked"), PGPASSWORD=PASSWORD)
    assert said == 'password authentication failed for user "locked"'
    assert server.log.count('password authentication failed for user "locked"') == before + 1


def test_a_role_that_is_not_there(server: Refusing) -> None:
    assert refusal_in_terminal("--dsn", server.dsn(user="ghost")) == 'role "ghost" does not exist'


def test_a_database_that_is_not_there(server: Refusing) -> None:
    assert refusal_in_terminal("--dsn", server.dsn("nope")) == 'database "nope" does not exist'


@pytest.mark.fault(34)
def test_a_database_without_absurd(server: Refusing) -> None:
    said = refusal_in_terminal("--dsn", server.dsn("bare"))
    where = f"-h 127.0.0.1 -p {server.port} -U postgres -d bare"
    assert said == f"There is no Absurd schema in database bare. Install it with: absurdctl init {where}"


@pytest.mark.fault(35)
def test_a_role_without_usage_is_told_the_grant(server: Refusing) -> None:
    said = refusal_in_terminal("--dsn", server.dsn(user="we%1B%5D0;x%07ak%5B%2F%5D"))
    assert said.startswith("Role we␛]0;x␇ak[/] lacks USAGE on schema absurd in database watched.")
    assert said.endswith('GRANT USAGE ON SCHEMA absurd TO "we␛]0;x␇ak[/]";')


def test_a_queue_that_is_not_there_is_refused_with_those_that_are(server: Refusing) -> None:
    said = refusal_in_terminal("--dsn", server.dsn(), "--queue", "no\x1b[31mpe[/]")
    assert said == 'There is no queue "no␛[31mpe[/]" in this database. It has: mail.'


def test_where_nobody_listens_it_stays_says_so_and_quits() -> None:
    with socket.socket() as deaf:  # it has the port, and does not listen
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        assert_it_stays_and_quits(port)


def assert_it_stays_and_quits(port: int) -> None:
    with terminal("--dsn", f"postgresql://ines@127.0.0.1:{port}/db", environ={"PGPASSWORD": PASSWORD}) as running:
        running.until_shown("LOST", f"No connection to ines@127.0.0.1:{port}/db", "Connection refused", "Attempt ")
        running.until(lambda: re.search(r"Attempt ([2-9]|[1-9]\d+) in", running.text) is not None)
        running.press("q")
        assert running.wait(QUITS_WITHIN) == 0
        running.assert_restored()
        assert running.said == []
        assert not any(piece in running.raw for piece in PIECES)


@pytest.mark.parametrize(
    ("arguments", "environ", "chosen"),
    [
        (
            [],
            {"ABSURD_DATABASE_URL": "{url}/from_url", "PGDATABASE": "from_pg", "PGHOST": "no-such.invalid"},
            "from_url",
        ),
        ([], {"PGDATABASE": "from_pg"}, "from_pg"),
        (
            ["-d", "from_option", "-H", "127.0.0.1"],
            {"ABSURD_DATABASE_URL": "{url}/from_url", "PGHOST": "no-such.invalid"},
            "from_option",
        ),
    ],
)
def test_the_database_is_found_as_absurdctl_finds_it(
    server: Refusing, arguments: list[str], environ: dict[str, str], chosen: str
) -> None:
    url = f"postgresql://postgres@127.0.0.1:{server.port}"
    here = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": "postgres"}
    given = {name: value.format(url=url) for name, value in environ.items()}
    said = refusal_in_terminal(*(part.format(url=url, port=server.port) for part in arguments), **here | given)
    assert said == f'database "{chosen}" does not exist'


def test_a_note_on_the_connection_string_is_said_before_the_dashboard(server: Refusing) -> None:
    with terminal("--dsn", server.dsn() + "?keepalives_idle=5") as running:
        running.until_shown("live", "mail")
        running.press("q")
        assert running.wait(QUITS_WITHIN) == 0
        (note,) = running.said
    assert re.match(r"absurd-tui: keepalives_idle .* is ignored", note)


def test_a_password_that_everybody_can_read_is_told_once(server: Refusing) -> None:
    with terminal("--dsn", server.dsn(user=f"postgres:{PASSWORD}")) as running:
        running.until_shown("live", "mail")
        running.press("q")
        assert running.wait(QUITS_WITHIN) == 0
        (note,) = running.said
        assert not any(piece in running.raw for piece in PIECES)
    assert note.startswith("absurd-tui: the password in the connection string can be read by everybody")


@pytest.mark.fault(44)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_ends_the_dashboard_with_the_terminal_as_it_was(server: Refusing, number: signal.Signals) -> None:
    with terminal("--dsn", server.dsn()) as running:
        running.until_shown("live", "mail")
        running.process.send_signal(number)
        assert running.wait(QUITS_WITHIN) == 128 + number
        running.assert_restored()
        assert running.said == []


@pytest.mark.fault(44)
def test_a_lost_terminal_ends_the_dashboard(server: Refusing) -> None:
    with terminal("--dsn", server.dsn()) as running:
        running.until_shown("live", "mail")
        running.hang_up()
        assert running.wait(QUITS_WITHIN) == 129


def test_a_signal_while_it_starts_leaves_no_traceback_and_a_restored_terminal(server: Refusing) -> None:
    for delay in (0.0, 0.02, 0.05):
        with terminal("--dsn", server.dsn()) as running:
            running.until_raw(b"\x1b[?1049h")
            time.sleep(delay)
            running.process.terminate()
            assert running.wait(QUITS_WITHIN) == 143
            running.assert_restored()
            assert running.said == []
