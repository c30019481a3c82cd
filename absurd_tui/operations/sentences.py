"""Every outcome in words: a sign, what happened to which task, and what was read back. Nothing here claims more."""

from uuid import UUID

from absurd_tui import units
from absurd_tui.database.writing import LOCK_SECONDS
from absurd_tui.errors import AbsurdError
from absurd_tui.lifecycle.json_values import Json, decode_json, encode_json
from absurd_tui.observe.records import State
from absurd_tui.observe.why import Clock
from absurd_tui.operations import queue_sentences
from absurd_tui.operations.outcomes import (
    After,
    AlreadyEmitted,
    AlreadySo,
    Changed,
    Done,
    Emitted,
    Gone,
    Locked,
    NotApplied,
    Outcome,
    Refused,
    StillUnderWay,
    Unknown,
)
from absurd_tui.operations.queue_requests import CleanUp, QueueRequest
from absurd_tui.operations.queue_sentences import NOTHING_CHANGED, Progress, Sentence, holder
from absurd_tui.operations.requests import (
    CancelTask,
    EmitEvent,
    ExtendClaim,
    FailRun,
    Request,
    RetryTask,
    SpawnTask,
    TaskBatch,
    TaskRequest,
)
from absurd_tui.text import Plain, plain, say

Asked = Request | TaskBatch

_ID_CELLS = 8
_PAYLOAD_CELLS = 60
_DOING = {
    "cancel": "cancelling",
    "retry": "retrying",
    "retry as new": "retrying as new",
    "extend": "extending",
    "spawn": "spawning",
    "emit": "emitting",
    "fail": "failing",
}
_OPERATIONS = {
    CancelTask: "cancel",
    RetryTask: "retry",
    ExtendClaim: "extend",
    FailRun: "fail",
    SpawnTask: "spawn",
    EmitEvent: "emit",
}


def sentence(request: Request, outcome: Outcome, clock: Clock) -> Sentence:
    """Say what came of a request."""
    if isinstance(request, QueueRequest):
        return queue_sentences.sentence(request, outcome, clock)
    match outcome:
        case Done(None) if not isinstance(outcome, Emitted):
            headline, _ = _done(request, outcome, clock)
            return "✓", headline, plain("The server says that it was committed; the task is no longer there.")
        case Done():
            return "✓", *_done(request, outcome, clock)
        case AlreadyEmitted():
            return (
                "=",
                say("Already emitted · {target}", target=target(request)),
                _emitted_before(request, outcome, clock),
            )
        case AlreadySo():
            headline = say("Already so · {target}", target=_returned(request, outcome))
            return "=", headline, _already(request, outcome, clock)
        case Changed(after):
            headline = say("Changed since you looked · {now}", now=_now(after, "the task is gone"))
            return "!", headline, say("{target}. Nothing was sent.", target=target(request))
        case Gone():
            detail = plain("The task is no longer in the database. Nothing was sent.")
            return "!", say("Gone · {target}", target=target(request)), detail
        case Refused(reason, remedy):
            help_at_hand = " ? shows the GRANT." if remedy else ""
            return "✗", say("Refused · {why}", why=reason), plain(NOTHING_CHANGED + help_at_hand)
        case Locked():
            headline = say("Locked by {who} · {target}", who=holder(outcome), target=target(request))
            return "✗", headline, say("No lock within {n}s. Nothing changed.", n=LOCK_SECONDS)
        case NotApplied(reason):
            headline = say("Not applied · {target}", target=target(request))
            return "✗", headline, say("{why} {nothing}", why=reason, nothing=NOTHING_CHANGED)
        case Unknown():
            return "?", _unknown(request), _open_question(outcome)
        case StillUnderWay(operation=before):
            headline = say("Still under way · {target}", target=target(request))
            return "…", headline, say("The {before} asked for before is not over; this was not sent.", before=before)


def under_way(request: Asked, *, is_committing: bool, progress: Progress | None = None) -> Sentence:
    """Say that a write is not over; `is_committing` says that its COMMIT has been sent."""
    if isinstance(request, CleanUp) and progress is not None:
        return queue_sentences.progressing(request, progress)
    doing = _doing(request).capitalize()
    waits_for = "The COMMIT was sent; no answer yet." if is_committing else "Under way; it may wait for a lock."
    return "…", say("{doing} · {target}", doing=doing, target=target(request)), plain(waits_for)


