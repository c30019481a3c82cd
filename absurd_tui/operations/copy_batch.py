"""Retry up to a hundred failed tasks as new in one transaction; what was copied for the same failure is not again."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

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
        return copies.copies_by_key(self.queue, has_table=self._has_table)

    async def _done_before(self, fetch: Fetch) -> Mapping[int, Outcome]:
        held = {row["key"]: row["task_id"] for row in await fetch(self._by_key, self._keys)}
        stands = await standing.read_all(fetch, self.queue, list(held.values())) if held else {}
        return {
            place: _copied(held[key], stands[held[key]].after if held[key] in stands else None)
            for place, key in enumerate(self._keys)
            if key in held
        }

    def _subject(self, place: int) -> UUID:
        return self._copies.get(self._ids[place], self._ids[place])

    def _done(self, place: int, after: After) -> Done:
        return Done(after, spawned=(self._subject(place),))

    def _not_written(self, place: int) -> Outcome:
        copy = self._copies.get(self._ids[place])
        return _copied(copy, None) if copy is not None else super()._not_written(place)


def _copied(copy: UUID, after: After | None) -> AlreadySo:
    return AlreadySo(after, since=None, existing=copy)


def work_of(batch: TaskBatch, *, is_dry: bool = False) -> BatchWork:
    """Give what carries out a batch."""
    kind = CopyBatch if batch.act is Act.RETRY_AS_NEW else BatchWork
    return kind(batch, is_dry=is_dry)
