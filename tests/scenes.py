"""A stage with tasks in states, real or not, and the source that reads it: what both are held to."""

from uuid import UUID

from fakes import FakeSource, FakeStage

from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe.records import Counts, Snapshot, State, View
from absurd_tui.observe.source import DatabaseSource


class RealStage:
    """Puts tasks of a real database into states, through Absurd's own functions."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle
        self.places: dict[UUID, tuple[str, UUID]] = {}

    async def spawn(self, queue: str, name: str, *, max_attempts: int | None = None) -> UUID:
        options = SpawnOptions(max_attempts=max_attempts) if max_attempts else SpawnOptions()
        spawned = await self.lifecycle.spawn(queue, name, {"n": 1}, options)
        self.places[spawned.task_id] = (queue, spawned.run_id)
        return spawned.task_id

    async def claim(self, task_id: UUID, worker: str, timeout: int = 60) -> None:
        queue, _ = self.places[task_id]
        (claim,) = await self.lifecycle.claim(queue, worker, claim_timeout=timeout)
        assert claim.task_id == task_id, "a stage claims in the order it spawned"

    async def complete(self, task_id: UUID) -> None:
        await self.lifecycle.complete(*self.places[task_id], {"ok": True})

    async def fail(self, task_id: UUID, name: str, message: str) -> None:
        await self.lifecycle.fail(*self.places[task_id], {"name": name, "message": message})

    async def wait_for(self, task_id: UUID, event: str) -> None:
        queue, run_id = self.places[task_id]
        await self.lifecycle.await_event(queue, task_id, run_id, f"$awaitEvent:{event}", event)

    async def defer(self, task_id: UUID, seconds: int) -> None:
        await self.lifecycle.schedule_run(*self.places[task_id], seconds)

    async def cancel(self, task_id: UUID) -> None:
        await self.lifecycle.cancel(self.places[task_id][0], task_id)


class Scene:
    """A stage and the source that reads it."""

    def __init__(self, stage: RealStage | FakeStage, source: DatabaseSource | FakeSource) -> None:
        self.stage = stage
        self.source = source

    async def read(self, view: View | None = None) -> Snapshot:
        return await self.source.snapshot(view or View())


def names(snapshot: Snapshot, state: State) -> list[str]:
    panel = snapshot.panel(state)
    assert panel is not None
    return [row.task_name for row in panel.rows]


def counts(snapshot: Snapshot, queue: str) -> Counts:
    reading = snapshot.queue(queue)
    assert reading is not None
    assert reading.counts is not None
    return reading.counts
