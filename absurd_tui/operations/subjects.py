"""Which task an outcome is about, and which tasks it brought about that can be followed to their end. Pure."""

from uuid import UUID

from absurd_tui.observe.following import Follow
from absurd_tui.operations.outcomes import AlreadySo, Done, Gone, Outcome
from absurd_tui.operations.queue_requests import QueueRequest
from absurd_tui.operations.requests import EmitEvent, Request, SpawnTask, TaskRequest


def subject(request: Request, outcome: Outcome) -> tuple[str, UUID] | None:
    """Give the queue and id of the task to look at after an outcome; None where no task is known to be there."""
    if isinstance(request, QueueRequest | EmitEvent):
        return None
    if isinstance(outcome, Done) and outcome.spawned:
        return _queue(request), outcome.spawned[0]
    if isinstance(request, SpawnTask):
        existing = outcome.existing if isinstance(outcome, AlreadySo) else None
        return (request.queue, existing) if existing is not None else None
    is_gone = isinstance(outcome, Gone) or outcome == Done(None)
    return None if is_gone else (request.target.queue, request.target.task_id)


def follow(request: Request, outcome: Outcome) -> Follow | None:
    """Begin to follow the tasks that an outcome says were spawned, by a spawn or by a retry as a new task."""
    if isinstance(request, QueueRequest | EmitEvent) or not isinstance(outcome, Done) or not outcome.spawned:
        return None
    name = request.task_name if isinstance(request, SpawnTask) else request.target.task_name
    return Follow(_queue(request), name, outcome.spawned)


def _queue(request: TaskRequest | SpawnTask) -> str:
    return request.queue if isinstance(request, SpawnTask) else request.target.queue
