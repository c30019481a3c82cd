"""Follows the tasks that were spawned: reads how they stand, once a poll, for as long as they are told about."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from absurd_tui.database.faults import Fault, classify
from absurd_tui.observe.branches import refusal
from absurd_tui.observe.following import Standings
from absurd_tui.ui.telling import Telling


class ReadsStandings(Protocol):
    """What it is read from: the database, or what stands for it in tests."""

    async def standings(self, queue: str, task_ids: Sequence[UUID]) -> Standings:
        """Read how some tasks of a queue stand."""
        ...


class Following:
    """Reads the standing of the followed tasks. It is asked to at every poll, and never reads twice at once."""

    def __init__(self, source: ReadsStandings, telling: Telling, changed: Callable[[], None]) -> None:
        self._source = source
        self._telling = telling
        self._changed = changed
        self._is_reading = False

    async def read(self, role: str) -> None:
        """Read each queue's followed tasks, unless that is under way; `role` is named where it lacks a right."""
        followed = self._telling.followed
        if self._is_reading or not followed:
            return
        self._is_reading = True
        try:
            for queue, task_ids in followed.items():
                await self._read(queue, task_ids, role)
        finally:
            self._is_reading = False
        self._changed()

    async def _read(self, queue: str, task_ids: Sequence[UUID], role: str) -> None:
        try:
            standings = await self._source.standings(queue, task_ids)
        except Exception as error:
            # a lost connection is told as such: the poll is about to meet it too
            if classify(error) is Fault.PANEL:
                self._telling.take_refusal(queue, refusal(error, queue, role), time.monotonic())
        else:
            self._telling.take(queue, standings, time.monotonic())
