"""The command: what is measured, in which order, and how it is told."""

import os
import platform
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import click
from bench import idle, keys, start
from bench.finding_command import finding
from bench.operations_command import operations
from bench.pairs import Measured, compare, in_turns, spread
from bench.read_model_command import read_model
from bench.stage import Databases, databases
from bench.table import heading, row, row_of_one

from absurd_tui.errors import CannotStart
from absurd_tui.units import plural

KEY_ROWS = ((keys.DOWN, "ms"), (keys.PAGE, "ms"), (keys.SLOWEST, "ms"), (keys.CPU, "ms"), (keys.MEMORY, "MB"))
START_ROWS = ((start.FIRST_FRAME, "ms"), (start.FIRST_DATA, "ms"), (start.CPU, "ms"), (start.MEMORY, "MB"))
IDLE_ROWS = ((idle.CPU, "s"), (idle.MEMORY, "MB"))


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: `pairs` rounds, `presses` of each key a run, `idle` seconds for the idle minute."""

    pairs: int
    rows: int
    presses: int
    idle: float


@click.group(invoke_without_command=True)
@click.option("--pairs", type=click.IntRange(1), default=5, show_default=True, help="Rounds, after one to warm up.")
@click.option("--quick", is_flag=True, help="Fewer presses, and 10 s for the idle minute.")
@click.option("--rows", type=click.IntRange(100, 99_999), default=10_000, show_default=True, help="Rows of the tables.")
@click.pass_context
def bench(context: click.Context, pairs: int, quick: bool, rows: int) -> None:
    """Measure the dashboard beside other Textual programs, in turns, in one run: some ten minutes.

    A cell is a median with the least and the greatest; the ratio is that of the medians, with the least and the
    greatest of a single round. Nothing is held to a bound.
    """
    if sys.platform != "linux":
        raise click.ClickException("CPU time and memory of other programs are read from Linux; this is another system.")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)  # what was started is ended too
    if context.invoked_subcommand is not None:
        return
    sizes = Sizes(pairs, rows, presses=5 if quick else 20, idle=10.0 if quick else 60.0)
    click.echo(f"{platform.python_implementation()} {platform.python_version()}, 120×40, {plural(pairs, 'round')}")
    _tell_load()
    try:
        with databases(rows) as made:
            _start(made, sizes)
            _keys(made, sizes)
            _idle(made, sizes)
        _tell_load()
    except (CannotStart, TimeoutError) as error:
        raise click.ClickException(str(error)) from error


bench.add_command(read_model)
bench.add_command(operations)
bench.add_command(finding)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _tell_load() -> None:
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    click.echo(f"{plural(os.cpu_count() or 1, 'processor')}; load over 1, 5 and 15 minutes: {busy}")


def _start(made: Databases, sizes: Sizes) -> None:
    click.echo("\nStart. The bare app is one Static; its first frame has all it shows.")
    rounds = in_turns([lambda: start.start_dashboard(made.idle), start.start_bare], sizes.pairs)
    _tell("dashboard", "bare app", START_ROWS, [(ours, bare) for ours, bare in rounds])


def _keys(made: Databases, sizes: Sizes) -> None:
    click.echo(
        f"\nKeys, while every row changes every second. DataTable holds {sizes.rows:,} rows in memory and updates one"
        f" cell of each;\nthe dashboard is on a real queue of {sizes.rows:,} claimed tasks, of which its panel reads a"
        f" page at a time.\nThen table against table: the dashboard's own, alone, holding the same {sizes.rows:,} rows."
    )
    rounds = in_turns(
        [
            lambda: keys.press_in_dashboard(made.large, sizes.presses),
            lambda: keys.press_in_table("record_table", sizes.rows, sizes.presses),
            lambda: keys.press_in_table("data_table", sizes.rows, sizes.presses),
        ],
        sizes.pairs,
    )
    _tell("dashboard", "DataTable", KEY_ROWS, [(ours, theirs) for ours, _, theirs in rounds])
    _tell("our table alone", "DataTable", KEY_ROWS, [(table, theirs) for _, table, theirs in rounds])


def _idle(made: Databases, sizes: Sizes) -> None:
    measured = f"{sizes.idle:g} s, scaled to a minute" if sizes.idle != idle.MINUTE else "60 s"
    click.echo(f"\nAn idle minute, both in the same one ({measured}). The dashboard reads once a second.")
    rounds = list(idle.idle_minutes(made.idle, sizes.pairs, sizes.idle))
    _tell("dashboard", "bare app", IDLE_ROWS, rounds)
    served = [value for ours, _ in rounds for value in ours[idle.SERVER_CPU]]
    click.echo(row_of_one(idle.SERVER_CPU, "s", spread(served)))


def _tell(ours: str, theirs: str, rows: Sequence[tuple[str, str]], rounds: Sequence[tuple[Measured, Measured]]) -> None:
    click.echo(heading(ours, theirs))
    for quantity, unit in rows:
        compared = compare([(mine[quantity], other[quantity]) for mine, other in rounds])
        click.echo(row(quantity, unit, compared))
