"""Looks for tasks over all queues, as requests among the others that are looked up."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar
from uuid import UUID

from absurd_tui.observe import find_queries, queries
from absurd_tui.observe.branches import Asked, ListedQueue, Question, Row
from absurd_tui.observe.found import Found, IdsFound, KeysFound, found
from absurd_tui.observe.ids import IdRange
from absurd_tui.observe.listing import listed_queue
from absurd_tui.observe.lookups import Lookups

Result = TypeVar("Result")

MOST_FOUND = 100
"""So many tasks and runs are read for each id in each queue."""


class Finder:
    """Finds tasks. What it knows of the database is as of its connection, the list of queues as of each request."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self._as_of = 0
        self.role = ""
        self._has_modes = True

    async def find_ids(self, ranges: Sequence[IdRange]) -> IdsFound:
        """Find the tasks that some ids name, or one of whose runs they name; whole ids in all queues, by their keys."""
        return await self._lookups.run(lambda: self._find_ids(ranges))

    async def _find_ids(self, ranges: Sequence[IdRange]) -> IdsFound:
        queues = await self.queues()
        readable = [queue for queue in queues if queue.refusal is None]
        bounds = [range_.low for range_ in ranges], [range_.high for range_ in ranges]

        def branch(position: int, queue: str, _about: None) -> str:
            return find_queries.ids_branch(position, queue, most=MOST_FOUND + 1)

        asked = Asked(fetch=self._lookups.fetch, branch=branch, role=self.role, arguments=bounds)
        answered = (await asked.gather([Question(queue, None) for queue in readable])).get(None)
        tasks: dict[tuple[str, UUID], Found] = {}
        is_cut = False
        for queue, rows in answered.rows.items() if answered is not None else ():
            is_cut = is_cut or len(rows) > MOST_FOUND
            for row in rows:
                task = found(queue, row, row["found_run"])
                tasks.setdefault(task.key, task)
        refused = [(queue.name, queue.refusal) for queue in queues if queue.refusal is not None]
        return IdsFound(
            tuple(sorted(tasks.values(), key=lambda task: (-task.task_id.int, task.queue))),
            len(queues),
            (*refused, *(answered.refused if answered is not None else ())),
            is_cut,
        )

    async def find_keys(self, keys: Sequence[str]) -> KeysFound:
        """Find the tasks that have idempotency keys, in all queues, by their index."""
        return await self._lookups.run(lambda: self._find_keys(keys))

    async def _find_keys(self, keys: Sequence[str]) -> KeysFound:
        queues = await self.queues()
        tables = {row["queue"]: row["has_table"] for row in await self._lookups.fetch(find_queries.KEYED)}
        refused = [(queue.name, queue.refusal) for queue in queues if queue.refusal is not None]
        readable = [queue for queue in queues if queue.refusal is None and queue.name in tables]

        def branch(position: int, queue: str, has_table: bool) -> str:
            return find_queries.keys_branch(position, queue, has_table=has_table)

        asked = Asked(fetch=self._lookups.fetch, branch=branch, role=self.role, arguments=[list(keys)])
        answers = await asked.gather([Question(queue, tables[queue.name]) for queue in readable])
        tasks: dict[str, set[UUID]] = {}
        for answered in answers.values():
            refused += answered.refused
            for queue, rows in answered.rows.items():
                tasks.setdefault(queue, set()).update(row["task_id"] for row in rows)
        return KeysFound(tasks, tuple(refused), has_keys=bool(tables) or not queues)

    async def run(self, request: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Run a request of a search among the others."""
        return await self._lookups.run(request)

    async def fetch(self, statement: str, *arguments: Any) -> Sequence[Row]:
        """Run one statement of a request."""
        return await self._lookups.fetch(statement, *arguments)

    async def queues(self) -> Sequence[ListedQueue]:
        """List the queues, as part of a request."""
        if self._as_of != self._lookups.connected:
            (probe,) = await self._lookups.fetch(queries.PROBE)
            self.role, self._has_modes = probe["role"], probe["has_modes"]
            self._as_of = self._lookups.connected
        rows = await self._lookups.fetch(queries.queue_list(has_modes=self._has_modes))
        return [listed_queue(row, self.role) for row in rows]
