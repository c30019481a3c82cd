"""Reads how queues are stored and kept up."""

import json
import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from absurd_tui.database.faults import Fault, classify
from absurd_tui.observe import storage_queries
from absurd_tui.observe.branches import Asked, Fetch, Gathered, Question, Row, refusal
from absurd_tui.observe.cron_reader import read_cron
from absurd_tui.observe.lock_holders import with_holder
from absurd_tui.observe.queue_facts import policy_of
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.storage import (
    DAY,
    Kept,
    Partitions,
    QueueStorage,
    Spawned,
    StorageReading,
    TableSize,
    spawned_at,
)
from absurd_tui.observe.tables import Found, read_tables
from absurd_tui.observe.totals import lowest_id

NEWEST, LEAST_NEWEST = 20_000, 200
"""How many of the newest ids of a queue are counted, together with others, and of each of many at least."""

_BOUND = re.compile(r"FROM \('([0-9a-f-]{36})'(?:::uuid)?\) TO \('([0-9a-f-]{36})'(?:::uuid)?\)")


async def read_storage(fetch: Fetch) -> StorageReading:
    """Read all queues."""
    found = await read_tables(fetch, None, "tr")
    stored = await fetch(storage_queries.STORED)
    named = [row for row in stored if row["is_text"]]
    sizes, refused = await _sizes(fetch, [row["name"] for row in named], found)
    partitioned = [row["name"] for row in named if json.loads(row["stored"]).get("storage_mode") == "partitioned"]
    bounds = await _bounds(fetch, partitioned)
    ends = await _ends(fetch, found, {name: _gaps(bounds.get(name, {}).get("t", ())) for name in partitioned})
    barred = {**dict(found.refused), **dict(ends.refused)}
    queues = []
    for row in stored:
        name = row["name"]
        refusals = tuple(dict.fromkeys(why for why in (barred.get(name), refused.get(name)) if why is not None))
        queues.append(_queue(row, sizes.get(name), ends.rows.get(name, ()), bounds.get(name), refusals, found.now))
    unread = {queue.name: queue.refusals[0] for queue in queues if queue.refusals}
    return StorageReading(found.now, tuple(queues), await read_cron(fetch), tuple(unread.items()), found.veiled)


async def _sizes(
    fetch: Fetch, names: Sequence[str], found: Found
) -> tuple[Mapping[str, tuple[TableSize, ...]], Mapping[str, Refusal]]:
    """Measure queues, all in one statement; where one is locked, in halves until it stands alone."""
    sizes: dict[str, list[TableSize]] = {}
    refused: dict[str, Refusal] = {}
    waiting: list[Sequence[str]] = [names] if names else []
    while waiting:
        some = waiting.pop(0)
        try:
            rows = await fetch(storage_queries.SIZES, list(some))
        except Exception as error:
            if classify(error) in (Fault.RECONNECT, Fault.RETRY_ONCE):
                raise
            if len(some) > 1:
                waiting[:0] = [some[: len(some) // 2], some[len(some) // 2 :]]
            else:
                refused[some[0]] = refusal(await with_holder(error, some[0], fetch), some[0], "")
            continue
        for row in rows:
            size = TableSize(row["letter"], row["bytes"] or 0, row["live"] or 0, row["dead"] or 0)
            sizes.setdefault(row["name"], []).append(size)
    return {name: tuple(tables) for name, tables in sizes.items()}, refused


async def _bounds(fetch: Fetch, names: Sequence[str]) -> Mapping[str, Mapping[str, list[str]]]:
    bounds: dict[str, dict[str, list[str]]] = {name: {} for name in names}
    for row in await fetch(storage_queries.PARTITIONS, list(names)) if names else ():
        bounds.setdefault(row["name"], {}).setdefault(row["letter"], []).append(row["bound"])
    return bounds


def _gaps(bounds: Sequence[str]) -> storage_queries.Gaps:
    """Give the ids that none of these partitions is for."""
    ranges = sorted((UUID(match[1]), UUID(match[2])) for bound in bounds if (match := _BOUND.search(bound)))
    if not ranges:
        return ()
    edges = [None, *(edge for pair in ranges for edge in pair), None]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((lower, upper) for lower, upper in pairs if lower is None or lower != upper)


async def _ends(fetch: Fetch, found: Found, gaps: Mapping[str, storage_queries.Gaps]) -> Gathered:
    newest = max(LEAST_NEWEST, NEWEST // max(1, len(found.readable)))
    seeing = {tables.name for tables in found.readable if "e" in tables.readable}

    def branch(position: int, queue: str, _: None) -> str:
        return storage_queries.kept_branch(
            position, queue, newest=newest, events=queue in seeing, gaps=gaps.get(queue, ())
        )

    role = next((tables.role for tables in found.readable), "")
    asked: Asked[None] = Asked(fetch=fetch, branch=branch, role=role, arguments=[lowest_id(found.now - DAY)])
    answer = await asked.gather([Question(tables.listed, None) for tables in found.readable])
    return answer.get(None, Gathered({}, ()))


def _queue(
    row: Row,
    tables: tuple[TableSize, ...] | None,
    ends: Sequence[Row],
    bounds: Mapping[str, list[str]] | None,
    refusals: tuple[Refusal, ...],
    now: float,
) -> QueueStorage:
    stored = json.loads(row["stored"])
    end = next(iter(ends), None)
    return QueueStorage(
        name=row["name"],
        created_at=row["created_at"],
        storage_mode=stored.get("storage_mode", "unpartitioned"),
        policy=policy_of(stored),
        ttl=row["ttl"],
        tables=tables,
        spawned=_spawned(end, row["created_at"], now) if end is not None else None,
        kept=Kept(end["looked_at"], end["task_ended_at"], end["event_at"]) if end is not None else None,
        partitions=_partitions(bounds, end) if bounds is not None else None,
        refusals=refusals,
    )


def _spawned(end: Row, created_at: float, now: float) -> Spawned:
    """Count over the last day, over the life of a younger queue, or since the oldest id that was counted."""
    number = end["spawned"]
    life = max(0.0, min(DAY, now - created_at))
    return Spawned(number, max(0.0, min(life, now - spawned_at(end["first"]))) if end["is_cut"] else life)


def _partitions(bounds: Mapping[str, Sequence[str]], end: Row | None) -> Partitions:
    uppers = [[upper for bound in some if (upper := _upper(bound)) is not None] for some in bounds.values()]
    untils = [max(some, default=0.0) for some in uppers]
    stray = end["stray"] if end is not None else None
    cap = storage_queries.STRAY_CAP
    return Partitions(
        number=sum(_upper(bound) is not None for bound in bounds.get("t", ())),
        until=min(untils, default=None) or None,
        has_default=any(bound == "DEFAULT" for bound in bounds.get("t", ())),
        stray=min(stray, cap) if stray is not None else None,
        is_stray_capped=stray is not None and stray > cap,
    )


def _upper(bound: str) -> float | None:
    match = _BOUND.search(bound)
    return spawned_at(UUID(match[2])) if match else None
