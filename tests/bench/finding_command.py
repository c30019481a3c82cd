"""`dev.py bench finding`: how long it takes to find a task and to lay out a large document."""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import asyncpg
import click
from bench.read_model import MANY, QUEUE, SMALL_TASKS, furnish, server

from absurd_tui.conninfo import resolve
from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.errors import CannotStart
from absurd_tui.observe.ids import IdRange
from absurd_tui.observe.queries import table
from absurd_tui.observe.search.language import Wrong, parse
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.ui.json_document import read
from absurd_tui.ui.json_outline import inside, visible
from absurd_tui.ui.widgets.json_view import LAID_OUT_AT_ONCE

_TIMES = 20
_BACK = 0.1
"""How much of the history lies before the task that is looked for."""


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f"bench-of-absurd-tui-{os.geteuid()}"


@click.command("finding")
@click.option("--tasks", type=click.IntRange(1_000), default=1_000_000, show_default=True, help="Tasks of the queue.")
@click.option("--keep", type=click.Path(path_type=Path), default=_folder, help="Folder of the data, kept between runs.")
def finding(tasks: int, keep: Path) -> None:
    """A jump over two hundred queues, a search beside one unbounded statement, and a document of 5 MB."""
    try:
        with server(keep) as postgres:
            asyncio.run(_jumps(postgres))
            asyncio.run(_searches(postgres, tasks))
    except (CannotStart, OSError) as error:
        raise click.ClickException(str(error)) from error
    _document()


async def _jumps(postgres: LocalPostgres) -> None:
    dsn = await furnish(postgres, "many", {f"queue_{n:03}": SMALL_TASKS for n in range(MANY)})
    connection = await asyncpg.connect(dsn)
    ids = [
        row[0] for row in await connection.fetch(f"select task_id from {table('t', 'queue_177')} limit {_TIMES + 1}")
    ]
    await connection.close()
    source = DatabaseSource(resolve(dsn, environ={}))
    took: list[float] = []
    for id in ids:
        began = time.monotonic()
        assert len((await source.find_ids([IdRange(id, id)])).tasks) == 1
        took.append(time.monotonic() - began)
    source.close()
    _tell(f"a jump over {MANY} queues", took[1:])


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


def _document() -> None:
    text = json.dumps([{"id": number, "name": f"charge {number}", "paid": True} for number in range(100_000)])
    began = time.monotonic()
    read(text[:LAID_OUT_AT_ONCE])
    page = time.monotonic() - began
    laid_out = read(text)
    whole = time.monotonic() - began - page
    assert laid_out.outline is not None
    began = time.monotonic()
    visible(len(laid_out.lines), laid_out.outline, set(inside(laid_out.outline)))
    _tell(f"first page of {len(text) / 1e6:.1f} MB of JSON", [page])
    _tell("all of it laid out, in its thread", [whole])
    _tell("all of it folded", [time.monotonic() - began])


def _tell(what: str, seconds: Sequence[float]) -> None:
    click.echo(f"{what:<42}{1000 * median(seconds):>12,.1f} ms")
