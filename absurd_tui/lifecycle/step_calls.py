"""What a task does between its claim and its end: checkpoints and events."""

from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from absurd_tui.lifecycle import arguments, statements
from absurd_tui.lifecycle.calls import Calls
from absurd_tui.lifecycle.json_values import Json, decode_optional, encode_json
from absurd_tui.lifecycle.records import AwaitResult, Checkpoint


class StepCalls(Calls):
    """Calls on checkpoints and events."""

    async def set_checkpoint(
        self,
        queue_name: str,
        task_id: UUID | str,
        step_name: str,
        state: Json,
        run_id: UUID | str,
        extend_claim_by: int | None = None,
    ) -> None:
        """Save a step's state on behalf of a run (absurd.set_task_checkpoint_state).

        With `extend_claim_by` the run's lease ends that many seconds from now; None or 0 leave it. A checkpoint that a
        later attempt wrote stays, without an error. Raises `Cancelled`, `AlreadyFailed`, `NotFound`, and
        `InvalidRequest` for a blank step name.
        """
        await self._rows(
            statements.SET_CHECKPOINT,
            arguments.text(queue_name, "queue_name"),
            arguments.identifier(task_id, "task_id"),
            arguments.text(step_name, "step_name"),
            encode_json(state, "state"),
            arguments.identifier(run_id, "run_id"),
            arguments.optional_whole(extend_claim_by, "extend_claim_by", least=0),
        )

    async def get_checkpoint(
        self, queue_name: str, task_id: UUID | str, step_name: str, include_pending: bool = False
    ) -> Checkpoint | None:
        """One checkpoint, None when the task has none of that name (absurd.get_task_checkpoint_state).

        Only committed ones, unless `include_pending`.
        """
        rows = await self._rows(
            statements.GET_CHECKPOINT,
            arguments.text(queue_name, "queue_name"),
            arguments.identifier(task_id, "task_id"),
            arguments.text(step_name, "step_name"),
            arguments.flag(include_pending, "include_pending"),
        )
        return _checkpoint(rows[0]) if rows else None

    async def get_checkpoints(self, queue_name: str, task_id: UUID | str, run_id: UUID | str) -> list[Checkpoint]:
        """The committed checkpoints that a run may see, oldest first (absurd.get_task_checkpoint_states).

        Those of later attempts are hidden. Raises `NotFound` for an unknown run, `InvalidRequest` when the run belongs
        to another task.
        """
        rows = await self._rows(
            statements.GET_CHECKPOINTS,
            arguments.text(queue_name, "queue_name"),
            arguments.identifier(task_id, "task_id"),
            arguments.identifier(run_id, "run_id"),
        )
        return [_checkpoint(row) for row in rows]

    async def emit_event(self, queue_name: str, event_name: str, payload: Json = None) -> None:
        """Emit an event and wake the runs that wait for it (absurd.emit_event).

        The first emit of a name wins for good; a later one changes nothing, without an error. Raises `InvalidRequest`
        for a blank name.
        """
        await self._rows(
            statements.EMIT_EVENT,
            arguments.text(queue_name, "queue_name"),
            arguments.text(event_name, "event_name"),
            encode_json(payload, "payload"),
        )

    async def await_event(
        self,
        queue_name: str,
        task_id: UUID | str,
        run_id: UUID | str,
        step_name: str,
        event_name: str,
        timeout: int | None = None,
    ) -> AwaitResult:
        """Take the event if it was emitted, else put the run to sleep until it is (absurd.await_event).

        The payload is saved as the checkpoint `step_name`. `timeout` is in whole seconds, None waits for ever; with 0
        the run sleeps too, and is due at once. After the wait has ended, the next claim's worker calls again with the
        same arguments and gets the payload or `timed_out`. Raises `Cancelled`, `NotFound`, `WrongState` when the run
        is not running, `InvalidRequest` for a blank event name.
        """
        row = await self._row(
            statements.AWAIT_EVENT,
            arguments.text(queue_name, "queue_name"),
            arguments.identifier(task_id, "task_id"),
            arguments.identifier(run_id, "run_id"),
            arguments.text(step_name, "step_name"),
            arguments.text(event_name, "event_name"),
            arguments.optional_whole(timeout, "timeout", least=0),
        )
        should_suspend = row["should_suspend"] == "true"
        return AwaitResult(
            should_suspend=should_suspend,
            payload=decode_optional(row["payload"], "payload"),
            timed_out=not should_suspend and row["payload"] is None,
        )


def _checkpoint(row: asyncpg.Record) -> Checkpoint:
    owner = row["owner_run_id"]
    return Checkpoint(
        checkpoint_name=row["checkpoint_name"],
        state=decode_optional(row["state"], "state"),
        status=row["status"],
        owner_run_id=None if owner is None else UUID(owner),
        updated_at=_instant(float(row["updated_at"])),
    )


def _instant(epoch: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(epoch, UTC)
    except (OverflowError, ValueError):
        return None