def looking_up(request: Asked) -> Sentence:
    """Say that the connection was lost after a write's COMMIT was sent, while the server is asked about it."""
    return "?", _unknown(request), plain("Looking it up; do not repeat it.")


def in_short(outcome: Outcome, clock: Clock) -> tuple[str, Plain]:
    """Say what came of one task of many: the sign, and what was read or why nothing was done."""
    match outcome:
        case Done(after, spawned=(copy, *_)):
            return "✓", say("copied as …{id}: {now}", id=units.short_id(copy, _ID_CELLS), now=_stands(after))
        case Done(after):
            return "✓", _stands(after)
        case AlreadySo(after, existing=UUID() as copy):
            told = "copied before, as …{id}: {now}"
            return "=", say(told, id=units.short_id(copy, _ID_CELLS), now=_stands(after) if after else "there")
        case AlreadySo(after, since):
            if after is None or since is None:
                return "=", say("{now}, not by this call", now=_stands(after))
            return "=", say("{now} since {at}, not by this call", now=_stands(after), at=clock.at(since))
        case Changed(after):
            return "!", say("changed: {now}", now=_now(after, "it is gone"))
        case Gone():
            return "!", plain("gone: no longer in the database")
        case Refused(reason) | NotApplied(reason):
            return "✗", plain(reason)
        case Locked():
            return "✗", say("locked by {who}", who=holder(outcome))
        case Unknown():
            return "?", _open_question(outcome)
        case StillUnderWay(operation=before):
            return "…", say("the {before} asked for before is not over", before=before)


def target(request: Asked) -> Plain:
    """Name what a request is about: `payments › charge_card …7be2d48a`."""
    if isinstance(request, QueueRequest):
        return queue_sentences.target(request)
    if isinstance(request, SpawnTask):
        return say("{queue} › {name}", queue=request.queue, name=request.task_name)
    if isinstance(request, EmitEvent):
        return say("{queue} › event {name}", queue=request.queue, name=request.event_name)
    if isinstance(request, TaskBatch):
        return say("{queue} › {tasks}", queue=request.queue, tasks=units.plural(len(request.targets), "task"))
    seen = request.target
    return say(
        "{queue} › {name} …{id}", queue=seen.queue, name=seen.task_name, id=units.short_id(seen.task_id, _ID_CELLS)
    )


def operation(request: Asked) -> str:
    """Name what a request does, such as cancel, retry, extend, spawn, emit or drop queue."""
    if isinstance(request, QueueRequest):
        return queue_sentences.operation(request)
    return request.act.value if isinstance(request, TaskBatch) else _OPERATIONS[type(request)]


def _doing(request: Asked) -> str:
    return queue_sentences.doing(request) if isinstance(request, QueueRequest) else _DOING[operation(request)]


def _emitted_before(request: Request, outcome: AlreadyEmitted, clock: Clock) -> Plain:
    since = clock.at(outcome.since) if outcome.since is not None else units.UNKNOWN
    if not isinstance(request, EmitEvent) or _is_same(outcome.payload, request.payload):
        return say("Since {at} with the same payload. Nothing was sent.", at=since)
    yours = encode_json(request.payload, "payload")
    told = "Has {theirs} since {at}; {yours} was not sent."
    return say(told, at=since, theirs=_short(outcome.payload), yours=_short(yours))


def _is_same(payload: str, ours: Json) -> bool:
    try:
        return _is_equal(decode_json(payload, "payload"), ours)
    except (AbsurdError, RecursionError):
        return False  # only its beginning is there, or it is nested too deeply


