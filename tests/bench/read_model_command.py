"""`dev.py bench read-model`: what is measured, in which order, and how it is told."""

import asyncio
import os
import tempfile
from pathlib import Path

import click
from bench.read_model import (
    MANY,
    QUEUE,
    SMALL_TASKS,
    Cost,
    Watched,
    furnish,
    refreshes,
    rivals,
    server,
    watched,
    working,
)

from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.errors import CannotStart
from absurd_tui.observe.records import View
from absurd_tui.ui.browsing import HEAD_ROWS

MILLION = 1_000_000
MANY_WORKED = "queue_007"
_ROUNDS = 3


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f"bench-of-absurd-tui-{os.geteuid()}"


@click.command("read-model")
@click.option(
    "--tasks", type=click.IntRange(1_000), default=MILLION, show_default=True, help="Tasks of the large queue."
)
@click.option("--keep", type=click.Path(path_type=Path), default=_folder, help="Folder of the data, kept between runs.")
def read_model(tasks: int, keep: Path) -> None:
    """What a refresh costs the server, beside Habitat's and absurdctl's, while workers work.

    Time and pages are the server's own (pg_stat_statements); planning is in the time. What is read is what a terminal
    of 120 x 40 shows. The data take about 2 kB a task.
    """
    try:
        with server(keep) as postgres:
            _measure(postgres, tasks)
    except (CannotStart, OSError) as error:
        raise click.ClickException(str(error)) from error


def _measure(postgres: LocalPostgres, tasks: int) -> None:
    sizes = sorted({min(tasks, MILLION), tasks})
    found: dict[int, Cost] = {}
    for size in sizes:
        click.echo(f"\nA queue of {size:,} tasks, under a load of some 50 tasks a second; one refresh, mean of ten")
        dsn = asyncio.run(furnish(postgres, f"tasks_{size}", {QUEUE: size}))
        views = View(rows=HEAD_ROWS), View(QUEUE, rows=HEAD_ROWS)
        found[size], chosen = asyncio.run(refreshes(dsn, views, QUEUE))
        with working(dsn, QUEUE):
            others = asyncio.run(rivals(dsn, QUEUE, _ROUNDS))
            seen = asyncio.run(watched(dsn, View(rows=HEAD_ROWS)))
        _tell("the dashboard, all queues", found[size], found[size])
        _tell("the dashboard, this queue with its rates", chosen, found[size])
        for name, cost in others.items():
            _tell(name, cost, found[size])
        _tell_watched(seen)
    if len(sizes) == 2:
        small, large = found[sizes[0]], found[sizes[1]]
        click.echo(
            f"\nFrom {sizes[0]:,} to {sizes[1]:,} tasks: time × {large.ms / small.ms:.2f},"
            f" pages × {large.pages / small.pages:.2f}"
        )
    click.echo(f"\n{MANY} queues of {SMALL_TASKS} tasks; one refresh")
    dsn = asyncio.run(furnish(postgres, "many", {f"queue_{n:03}": SMALL_TASKS for n in range(MANY)}))
    counts, panels = asyncio.run(refreshes(dsn, (View(panels=()), View(rows=HEAD_ROWS)), MANY_WORKED))
    _tell("counts alone", counts, counts)
    _tell("with all panels", panels, counts)
    with working(dsn, MANY_WORKED):
        seen = asyncio.run(watched(dsn, View(rows=HEAD_ROWS)))
    _tell_watched(seen)


def _tell_watched(seen: Watched) -> None:
    click.echo(
        f"polling for a minute: {100 * seen.core:.2f} % of a core, {seen.memory:,.0f} MB of a backend's own,"
        f" {seen.readings} readings; {seen.waits} waits for its locks in {seen.samples} looks"
    )


def _tell(name: str, cost: Cost, ours: Cost) -> None:
    ratios = "" if cost is ours else f"  × {cost.ms / ours.ms:,.1f} in time, × {cost.pages / ours.pages:,.1f} in pages"
    click.echo(f"{name:<42}{cost.ms:>12,.2f} ms{cost.pages:>12,.0f} pages{cost.statements:>7.1f} statements{ratios}")
