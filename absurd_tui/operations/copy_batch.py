"""Retry up to a hundred failed tasks as new in one transaction; what was copied for the same failure is not again."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from absurd_tui import units
from absurd_tui.database.writing import WriteSession
from absurd_tui.observe.task_queries import KEYS
from absurd_tui.operations import copies, standing
from absurd_tui.operations.batch import BatchWork
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import After, AlreadySo, Done, Outcome, Refused
from absurd_tui.operations.requests import Act, TaskBatch
from absurd_tui.operations.standing import Fetch
from absurd_tui.operations.work import Found

_NO_KEYS: Final = Refused(copies.NO_KEYS)
_ID_CELLS = 9


class CopyBatch(BatchWork):
    """A batch of copies on its way through the envelope."""

    def __init__(self, batch: TaskBatch, *, is_dry: bool = False) -> None:
        super().__init__(batch, is_dry=is_dry)
        self._keys = [copies.key(target.run_id) for target in batch.targets]
        self._copies: dict[UUID, UUID] = {}
        self._has_keys = self._has_table = False

    @property
    def needs(self) -> Needs:
        """What spawning with a key needs, and the lock on the original."""
        return copies.NEEDS

    async def learn(self, fetch: Fetch) -> None:
        """Learn whether a key counts, and where it stands."""
        found = (await fetch(KEYS, self.queue))[0]
        self._has_table = found["has_table"]
        self._has_keys = found["has_key"] or found["has_table"]

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction; only the originals are locked."""
        queue = self.queue
        by_key = (self._by_key,) if self._has_keys else ()
        return (
            standing.lock_many(queue),
            standing.read_many(queue),
            standing.read_written(queue),
            *by_key,
            copies.copy_all(queue),
        )

    @property
    def sql(self) -> str:
        """The call; params and headers are those of the rows."""
        return copies.told(
            self.queue,
            [self._ids[place] for place in self._called],
            [self._keys[place] for place in self._called],
        )

    async def look(self, fetch: Fetch) -> Found | None:
        """Look as for any batch, where keys count."""
        return await super().look(fetch) if self._has_keys else _NO_KEYS

    async def call(self, session: WriteSession) -> None:
        """Copy each that is as it was, in one statement."""
        ids = [self._ids[place] for place in self._called]
        keys = [self._keys[place] for place in self._called]
        rows = await session.fetch(copies.copy_all(self.queue), self.queue, ids, keys)
        self._copies = {row["id"]: row["task_id"] for row in rows if row["task_id"] is not None}

    @property
    def _by_key(self) -> str:
        return copies.held_keys(self.queue, has_table=self._has_table)

    async def _done_before(self, fetch: Fetch) -> Mapping[int, Outcome]:
        return await self._by_holder(fetch, range(len(self._keys)))

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Refused:
        """Look whose a key is that somebody took between the look and the call."""
        told = await super().read_back(fetch, xid)
        taken = [place for place in self._called if isinstance(self._outcomes[place], AlreadySo)]
        if taken:
            for place, outcome in (await self._by_holder(fetch, taken)).items():
                self._outcomes[place] = outcome
        return told

    async def _by_holder(self, fetch: Fetch, places: Iterable[int]) -> Mapping[int, Outcome]:
        """Tell of each place whose key a task has whether that is the copy."""
        asked = {self._keys[place]: place for place in places}
        ids = [self._ids[place] for place in asked.values()]
        held = {row["key"]: row for row in await fetch(self._by_key, list(asked), ids, self.queue)}
        found = [row["task_id"] for row in held.values()]
        stands = await standing.read_all(fetch, self.queue, found) if found else {}
        return {
            asked[key]: _taken(row["task_id"])
            if row["is_copy"] is False
            else _copied(row["task_id"], stands[row["task_id"]].after if row["task_id"] in stands else None)
            for key, row in held.items()
        }

    def _subject(self, place: int) -> UUID:
        return self._copies.get(self._ids[place], self._ids[place])

    def _spawned(self, place: int) -> tuple[UUID, ...]:
        return (self._subject(place),)

    def _not_written(self, place: int) -> Outcome:
        copy = self._copies.get(self._ids[place])
        return _copied(copy, None) if copy is not None else super()._not_written(place)


def _copied(copy: UUID, after: After | None) -> AlreadySo:
    return AlreadySo(after, since=None, existing=copy)


def _taken(holder: UUID) -> Refused:
    return Refused(f"Another task, …{units.short_id(holder, _ID_CELLS)}, holds the idempotency key of such a copy.")


def work_of(batch: TaskBatch, *, is_dry: bool = False) -> BatchWork:
    """Give what carries out a batch."""
    kind = CopyBatch if batch.act is Act.RETRY_AS_NEW else BatchWork
    return kind(batch, is_dry=is_dry)
