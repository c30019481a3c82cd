"""Answers a spawn form: what it begins with, the params of the newest task of a name, the task that has a key."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from absurd_tui.observe.records import Snapshot, TaskRow
from absurd_tui.observe.slot import SupersededError
from absurd_tui.observe.task_records import KeyHolder, TaskPage
from absurd_tui.text import Plain, plain
from absurd_tui.ui.dialogs.spawn_offer import Newest
from absurd_tui.ui.dialogs.spawn_seed import SpawnSeed
from absurd_tui.ui.messages import HolderWanted, ParamsWanted, SeedWanted
from absurd_tui.ui.seeding import copy_seed, fresh_seed, newest_known, newest_read


class ReadsTasks(Protocol):
    """What it is read from: the database, or what stands for it in tests."""

    async def task(self, queue: str, task_id: UUID) -> TaskPage | None:
        """Read one task whole, or None where it is no more."""
        ...

    async def key_holder(self, queue: str, key: str) -> KeyHolder | None:
        """Read which task of a queue has an idempotency key, or None where none has."""
        ...


class Spawning:
    """Reads what spawn forms need. Every answer is about the snapshot that is given with the question."""

    def __init__(self, source: ReadsTasks) -> None:
        self._source = source

    async def seed(self, wanted: SeedWanted, snapshot: Snapshot) -> SpawnSeed | Plain:
        """Give what a form begins with, or say why there is none."""
        row = wanted.row
        if wanted.task_name:
            seed = fresh_seed(None, wanted.queue, None, snapshot)
            known = await self._newest(newest_known(snapshot, seed.queue, wanted.task_name))
            params = known.params if known is not None and known.params is not None else seed.params
            return replace(seed, task_name=wanted.task_name, params=params, newest=known)
        if not wanted.is_copy:
            newest = newest_known(snapshot, row.queue, row.task_name, row) if row is not None else None
            return fresh_seed(row, wanted.queue, await self._newest(newest), snapshot)
        page = await self._page(row) if row is not None else None
        if page is None:
            return plain("the task could not be read, or is no longer in the database.")
        return copy_seed(page, snapshot)

    async def offer(self, wanted: ParamsWanted, snapshot: Snapshot) -> None:
        """Answer with the newest task that is known of a queue and name, for as long as that is awaited."""
        queue, task_name = wanted.queue, wanted.task_name
        row = newest_known(snapshot, queue, task_name)
        newest = await self._newest(row, lambda: wanted.asker.awaits(queue, task_name))
        wanted.asker.take_newest(queue, task_name, newest)

    async def look_up(self, wanted: HolderWanted) -> None:
        """Answer with the task that has a key; where that cannot be read, nothing is said of it."""
        while wanted.asker.awaits_holder(wanted.queue, wanted.key):
            try:
                holder = await self._source.key_holder(wanted.queue, wanted.key)
            except SupersededError:
                continue
            except Exception:
                return
            wanted.asker.take_holder(wanted.queue, wanted.key, holder)
            return

    async def _newest(self, row: TaskRow | None, is_wanted: Callable[[], bool] = lambda: True) -> Newest | None:
        return None if row is None else newest_read(row, await self._page(row, is_wanted))

    async def _page(self, row: TaskRow, is_wanted: Callable[[], bool] = lambda: True) -> TaskPage | None:
        """Read a task. While it is wanted it is asked for again when another request took its place.

        Such as one of the page below the form, which is read once a second.
        """
        while is_wanted():
            try:
                return await self._source.task(row.queue, row.task_id)
            except SupersededError:
                continue
            except Exception:
                break
        return None
