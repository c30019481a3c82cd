"""`dev.py bench finding`: how long it takes to find a task and to lay out a large document."""

import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import asyncpg
import click
from bench import document
from bench.read_model import MANY, QUEUE, SMALL_TASKS, furnish, server

from absurd_tui.conninfo import resolve
from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.errors import CannotStart
from absurd_tui.observe.ids import IdRange
from absurd_tui.observe.queries import table
from absurd_tui.observe.search.language import Wrong, parse
from absurd_tui.observe.source import DatabaseSource

_TIMES = 20
_BACK = 0.1
"""How much of the history lies before the task that is looked for."""


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f"bench-of-absurd-tui-{os.geteuid()}"


@click.command("finding")
@click.option("--tasks", type=click.IntRange(1_000), default=1_000_000, show_default=True, help="Tasks of the queue.")
@click.option("--queues", type=click.IntRange(1, 500), default=MANY, show_default=True, help="Queues jumped over.")
@click.option("--keep", type=click.Path(path_type=Path), default=_folder, help="Folder of the data, kept between runs.")
def finding(tasks: int, queues: int, keep: Path) -> None:
    """A jump over many queues, a search beside one unbounded statement, and a document of 5 MB."""
    try:
        with server(keep) as postgres:
            asyncio.run(_jumps(postgres, queues))
            asyncio.run(_searches(postgres, tasks))
            asyncio.run(_document(postgres))
    except (CannotStart, OSError) as error:
        raise click.ClickException(str(error)) from error


async def _jumps(postgres: LocalPostgres, queues: int) -> None:
    name = "many" if queues == MANY else f"many_{queues}"
    dsn = await furnish(postgres, name, {f"queue_{n:03}": SMALL_TASKS for n in range(queues)})
    connection = await asyncpg.connect(dsn)
    last = table("t", f"queue_{queues - 1:03}")
    ids = [row[0] for row in await connection.fetch(f"select task_id from {last} limit {_TIMES + 1}")]
    await connection.close()
    source = DatabaseSource(resolve(dsn, environ={}))
    took: list[float] = []
    for id in ids:
        began = time.monotonic()
        assert len((await source.find_ids([IdRange(id, id)])).tasks) == 1
        took.append(time.monotonic() - began)
    source.close()
    _tell(f"a jump over {queues} queues", took[1:])


async def _searches(postgres: LocalPostgres, tasks: int) -> None:
    dsn = await furnish(postgres, f"tasks_{tasks}", {QUEUE: tasks})
    wanted = parse(f"params.order_id:{int(tasks * (1 - _BACK))}")
    assert not isinstance(wanted, Wrong)
    source = DatabaseSource(resolve(dsn, environ={}))
    began, longest, before = time.monotonic(), 0.0, time.monotonic()
    async for progress in source.search(wanted, time.time()):
        longest, before = max(longest, time.monotonic() - before), time.monotonic()
        if progress.found:
            break
    first = time.monotonic() - began
    source.close()
    connection = await asyncpg.connect(dsn)
    began = time.monotonic()
    found = await connection.fetch(
        f"select task_id from {table('t', QUEUE)} where params #>> '{{order_id}}' = $1", str(int(tasks * (1 - _BACK)))
    )
    unbounded = time.monotonic() - began
    await connection.close()
    assert len(found) == 1
    _tell(f"first match, {_BACK:.0%} of {tasks:,} tasks back", [first])
    _tell("longest step of it, with its pause", [longest])
    _tell("one unbounded statement", [unbounded])


async def _document(postgres: LocalPostgres) -> None:
    for what, seconds in (await document.measured(postgres)).items():
        _tell(what, [seconds])


def _tell(what: str, seconds: Sequence[float]) -> None:
    click.echo(f"{what:<42}{1000 * median(seconds):>12,.1f} ms")
