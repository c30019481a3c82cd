"""What the audit keeps of a write: a record for each request, and one for each batch with its tasks."""

import time
from collections import Counter
from collections.abc import Sequence

from absurd_tui import units
from absurd_tui.conninfo import ConnSpec
from absurd_tui.observe.records import State
from absurd_tui.observe.why import Clock
from absurd_tui.operations import queue_sentences
from absurd_tui.operations.audit import AuditItem, AuditRecord, os_user
from absurd_tui.operations.batch import BatchResult
from absurd_tui.operations.envelope import Passage
from absurd_tui.operations.outcomes import (
    After,
    AlreadyEmitted,
    AlreadySo,
    Changed,
    Done,
    NotApplied,
    Outcome,
    Unknown,
    copy_of,
)
from absurd_tui.operations.queue_requests import QueueRequest
from absurd_tui.operations.requests import EmitEvent, Request, SpawnTask, Target, TaskBatch, TaskRequest
from absurd_tui.operations.sentences import in_short, operation, sentence
from absurd_tui.operations.work import Work

_WITHOUT_PAYLOADS = "Nothing was sent."
NOT_REACHED = "not reached"
_WORDS = {
    "Done": "done",
    "Emitted": "done",
    "PartitionsMade": "done",
    "JobsSet": "done",
    "AlreadySo": "already so",
    "AlreadyEmitted": "already so",
    "Changed": "changed",
    "Gone": "gone",
    "Refused": "refused",
    "WouldBeLost": "refused",
    "QueueGone": "refused",
    "Locked": "locked",
    "NotApplied": "not applied",
    "Unknown": "unknown",
}


def word(outcome: Outcome) -> str:
    """Name an outcome's kind in words."""
    is_cut_short = isinstance(outcome, Done) and outcome.removed is not None and outcome.removed.cut_short
    return "cut short" if is_cut_short else _WORDS[type(outcome).__name__]


def broken_off(passage: Passage, what: str) -> Outcome:
    """Say what is true of a write that was broken off with its connection; `what` says by what."""
    if passage.is_committing:
        return Unknown(passage.xid, f"{what} before the COMMIT was answered.")
    return NotApplied(f"{what} before the COMMIT was sent.")


def record_of(
    request: Request, work: Work, passage: Passage, outcome: Outcome, spec: ConnSpec, seconds: float
) -> AuditRecord:
    """Make the record of a request and its outcome."""
    after = outcome.after if isinstance(outcome, Done | AlreadySo | Changed | Unknown) else None
    about_queue = outcome.queue_after if isinstance(outcome, Done | AlreadySo | Changed) else None
    at, clock = _heard(_read_at(outcome, after) or (about_queue.read_at if about_queue else passage.now))
    _, headline, detail = sentence(request, outcome, Clock(at, utc=True))
    seen = request.target if isinstance(request, TaskRequest) else None
    queue_after = queue_sentences.standing(about_queue) if about_queue else None
    return AuditRecord(
        at=units.iso(at),
        clock=clock,
        os_user=os_user(),
        role=passage.role or spec.user,
        server=spec.label,
        operation=operation(request),
        queue=work.queue,
        task_name=_name(request),
        task_id=seen.task_id if seen else None,
        run_id=seen.run_id if seen else None,
        before=_before(request),
        after=_standing(after) if after else queue_after,
        spawned=outcome.spawned if isinstance(outcome, Done) else (),
        xid=passage.xid,
        outcome=word(outcome),
        told=f"{headline.text} · {_WITHOUT_PAYLOADS if isinstance(outcome, AlreadyEmitted) else detail.text}",
        sql=passage.sql,
        absurdctl=work.absurdctl if passage.sql else None,
        seconds=seconds,
    )


def record_of_batch(
    batch: TaskBatch, passage: Passage, result: BatchResult, spec: ConnSpec, seconds: float
) -> AuditRecord:
    """Make the record of a batch: what came of each of its tasks, and of all together."""
    at, clock = _heard(passage.now)
    words = [word(outcome) if outcome is not None else NOT_REACHED for outcome in result.outcomes]
    copies = [copy_of(outcome) if isinstance(outcome, Done) else None for outcome in result.outcomes]
    counted = Counter(words)
    told = ", ".join(f"{number} {name}" for name, number in counted.most_common())
    if result.failure is not None:
        told += f" · {in_short(result.failure, Clock(at, utc=True))[1].text}"
    return AuditRecord(
        at=units.iso(at),
        clock=clock,
        os_user=os_user(),
        role=passage.role or spec.user,
        server=spec.label,
        operation=operation(batch),
        queue=batch.queue,
        task_name=units.plural(len(batch.targets), "task"),
        task_id=None,
        run_id=None,
        before=None,
        after=None,
        spawned=tuple(copy for copy in copies if copy is not None),
        xid=passage.xid,
        outcome=_word_of_all(result, words),
        told=told,
        sql=passage.sql,
        absurdctl=None,
        seconds=seconds,
        items=tuple(
            AuditItem(target.task_id, target.run_id, _standing(target), kind, copy)
            for target, kind, copy in zip(batch.targets, words, copies, strict=True)
        ),
    )


def _read_at(outcome: Outcome, after: After | None) -> float | None:
    if isinstance(outcome, AlreadyEmitted):
        return outcome.now
    return after.read_at if after else None


def _name(request: Request) -> str:
    match request:
        case SpawnTask(task_name=name):
            return name
        case EmitEvent(event_name=name):
            return name
    return request.target.task_name if isinstance(request, TaskRequest) else ""


def _word_of_all(result: BatchResult, words: Sequence[str]) -> str:
    if result.failure is not None:
        return word(result.failure)
    return words[0] if len(set(words)) == 1 else "several"


def _heard(at: float | None) -> tuple[float, str]:
    """Give when it was, and by which clock: the database's where it was heard."""
    return (at, "database") if at is not None else (time.time(), "this computer")


def _before(request: Request) -> str | None:
    if isinstance(request, TaskRequest):
        return _standing(request.target)
    return queue_sentences.before(request) if isinstance(request, QueueRequest) else None


def _standing(seen: Target | After) -> str:
    told = f"{seen.state}, attempt {seen.attempt}"
    if seen.claim_expires_at is None or seen.state is not State.RUNNING:
        return told
    return f"{told}, lease until {units.iso(seen.claim_expires_at)}"
