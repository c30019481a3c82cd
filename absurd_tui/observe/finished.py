"""Runs that the dashboard saw leave the running set: the ones an index by claim time would miss.

No index of Absurd's orders runs by when they ended. The newest by claim are read
instead, and a run that ran for long is not among them when it ends; but it was
seen running before, so it is remembered here and read by its id.
"""

from collections.abc import Iterable
from uuid import UUID

_REMEMBERED = 100


class Departed:
    """The last runs that were seen running and are no longer, by queue."""

    def __init__(self) -> None:
        self._running: dict[UUID, str] = {}
        self._left: dict[UUID, str] = {}

    def see(self, running: Iterable[tuple[str, UUID]], queues: Iterable[str]) -> None:
        """Take note of the runs that run now, in the queues that were read."""
        now = {run_id: queue for queue, run_id in running}
        read = set(queues)
        for run_id, queue in self._running.items():
            if queue in read and run_id not in now:
                self._left.pop(run_id, None)
                self._left[run_id] = queue
        for run_id in now:
            self._left.pop(run_id, None)
        while len(self._left) > _REMEMBERED:
            del self._left[next(iter(self._left))]
        self._running = {run_id: queue for run_id, queue in self._running.items() if queue not in read} | now

    def by_queue(self) -> dict[str, list[UUID]]:
        """Give the ids of the runs that left, by queue."""
        found: dict[str, list[UUID]] = {}
        for run_id, queue in self._left.items():
            found.setdefault(queue, []).append(run_id)
        return found