def _is_equal(one: Json, other: Json) -> bool:
    """Compare as JSON is compared: `true` is not 1, as it is to Python."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_equal, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def _short(payload: str) -> str:
    return payload if len(payload) <= _PAYLOAD_CELLS else f"{payload[:_PAYLOAD_CELLS]}…"


def _done(request: TaskRequest | SpawnTask | EmitEvent, done: Done, clock: Clock) -> tuple[Plain, Plain]:
    read_at = clock.at(done.after.read_at) if done.after else units.UNKNOWN
    match request:
        case CancelTask():
            detail = say("Read back {at}: by this call. n spawns a copy.", at=read_at)
            return say("Cancelled · {target}", target=target(request)), detail
        case RetryTask(as_new=True):
            headline = say("Retried as new · {target}", target=_named(request, done))
            return headline, say("{state}; the old task stays failed.", state=_state(done.after))
        case RetryTask():
            detail = say("Read back {at}: {now}.", at=read_at, now=_stands(done.after))
            return say("Retried · {target}", target=target(request)), detail
        case ExtendClaim():
            return say("Extended · {target}", target=target(request)), _lease(done.after, read_at, clock)
        case FailRun():
            headline = say("Failed attempt {n} · {target}", n=request.target.attempt, target=target(request))
            return headline, say("Read back {at}: the task is {now}.", at=read_at, now=_stands(done.after))
        case SpawnTask(count=1):
            return say("Spawned · {target}", target=_named(request, done)), say("{state}.", state=_state(done.after))
        case EmitEvent():
            return say("Emitted · {target}", target=target(request)), _woke(done, clock)
    taken = request.count - len(done.spawned)
    headline = say("Spawned {n} · {target}", n=units.plural(len(done.spawned), "task"), target=target(request))
    if taken:
        return headline, say("{keys} taken before: nothing new for these.", keys=_keys(taken))
    return headline, say("{state}.", state=_state(done.after))


def _woke(done: Done, clock: Clock) -> Plain:
    if not isinstance(done, Emitted):
        return Plain("")
    woke = f"It woke {units.plural(done.woken, 'run')}." if done.woken else "Nobody waited for it."
    return say("Read back {at}: by this call. {woke}", at=clock.at(done.at), woke=woke)


def _named(request: RetryTask | SpawnTask, done: Done) -> Plain:
    queue = request.queue if isinstance(request, SpawnTask) else request.target.queue
    return say("…{id} in {queue}", id=units.short_id(done.spawned[0], _ID_CELLS), queue=queue)


def _keys(taken: int) -> str:
    return f"{units.plural(taken, 'key')} {'was' if taken == 1 else 'were'}"


def _lease(after: After | None, read_at: str, clock: Clock) -> Plain:
    if after is None or after.claim_expires_at is None:
        return say("Read back {at}: {now}.", at=read_at, now=_stands(after))
    left = units.time_left(round(after.claim_expires_at - after.read_at))
    return say(
        "Read back {at}: the lease ends at {end}, in {left}.",
        at=read_at,
        end=clock.at(after.claim_expires_at),
        left=left,
    )


def _returned(request: TaskRequest | SpawnTask | EmitEvent, outcome: AlreadySo) -> Plain:
    if outcome.existing is None or not isinstance(request, SpawnTask):
        return target(request)
    state = f" ({outcome.after.state})" if outcome.after else ""
    holder = units.short_id(outcome.existing, _ID_CELLS)
    return say("…{id}{state} in {queue}", id=holder, state=state, queue=request.queue)


def _already(request: TaskRequest | SpawnTask | EmitEvent, outcome: AlreadySo, clock: Clock) -> Plain:
    if outcome.existing is not None:
        if isinstance(request, SpawnTask) and request.count > 1:
            return plain("It has the first key. No params were used.")
        return plain("It has the key: the params were not used.")
    after = outcome.after
    if after is None or outcome.since is None:
        return say("Not by this call: {now}.", now=_stands(after))
    before = units.age(after.read_at - outcome.since)
    if after.state is State.CANCELLED:
        return say("Cancelled {age} before, not by this call.", age=before)
    return say("Not by this call, {age} before: {now}.", age=before, now=_stands(after))


def _now(after: After | None, otherwise: str) -> Plain:
    return plain("now ") + _stands(after) if after else plain(otherwise)


def _stands(after: After | None) -> Plain:
    return say("{state}, attempt {n}", state=after.state, n=after.attempt) if after else plain("done")


def _state(after: After | None) -> str:
    return after.state.value.capitalize() if after else "There"


def _unknown(request: Asked) -> Plain:
    match request:
        case SpawnTask():
            name = plain(request.task_name)
        case EmitEvent():
            name = plain(request.event_name)
        case CancelTask() | RetryTask() | ExtendClaim() | FailRun():
            name = say("…{id}", id=units.short_id(request.target.task_id, _ID_CELLS))
        case TaskBatch():
            name = plain(units.plural(len(request.targets), "task"))
        case _:
            name = target(request)
    return say("Unknown · Connection lost {doing} {name}", doing=_doing(request), name=name)


def _open_question(unknown: Unknown) -> Plain:
    told = plain(unknown.reason)
    if unknown.xid is not None:
        told += say(" Transaction {xid}.", xid=unknown.xid)
    if unknown.after is not None:
        told += say(" The task is {now}.", now=_now(unknown.after, ""))
    return told + plain(" Look before you repeat it.")
