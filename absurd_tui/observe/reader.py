"""Reads the dashboard's snapshot: the only thing that runs its statements."""

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from absurd_tui.database.session import Session
from absurd_tui.errors import CannotStart
from absurd_tui.observe import queries
from absurd_tui.observe.branches import MAX_QUEUES, Gathered, ListedQueue, Row, gather, no_right
from absurd_tui.observe.finished import Departed
from absurd_tui.observe.leases import Leases
from absurd_tui.observe.records import (
    PanelReading,
    QueueReading,
    Refusal,
    Server,
    Snapshot,
    State,
    TaskRow,
    View,
)
from absurd_tui.observe.resting import Resting
from absurd_tui.observe.rows import natural_order, queue_reading, task_row

_DONE_MINUTES = 30
_DONE_EVERY = 15.0
_ENDED = (State.COMPLETED, State.FAILED)


class Reader:
    """Reads snapshots over one session. Remembers only what makes the next reading truer or cheaper."""

    def __init__(self, session: Session, address: str) -> None:
        self._session = session
        self._address = address
        self._departed = Departed()
        self._leases = Leases()
        self._resting = Resting()
        self._done: dict[str, tuple[int | None, ...]] = {}
        self._done_at = 0.0
        self._has_modes = True
        self._server: Server | None = None
        self._cost = 0.0

    async def open(self) -> Server:
        """Connect, and learn whom we are talking to. Raises CannotStart where there is no readable Absurd."""
        await self._session.open()
        row = (await self._session.fetch(queries.PROBE))[0]
        _require_absurd(row)
        self._has_modes = row["has_modes"]
        version = (await self._session.fetch(queries.ABSURD_VERSION))[0]["version"] if row["has_version"] else None
        self._server = Server(
            address=self._address,
            database=row["database"],
            role=row["role"],
            is_superuser=row["is_superuser"],
            is_standby=row["is_standby"],
            version=row["version"],
            absurd_version=version,
            fake_now=row["fake_now"],
        )
        return self._server

    async def snapshot(self, view: View) -> Snapshot:
        """Read what a view asks for. Raises only what ends the connection; a queue's refusal is in the snapshot."""
        if self._server is None:
            raise RuntimeError("a reader is opened before it reads")
        self._cost = 0.0
        listed, now = await self._list(self._server.role)
        taken = time.monotonic()
        readings = await self._counts(listed)
        counted = {reading.name for reading in readings if reading.counts is not None}
        chosen = [queue for queue in listed if view.queue in (None, queue.name) and queue.name in counted]
        panels = [await self._panel(state, chosen, readings, view, now) for state in view.panels]
        return Snapshot(
            server=self._server,
            view=view,
            now=now,
            taken=taken,
            cost=self._cost,
            queues=readings,
            panels=_once(panels),
        )

    async def _fetch(self, statement: str, *arguments: Any) -> Sequence[Row]:
        begun = time.monotonic()
        try:
            return await self._session.fetch(statement, *arguments)
        finally:
            self._cost += time.monotonic() - begun

    async def _list(self, role: str) -> tuple[list[ListedQueue], float]:
        rows = await self._fetch(queries.queue_list(has_modes=self._has_modes))
        now = rows[0]["now"] if rows else (await self._fetch(queries.NOW))[0]["now"]
        listed = [_listed(row, role) for row in rows]
        return [replace(queue, refusal=queue.refusal or self._resting.refusal(queue.name)) for queue in listed], now

    async def _counts(self, listed: Sequence[ListedQueue]) -> tuple[QueueReading, ...]:
        readable = [queue for queue in listed if queue.refusal is None]
        found = await self._gather(readable, lambda position, queue: queries.counts_branch(position, queue.name))
        if time.monotonic() - self._done_at > _DONE_EVERY or not self._done.keys() >= {q.name for q in readable}:
            await self._read_done([queue for queue in readable if queue.name in found.rows])
        refused = dict(found.refused)
        return tuple(
            queue_reading(
                queue,
                found.rows[queue.name][0] if queue.name in found.rows else None,
                queue.refusal or refused.get(queue.name),
                self._done.get(queue.name, ()),
            )
            for queue in listed
        )

    async def _read_done(self, readable: Sequence[ListedQueue]) -> None:
        found = await self._gather(readable, lambda position, queue: queries.done_branch(position, queue.name))
        self._done = {queue.name: _cells(found.rows.get(queue.name, ())) for queue in readable}
        self._done_at = time.monotonic()

    async def _panel(
        self, state: State, chosen: Sequence[ListedQueue], readings: Sequence[QueueReading], view: View, now: float
    ) -> PanelReading:
        have = {r.name for r in readings if r.counts is not None and r.counts.of(state).value}
        asked = _worth_asking(chosen, have)

        def branch(position: int, queue: ListedQueue) -> str:
            if state is State.FAILED and view.with_retried:
                return queries.failed_runs_branch(position, queue.name, rows=view.rows)
            return queries.panel_branch(
                position, queue.name, state, rows=view.rows, may_checkpoints=queue.may_checkpoints
            )

        found = await self._gather(asked, branch)
        rows = {row.run_key: row for row in _task_rows(found, state)}
        is_by_claim = state in _ENDED and any(len(batch) >= view.rows for batch in found.rows.values())
        if state is State.RUNNING:
            refused = dict(found.refused)
            read = (queue.name for queue in chosen if queue.name not in refused)
            self._departed.see(((row.queue, row.run_id) for row in rows.values()), read)
            rows = {row.run_key: row for row in self._leases.see(rows.values(), now)}
        if state in _ENDED:
            for row in await self._finished(state, chosen):
                rows.setdefault(row.run_key, row)
        ordered = sorted(rows.values(), key=lambda row: natural_order(state, row))
        return PanelReading(state, tuple(ordered[: view.rows]), is_by_claim, found.refused)

    async def _finished(self, state: State, chosen: Sequence[ListedQueue]) -> list[TaskRow]:
        left = self._departed.by_queue()
        run_ids: list[UUID] = [run_id for queue in chosen for run_id in left.get(queue.name, ())]
        if not run_ids:
            return []
        asked = _worth_asking(chosen, left.keys())

        def branch(position: int, queue: ListedQueue) -> str:
            return queries.finished_branch(position, queue.name, state)

        return _task_rows(await self._gather(asked, branch, run_ids), state)

    async def _gather(self, asked: Sequence[ListedQueue], branch: Any, *arguments: object) -> Gathered:
        role = self._server.role if self._server else ""
        found = await gather(self._fetch, asked, branch, *arguments, role=role)
        for name, refusal in found.refused:
            self._resting.rest(name, refusal)
        return found


