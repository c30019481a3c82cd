"""A clean-up from its first batch to its last: at a gentle pace, stopped between two batches when that is asked for."""

import asyncio
import time

from absurd_tui.conninfo import ConnSpec
from absurd_tui.operations.clean_up import EVENTS, TASKS, Batch
from absurd_tui.operations.clean_up_count import STATEMENT_SECONDS, CleanUpCount, count_clean_up
from absurd_tui.operations.envelope import Envelope, Passage
from absurd_tui.operations.outcomes import Done, Outcome, Removed
from absurd_tui.operations.queue_requests import CleanUp
from absurd_tui.operations.queue_sentences import Progress, why_not_done

LONGEST_REST = 5.0
STOPPED = "Stopped between two batches."


class Sweep:
    """One clean-up. It has a connection of its own, so that no other write waits for a batch."""

    def __init__(self, spec: ConnSpec, request: CleanUp) -> None:
        self._spec = spec
        self._request = request
        self._stopping = asyncio.Event()
        self._gone = {TASKS: 0, EVENTS: 0}
        self._began = time.monotonic()

    @property
    def progress(self) -> Progress:
        """How far it is."""
        request = self._request
        done, of = sum(self._gone.values()), request.tasks + request.events * request.with_events
        spent = time.monotonic() - self._began
        left = max(0.0, spent / done * (of - done)) if done else None
        return Progress(done, of, left, self._stopping.is_set())

    def stop(self) -> bool:
        """Let it end after the batch under way; False where that was said before."""
        was_going_on = not self._stopping.is_set()
        self._stopping.set()
        return was_going_on

    async def run(self, passage: Passage) -> Outcome:
        """Delete batch by batch. What is gone by then is told also where a batch fails."""
        envelope = Envelope(self._spec, statement_seconds=STATEMENT_SECONDS)
        try:
            failed = await self._part(envelope, passage, TASKS)
            if failed is None and self._request.with_events and not self._stopping.is_set():
                failed = await self._part(envelope, passage, EVENTS)
        finally:
            envelope.terminate()
        if failed is not None:
            return self.ended(failed)
        if self._stopping.is_set():
            return self._removed(cut_short=STOPPED)
        return self._removed(left=await self._left())

    def ended(self, failed: Outcome) -> Outcome:
        """Say what is true after a batch that was not done: batches before it are gone all the same."""
        return self._removed(cut_short=why_not_done(failed)) if any(self._gone.values()) else failed

    def _removed(self, *, left: int | None = None, cut_short: str | None = None) -> Done:
        return Done(None, removed=Removed(self._gone[TASKS], self._gone[EVENTS], left, cut_short))

    async def _part(self, envelope: Envelope, passage: Passage, function: str) -> Outcome | None:
        """Delete the tasks, or the events; give what came of a batch that was not done."""
        while not self._stopping.is_set():
            batch, began = Batch(self._request, function), time.monotonic()
            passage.xid = passage.sql = None
            passage.is_committing = passage.is_looked_up = False
            outcome = await envelope.carry(batch, passage)
            if not isinstance(outcome, Done):
                return outcome
            self._gone[function] += batch.deleted
            if batch.deleted < self._request.limit:
                return None
            await self._rest(min(LONGEST_REST, time.monotonic() - began))
        return None

    async def _rest(self, seconds: float) -> None:
        """Leave the database to others for as long as the batch took."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    async def _left(self) -> int | None:
        counted = await count_clean_up(self._spec, self._request.queue, cutoff=self._request.cutoff)
        if not isinstance(counted, CleanUpCount) or counted.created_at != self._request.created_at:
            return None
        return counted.tasks + counted.events * self._request.with_events
