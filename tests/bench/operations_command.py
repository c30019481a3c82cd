"""`dev.py bench operations`: what is measured, in which order, and how it is told."""

import click
from bench.operations import RATE, STATES, by_bulk, by_executemany, make
from bench.pairs import compare, in_turns
from bench.table import heading, row

from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.errors import CannotStart
from absurd_tui.units import plural


@click.command()
@click.option("--tasks", type=click.IntRange(1), default=10_000, show_default=True, help="Tasks of one run.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Rounds, after one to warm up.")
def operations(tasks: int, rounds: int) -> None:
    """What it takes to cancel and to retry many tasks, beside the same calls by executemany.

    In bulk each task is locked, compared, read back and recorded; executemany calls, a hundred in a transaction, and
    knows nothing afterwards. Both take turns on one server, in one run.
    """
    try:
        with LocalPostgres() as postgres:
            dsn = make(postgres)
            click.echo(f"{tasks:,} tasks a run, {plural(rounds, 'round')}; more is better")
            click.echo(heading("in bulk", "executemany"))
            for act in STATES:
                found = in_turns(
                    [lambda act=act: by_bulk(dsn, act, tasks), lambda act=act: by_executemany(dsn, act, tasks)],  # type: ignore[misc]
                    rounds,
                )
                compared = compare([(ours[RATE], theirs[RATE]) for ours, theirs in found])
                click.echo(row(f"{act} of a task", "1/s", compared))
    except (CannotStart, AssertionError) as error:
        raise click.ClickException(str(error)) from error
