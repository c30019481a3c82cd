"""The life of a task: spawned, claimed, completed, failed, cancelled, retried."""

from datetime import datetime
from uuid import UUID

import asyncpg

from absurd_tui.errors import NotFound, TimedOut, Undecodable
from absurd_tui.lifecycle import arguments, statements
from absurd_tui.lifecycle.calls import Calls
from absurd_tui.lifecycle.failures import ClaimUndecodable
from absurd_tui.lifecycle.json_values import Json, decode_json, decode_optional, encode_json
from absurd_tui.lifecycle.options import RetryOptions, SpawnOptions, encode_options, encode_retry_options
from absurd_tui.lifecycle.records import Claim, SpawnInfo, TaskResult

_NOTHING_SET = SpawnOptions()
_PLAIN_RETRY = RetryOptions()


class TaskCalls(Calls):
    """Calls on tasks and runs."""

    async def spawn(
        self, queue_name: str, task_name: str, params: Json, options: SpawnOptions = _NOTHING_SET
    ) -> SpawnInfo:
        """Put a new task into the queue (absurd.spawn_task).

        With an idempotency key that the queue knows, nothing is created: the first task is returned, its name and
        params unchanged, and `created` is False. A resend is safe only with such a key. Raises `TimedOut` when that
        task was cleaned up at the same moment; nothing was spawned then.
        """
        row = await self._row(
            statements.SPAWN,
            arguments.text(queue_name, "queue_name"),
            arguments.text(task_name, "task_name"),
            encode_json(params, "params"),
            encode_options(options),
        )
        return _spawn_info(row)

    async def claim(self, queue_name: str, worker_id: str, claim_timeout: int = 30, qty: int = 1) -> list[Claim]:
        """Claim up to `qty` due runs, the longest due first (absurd.claim_task).

        The lease lasts `claim_timeout` seconds; with 0 there is no lease, and the run stays claimed until somebody
        ends it. An empty `worker_id` is stored as "worker". Each call first cancels tasks that are over their limits
        and fails up to `qty` runs whose leases have expired. Raises `ClaimUndecodable` when values of a run that has
        now been claimed cannot be read.
        """
        rows = await self._rows(
            statements.CLAIM,
            arguments.text(queue_name, "queue_name"),
            arguments.text(worker_id, "worker_id"),
            arguments.whole(claim_timeout, "claim_timeout", least=0),
            arguments.whole(qty, "qty", least=1),
        )
        claims: list[Claim] = []
        unreadable: list[tuple[UUID, Undecodable]] = []
        for row in rows:
            try:
                claims.append(_claim(row))
            except Undecodable as error:
                unreadable.append((UUID(row["run_id"]), error))
        if unreadable:
            first = unreadable[0][1]
            run_ids = tuple(run_id for run_id, _ in unreadable)
            raise ClaimUndecodable(first, run_ids=run_ids, claims=tuple(claims)) from first
        return claims

    async def complete(self, queue_name: str, run_id: UUID | str, state: Json = None) -> None:
        """End a running run, and its task, with `state` as the result (absurd.complete_run).

        Whoever asks ends it: Absurd does not check that the caller holds the claim. Raises `Cancelled`,
        `AlreadyFailed`, `WrongState` when the run is not running, `NotFound`.
        """
        await self._rows(
            statements.COMPLETE,
            arguments.text(queue_name, "queue_name"),
            arguments.identifier(run_id, "run_id"),
            encode_json(state, "state"),
        )

    async def fail(self, queue_name: str, run_id: UUID | str, reason: Json) -> None:
        """Fail a running or sleeping run; the task's retry strategy says when it is tried again (absurd.fail_run).

        Without attempts left the task fails; it is cancelled when the next attempt would begin beyond its
        `max_duration`. Raises `Cancelled`, `AlreadyFailed`, and `WrongState` both when the run is neither running nor
        sleeping and when there is no such run, which Absurd words alike.
        """
        await self._fail(queue_name, run_id, reason, None)

    async def fail_with_retry(self, queue_name: str, run_id: UUID | str, reason: Json, retry_at: datetime) -> None:
        """As `fail`, with the next attempt at `retry_at` (absurd.fail_run).

        It is timezone-aware; an instant in the past means now.
        """
        await self._fail(queue_name, run_id, reason, arguments.instant(retry_at, "retry_at"))

    async def _fail(self, queue_name: str, run_id: UUID | str, reason: Json, retry_at: str | None) -> None:
        await self._rows(
            statements.FAIL,
            arguments.text(queue_name, "queue_name"),
            arguments.identifier(run_id, "run_id"),
            encode_json(reason, "reason"),
            retry_at,
        )

    async def cancel(self, queue_name: str, task_id: UUID | str) -> None:
        """Cancel a task for good (absurd.cancel_task).

        A completed, failed or cancelled task stays as it is, without an error. Running code learns of it at its next
        checkpoint or `extend_claim`, by `Cancelled`. Raises `NotFound`.
        """
        await self._rows(
            statements.CANCEL, arguments.text(queue_name, "queue_name"), arguments.identifier(task_id, "task_id")
        )

    async def retry(
        self, queue_name: str, task_id: UUID | str, options: RetryOptions | SpawnOptions = _PLAIN_RETRY
    ) -> SpawnInfo:
        """Try a failed task again (absurd.retry_task): one more attempt in place, or a copy with `spawn_new`.

        In place the checkpoints are kept and `created` is False. The time of the first start is kept too: a task that
        is over its `max_duration` already is cancelled by the next claim, unrun. `SpawnOptions` are accepted with
        nothing but `max_attempts` set. Raises `WrongState` when the task has not failed, `NotFound`, and
        `InvalidRequest` when `max_attempts` is not above the attempts already made.
        """
        row = await self._row(
            statements.RETRY,
            arguments.text(queue_name, "queue_name"),
            arguments.identifier(task_id, "task_id"),
            encode_retry_options(options),
        )
        return _spawn_info(row)

    async def extend_claim(self, queue_name: str, run_id: UUID | str, extend_by: int) -> None:
        """Let the run's lease end `extend_by` seconds from now, even if that is sooner (absurd.extend_claim).

        The worker's next checkpoint sets it anew. A lease that has expired, but was not swept yet, is revived. Raises
        `NoActiveClaim` when the run was claimed without a lease, `Cancelled`, `AlreadyFailed`, `WrongState`,
        `NotFound`.
        """
        await self._rows(
            statements.EXTEND_CLAIM,
            arguments.text(queue_name, "queue_name"),
            arguments.identifier(run_id, "run_id"),
            arguments.whole(extend_by, "extend_by", least=1),
        )

    async def schedule_run(self, queue_name: str, run_id: UUID | str, defer_seconds: float) -> None:
        """Give a running run back, to be claimed again `defer_seconds` from now (absurd.schedule_run).

        The same attempt goes on then. The database's clock decides (absurd.current_time). Raises `WrongState` both
        when the run is not running and when there is no such run, which Absurd words alike.
        """
        await self._rows(
            statements.SCHEDULE_RUN,
            arguments.text(queue_name, "queue_name"),
            arguments.identifier(run_id, "run_id"),
            arguments.real(defer_seconds, "defer_seconds"),
        )

    async def get_result(self, queue_name: str, task_id: UUID | str) -> TaskResult:
        """The task's state, with its result or the reason of its failure (absurd.get_task_result).

        Raises `NotFound`.
        """
        task = arguments.identifier(task_id, "task_id")
        rows = await self._rows(statements.GET_RESULT, arguments.text(queue_name, "queue_name"), task)
        if not rows:
            raise NotFound(f"Task {task} not found in queue {queue_name!r}")
        return TaskResult(
            state=rows[0]["state"],
            result=decode_optional(rows[0]["result"], "result"),
            failure_reason=decode_optional(rows[0]["failure_reason"], "failure_reason"),
        )


def _spawn_info(row: asyncpg.Record) -> SpawnInfo:
    if row["task_id"] is None:
        raise TimedOut("the task with this idempotency key was cleaned up at this moment: nothing was spawned")
    return SpawnInfo(UUID(row["task_id"]), UUID(row["run_id"]), int(row["attempt"]), row["created"] == "true")


def _claim(row: asyncpg.Record) -> Claim:
    return Claim(
        run_id=UUID(row["run_id"]),
        task_id=UUID(row["task_id"]),
        attempt=int(row["attempt"]),
        task_name=row["task_name"],
        params=decode_json(row["params"], "params"),
        retry_strategy=decode_optional(row["retry_strategy"], "retry_strategy"),
        max_attempts=None if row["max_attempts"] is None else int(row["max_attempts"]),
        headers=decode_optional(row["headers"], "headers"),
        wake_event=row["wake_event"],
        event_payload=decode_optional(row["event_payload"], "event_payload"),
        event_received=row["event_payload"] is not None,
    )
