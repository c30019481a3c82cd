"""Reads the dashboard's snapshot: the only thing that runs its statements."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any
from uuid import UUID

from absurd_tui.database.session import Session
from absurd_tui.errors import CannotStart
from absurd_tui.observe import queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.beats import Beats, Moment
from absurd_tui.observe.branches import ListedQueue, Row
from absurd_tui.observe.census import Census
from absurd_tui.observe.examining import Examining
from absurd_tui.observe.floors import Floors
from absurd_tui.observe.identifiers import identifier
from absurd_tui.observe.listing import Listing
from absurd_tui.observe.panels import Panels
from absurd_tui.observe.parts import Part
from absurd_tui.observe.rates import Rates
from absurd_tui.observe.records import PanelReading, QueueReading, ReadAt, Server, Snapshot, View
from absurd_tui.observe.versions import read_version

_YOUNG = 1.0
_SHARE = 50
"""A reading is young for at least a second, and for so many times what it cost."""


class Reader:
    """Reads snapshots over one session. Its parts remember only what makes the next reading truer or cheaper."""

    def __init__(self, session: Session, address: str) -> None:
        self._asking = Asking(session)
        self._address = address
        self._target = session.spec.target
        self._beats = Beats(self._asking.account)
        self._listing = Listing(self._asking, self._beats)
        floors = Floors()
        self._census = Census(self._asking, self._beats, floors)
        self._examining = Examining(self._asking, self._beats)
        self._panels = Panels(self._asking, floors)
        self._rates = Rates(self._asking, self._beats)
        self._server: Server | None = None
        self._last: Snapshot | None = None
        self._chosen: Sequence[ListedQueue] = ()

    async def open(self) -> Server:
        """Connect, and learn whom we are talking to. Raises CannotStart where there is no readable Absurd."""
        self._last = None
        self._beats.begin_anew()
        await self._asking.open()
        self._census.forget_totals()
        self._examining.forget()
        row = (await self._asking.fetch(queries.PROBE))[0]
        _require_absurd(row, self._target)
        self._asking.role = row["role"]
        self._listing.has_modes = row["has_modes"]
        await self._listing.begin_anew()
        version = await read_version(self._asking.fetch) if row["has_version"] else None
        self._server = Server(
            address=self._address,
            database=row["database"],
            role=row["role"],
            is_superuser=row["is_superuser"],
            is_standby=row["is_standby"],
            version=row["version"],
            absurd_version=version,
            fake_now=row["fake_now"],
            is_pooled=self._asking.is_pooled,
        )
        return self._server

    async def snapshot(self, view: View, *, is_urged: bool = False) -> Snapshot:
        """Read what a view asks for; where urged, also what is read less often to spare the database.

        A view without panels gets those that were read last, if they were of the same queues: `Snapshot.panels_taken`
        says when.
        Raises only what ends the connection; a queue's refusal is in the snapshot.
        """
        if self._server is None:
            raise RuntimeError("a reader is opened before it reads")
        account = self._asking.account
        account.begin()
        if self._last is not None and _only_turns(self._last, view):
            return await self._turn(self._last, view)
        moment = await self._asking.moment()
        self._server = replace(self._server, is_standby=moment.is_standby)
        self._beats.begin(moment, is_urged=is_urged)
        listed = await self._listing.read(moment)
        capabilities = await self._listing.read_capabilities(moment, is_urged=is_urged)
        readings = await self._census.read(listed, moment.now, is_urged=is_urged)
        readings = await self._examining.read(listed, readings, moment.now)
        counted = {reading.name for reading in readings if reading.counts is not None}
        self._chosen = [queue for queue in listed if view.queue in (None, queue.name) and queue.name in counted]
        panels = await self._read_panels(readings, view, moment, is_urged=is_urged)
        rates = await self._rates.read(self._chosen, view)
        as_of = self._beats.as_of(Part.PANELS)
        self._last = Snapshot(
            server=self._server,
            view=view,
            now=moment.now,
            taken=moment.ticks,
            cost=account.spent,
            learned=account.learned,
            queues=tuple(reading.veiled if capabilities.hides_rows(reading.name) else reading for reading in readings),
            panels=panels,
            slowed=self._beats.told,
            panels_taken=as_of.ticks if as_of is not None else None,
            costs=account.all_lately(),
            rates=rates,
            capabilities=capabilities,
        )
        account.end()
        return self._last

    def charge(self, part: Part, ran: Sequence[tuple[str, Sequence[Any]]], seconds: float) -> float:
        """Take into account what was read over another connection; give how many seconds of a backend it cost."""
        return self._asking.beside(part, ran, seconds)

    async def weigh(self) -> Mapping[Part, int]:
        """Give how many pages each part of the last readings reads; that costs as much as they did, once."""
        return await self._asking.weigh()

    async def _read_panels(
        self, readings: Sequence[QueueReading], view: View, moment: Moment, *, is_urged: bool
    ) -> tuple[PanelReading, ...]:
        if not view.panels and self._last is not None:
            if self._last.view.queue == view.queue:
                return self._last.panels
            self._beats.forget(Part.PANELS)
            return ()
        asked = (view, tuple(queue.name for queue in self._chosen))
        if self._last is not None and not self._beats.is_due(Part.PANELS, asked):
            if self._beats.as_of(Part.PANELS) is moment:
                self._panels.unchanged(moment.now)
            return self._last.panels
        with self._asking.account.charging(Part.PANELS):
            read = ReadAt(moment.now, moment.ticks)
            panels = await self._panels.read(self._chosen, readings, view, read, is_urged=is_urged)
        is_pending = any(panel.refused or panel.read is not None for panel in panels)
        is_pending |= self._beats.as_of(Part.COUNTS) is not moment  # of many queues those are asked that counts name
        self._beats.read(Part.PANELS, asked, until=-inf if is_pending else inf)
        return _once(panels)

    async def _turn(self, last: Snapshot, view: View) -> Snapshot:
        """Read only the panel whose cursor went on to other rows; the rest is as it was a moment ago, with its cost.

        A press of a key asks for this, no poll: so it neither hastens the next poll nor puts it off.
        """
        with self._asking.account.charging(Part.PANELS):
            panels = [
                await self._panels.read_away(self._chosen, last.queues, view, last.now)
                if view.away is not None and panel.state is view.away.state
                else panel
                for panel in last.panels
            ]
        self._beats.forget(Part.PANELS)  # what the beats remember as read is not what is here now
        self._last = replace(last, view=view, panels=_once(panels))
        return self._last


def _require_absurd(row: Row, target: str) -> None:
    database, role = row["database"], row["role"]
    if not row["has_schema"]:
        raise CannotStart(f"There is no Absurd schema in database {database}. Install it with: absurdctl init {target}")
    if not row["has_usage"]:
        raise CannotStart(
            f"Role {role} lacks USAGE on schema absurd in database {database}."
            f" A database owner can allow it: GRANT USAGE ON SCHEMA absurd TO {identifier(role)};"
        )
    if not row["has_queues"]:
        raise CannotStart(
            f"The schema absurd in database {database} has no table queues."
            f" Install or finish it with: absurdctl init {target}"
        )
    if not row["may_list"]:
        raise CannotStart(
            f"Role {role} may not read absurd.queues in database {database}."
            f" A database owner can allow it: GRANT SELECT ON absurd.queues TO {identifier(role)};"
        )


def _only_turns(last: Snapshot, view: View) -> bool:
    """Whether a view differs from a reading that is still young only by where one panel is read."""
    before, away = last.view.away, view.away
    if away is None or away == before or replace(last.view, away=away) != view:
        return False
    if before is not None and before.state is not away.state:
        return False
    return time.monotonic() - last.taken < max(_YOUNG, _SHARE * last.cost)


def _once(panels: Sequence[PanelReading]) -> tuple[PanelReading, ...]:
    """Show a task that moved between two statements only where it was seen last."""
    kept: list[PanelReading] = []
    later: set[tuple[str, UUID]] = set()
    for panel in reversed(panels):
        rows = tuple(row for row in panel.rows if row.is_retried or row.key not in later)
        later.update(row.key for row in rows if not row.is_retried)
        kept.append(replace(panel, rows=rows))
    return tuple(reversed(kept))
