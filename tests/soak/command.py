"""The command: how long, from which seed, and how it is told."""

import os
import signal
import sys
import time
from statistics import median
from types import FrameType
from typing import NoReturn

import click
from soak.health import Unwell
from soak.run import Soak, Summary
from soak.stage import stage
from terminal import terminal

from absurd_tui.errors import CannotStart

WORKERS = 2
SIZE = (160, 50)
DECIDED_BY_USER = ("PG", "ABSURD_", "TEXTUAL_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
KEPT = "ABSURD_TUI_PG_BIN"


@click.command()
@click.option("--minutes", type=click.FloatRange(0.1), default=10.0, show_default=True, help="How long.")
@click.option("--seed", type=int, default=None, help="Which misfortunes and keys; another one each time if not given.")
def soak(minutes: float, seed: int | None) -> None:
    """Run the dashboard on a real system while one misfortune after the other befalls it, and compare what it shows.

    The server is stopped, killed, silenced, cut off and paused; tables are altered, locked, flooded and dropped; keys
    are pressed at random. What the screen claims is compared with every change that the database noted. The exit code
    is 1 where the screen was wrong, or a promise about memory, connections, files, bytes or leaving was broken.
    """
    if sys.platform != "linux":
        raise click.ClickException("The program is watched through Linux's /proc; this is another system.")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)  # what was started is ended too
    for name in [name for name in os.environ if name.startswith(DECIDED_BY_USER) and name != KEPT]:
        del os.environ[name]
    seed = time.time_ns() % 100_000 if seed is None else seed
    click.echo(f"seed {seed}, {minutes:g} min")
    began = time.monotonic()

    def tell(text: str) -> None:
        click.echo(f"{time.strftime('%H:%M:%S')} {time.monotonic() - began:6.1f} s  {text}")

    try:
        with stage(WORKERS) as made, terminal("--dsn", made.dsn, size=SIZE, has_colours=True) as shown:
            try:
                summary = Soak(made, shown, seed, tell).run(minutes * 60)
            except (Unwell, AssertionError) as error:
                click.echo(f"\nFAILED with seed {seed}: {error}\n\n{shown.text}")
                sys.exit(1)
    except CannotStart as error:
        raise click.ClickException(str(error)) from None
    click.echo(_told(summary))


def _told(summary: Summary) -> str:
    compared = summary.compared
    return (
        f"\n{compared.readings} readings compared: {compared.rows} rows, {compared.counts} counts, 0 mismatches; "
        f"what was shown might be {median(compared.allowed or [0.0]):.1f} s old (the median)\n"
        f"at most {summary.most_memory:.0f} MB, {summary.most_backends} backends, {summary.most_handles} open files; "
        f"{summary.processor:.0%} of a processor; left within {summary.quit:.1f} s"
    )


def _leave(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
