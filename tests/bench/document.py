"""A document of five megabytes: read, opened, laid out, folded and scrolled, and how long nothing else got its turn."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from bench.read_model import furnish
from json_app import opened, shown

from absurd_tui.conninfo import resolve
from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.observe.task_records import PARAMS

ROWS = 100_000
LINES = 5 * ROWS + 2
"""Of the document once it is laid out."""

_QUEUE, _NAME = "documents", "charges"
_PAGES = (*[-1] * 10, *[1] * 10)
GIVES_UP_AFTER = 120.0
"""Seconds after which a document that does not come is an error."""

_BEATS_EVERY = 0.002


@dataclass
class Beat:
    """Something that wants its turn all the time; `longest` is how long it did not get it."""

    longest: float = 0.0

    async def run(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(_BEATS_EVERY)
            self.longest = max(self.longest, time.monotonic() - before - _BEATS_EVERY)


async def stored(postgres: LocalPostgres) -> tuple[str, UUID]:
    """The connection string of a database with a task whose params are the document, and that task."""
    dsn = await furnish(postgres, "documents", {_QUEUE: 0})
    connection = await asyncpg.connect(dsn)
    task_id = await connection.fetchval(f"select task_id from absurd.t_{_QUEUE} where task_name = $1", _NAME)
    if task_id is None:
        rows = json.dumps([{"id": number, "name": f"charge {number}", "paid": True} for number in range(ROWS)])
        task_id = await connection.fetchval("select task_id from absurd.spawn_task($1, $2, $3)", _QUEUE, _NAME, rows)
    await connection.close()
    return dsn, task_id


async def measured(postgres: LocalPostgres) -> Mapping[str, float]:
    """Give in seconds what it takes to read it and to look at it."""
    dsn, task_id = await stored(postgres)
    source = DatabaseSource(resolve(dsn, environ={}))
    await source.task(_QUEUE, task_id)
    began = time.monotonic()
    document = await source.document(_QUEUE, task_id, PARAMS)
    taken = time.monotonic() - began
    source.close()
    assert document is not None
    assert document.text is not None
    return {f"{len(document.text) / 1e6:.1f} MB of JSON read": taken, **await _looked_at(document.text)}


async def _looked_at(text: str) -> Mapping[str, float]:
    told: dict[str, float] = {}
    beat = Beat()
    async with asyncio.timeout(GIVES_UP_AFTER), opened(None) as (view, pilot):
        await pilot.pause()
        beating = asyncio.create_task(beat.run())
        await asyncio.sleep(10 * _BEATS_EVERY)
        beat.longest = 0.0

        began = time.monotonic()
        view.show(text)
        assert shown(view)[1] == "  {"
        told["its first page painted"] = time.monotonic() - began
        while view.virtual_size.height < LINES:  # noqa: ASYNC110 - the view tells of it in no other way
            await asyncio.sleep(_BEATS_EVERY)
        told["all of it laid out, in its thread"] = time.monotonic() - began

        began = time.monotonic()
        view.action_fold_all()
        while "lines …" not in shown(view)[1]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(_BEATS_EVERY)
        told["all of it folded and painted"] = time.monotonic() - began
        view.action_unfold_all()

        view.action_last()
        began = time.monotonic()
        for by in _PAGES:
            view.action_page(by)
            shown(view)
            await asyncio.sleep(0)
        told["a page further, painted"] = (time.monotonic() - began) / len(_PAGES)
        beating.cancel()
    return {**told, "longest stall of all that": beat.longest}
