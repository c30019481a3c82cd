"""Reads the dashboard's snapshot: the only thing that runs its statements."""

import time
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from absurd_tui.database.session import Session
from absurd_tui.errors import CannotStart
from absurd_tui.observe import queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.branches import Row
from absurd_tui.observe.census import Census
from absurd_tui.observe.listing import Listing
from absurd_tui.observe.panels import Panels
from absurd_tui.observe.records import PanelReading, Server, Snapshot, View


class Reader:
    """Reads snapshots over one session. Its parts remember only what makes the next reading truer or cheaper."""

    def __init__(self, session: Session, address: str) -> None:
        self._asking = Asking(session)
        self._address = address
        self._listing = Listing(self._asking)
        self._census = Census(self._asking)
        self._panels = Panels(self._asking)
        self._server: Server | None = None

    async def open(self) -> Server:
        """Connect, and learn whom we are talking to. Raises CannotStart where there is no readable Absurd."""
        await self._asking.open()
        row = (await self._asking.fetch(queries.PROBE))[0]
        _require_absurd(row)
        self._asking.role = row["role"]
        self._listing.has_modes = row["has_modes"]
        version = (await self._asking.fetch(queries.ABSURD_VERSION))[0]["version"] if row["has_version"] else None
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
        self._asking.spent = 0.0
        listed, now = await self._listing.read()
        taken = time.monotonic()
        readings = await self._census.read(listed)
        counted = {reading.name for reading in readings if reading.counts is not None}
        chosen = [queue for queue in listed if view.queue in (None, queue.name) and queue.name in counted]
        panels = [await self._panels.read(state, chosen, readings, view, now) for state in view.panels]
        return Snapshot(
            server=self._server,
            view=view,
            now=now,
            taken=taken,
            cost=self._asking.spent,
            queues=readings,
            panels=_once(panels),
        )


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


def _once(panels: Sequence[PanelReading]) -> tuple[PanelReading, ...]:
    """Show a task that moved between two statements only where it was seen last."""
    kept: list[PanelReading] = []
    later: set[tuple[str, UUID]] = set()
    for panel in reversed(panels):
        rows = tuple(row for row in panel.rows if row.is_retried or row.key not in later)
        later.update(row.key for row in rows if not row.is_retried)
        kept.append(replace(panel, rows=rows))
    return tuple(reversed(kept))
