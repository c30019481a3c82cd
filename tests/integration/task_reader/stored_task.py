"""A task in a queue of an odd name, and its page as it is read."""

from typing import Any
from uuid import UUID

from absurd_tui.lifecycle import Claim, Lifecycle, SpawnOptions
from absurd_tui.observe.task_reader import TaskReader
from absurd_tui.observe.task_records import TaskPage

QUEUE = 'odd "queue" %s\n[b]'
HOSTILE = "\x1b]0;pwned\x07[/red]\u202e"


async def spawned(lifecycle: Lifecycle, options: SpawnOptions | None = None, params: Any = None) -> UUID:
    info = await lifecycle.spawn(QUEUE, "charge_card", params, options or SpawnOptions(max_attempts=2))
    return info.task_id


async def claimed(lifecycle: Lifecycle, options: SpawnOptions | None = None, lease: int = 60) -> Claim:
    await spawned(lifecycle, options)
    return await claim(lifecycle, lease)


async def claim(lifecycle: Lifecycle, lease: int = 60) -> Claim:
    (taken,) = await lifecycle.claim(QUEUE, "pay-a:1", lease)
    return taken


async def read(reader: TaskReader, task_id: UUID) -> TaskPage:
    page = await reader.task(QUEUE, task_id)
    assert page is not None
    return page