def _require_absurd(row: Row) -> None:
    database, role = row["database"], row["role"]
    if not row["has_schema"]:
        raise CannotStart(
            f"There is no Absurd schema in database {database}. Install it with: absurdctl init -d {database}"
        )
    if not row["has_usage"]:
        raise CannotStart(
            f"Role {role} lacks USAGE on schema absurd in database {database}."
            f" A database owner can allow it: GRANT USAGE ON SCHEMA absurd TO {queries.quoted(role)};"
        )
    if not row["has_queues"]:
        raise CannotStart(
            f"The schema absurd in database {database} has no table queues."
            f" Install or finish it with: absurdctl init -d {database}"
        )
    if not row["may_list"]:
        raise CannotStart(
            f"Role {role} may not read absurd.queues in database {database}."
            f" A database owner can allow it: GRANT SELECT ON absurd.queues TO {queries.quoted(role)};"
        )


def _worth_asking(chosen: Sequence[ListedQueue], have: Collection[str]) -> Sequence[ListedQueue]:
    """Few queues are asked all, because a statement whose text stays the same is planned once."""
    if len(chosen) <= MAX_QUEUES:
        return chosen
    return [queue for queue in chosen if queue.name in have]


def _listed(row: Row, role: str) -> ListedQueue:
    refusal = None
    if not row["has_tables"]:
        refusal = Refusal("its tables are missing")
    elif not (row["may_tasks"] and row["may_runs"]):
        refusal = no_right(row["name"], role)
    return ListedQueue(row["name"], row["storage_mode"], row["partitions"], row["may_checkpoints"], refusal)


def _cells(rows: Sequence[Row]) -> tuple[int | None, ...]:
    counted = {row["ago"]: row["done"] for row in rows}
    complete = sum(counted.values()) < 2 * queries.LIVE_CAP
    oldest = max(counted, default=0)
    return tuple(counted.get(ago, 0) if complete or ago < oldest else None for ago in range(_DONE_MINUTES - 1, -1, -1))


def _task_rows(found: Gathered, state: State) -> list[TaskRow]:
    return [task_row(queue, state, row) for queue, rows in found.rows.items() for row in rows]


def _once(panels: Sequence[PanelReading]) -> tuple[PanelReading, ...]:
    """Show a task that moved between two statements only where it was seen last."""
    kept: list[PanelReading] = []
    later: set[tuple[str, UUID]] = set()
    for panel in reversed(panels):
        rows = tuple(row for row in panel.rows if row.is_retried or row.key not in later)
        later.update(row.key for row in rows if not row.is_retried)
        kept.append(replace(panel, rows=rows))
    return tuple(reversed(kept))
