"""Whether a key that writes may be pressed on a row, or that shows what was written, and if not, why."""

from collections.abc import Iterable, Mapping

from absurd_tui.observe.records import Snapshot, State, TaskRow
from absurd_tui.operations import (
    cancel,
    clean_up,
    create_queue,
    cron,
    detach,
    drop_queue,
    emit,
    extend,
    fail_run,
    make_partitions,
    queue_policy,
    retry,
    spawn,
)
from absurd_tui.operations.needs import NO_TEXT, Needs, lacking
from absurd_tui.operations.outcomes import Refused
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.watch import Watch

CANCEL, EXTEND, RETRY, SPAWN, COPY = "task.cancel", "claim.extend", "task.retry", "task.spawn", "task.copy"
EMIT = "event.emit"
CANCEL_TREE = "task.cancel_tree"
FAIL_RUN = "run.fail"
WRITES = frozenset({CANCEL, CANCEL_TREE, FAIL_RUN, EXTEND, RETRY, SPAWN, COPY, EMIT})
ACTIVITY = "activity"
_VERBS = {
    CANCEL: "cancel",
    CANCEL_TREE: "cancel with children",
    FAIL_RUN: "fail",
    EXTEND: "extend",
    RETRY: "retry",
    SPAWN: "spawn",
    COPY: "spawn a copy",
    EMIT: "emit",
}
_NEEDS: Mapping[str, Needs] = {
    CANCEL: cancel.NEEDS,
    CANCEL_TREE: cancel.NEEDS,
    FAIL_RUN: fail_run.NEEDS,
    EXTEND: extend.NEEDS,
    RETRY: retry.NEEDS,
    SPAWN: spawn.NEEDS,
    COPY: spawn.NEEDS,
    EMIT: emit.NEEDS,
}
CREATE_QUEUE, DROP_QUEUE, QUEUE_POLICY = "queue.create", "queue.drop", "queue.policy"
CLEAN_UP, MAKE_PARTITIONS = "queue.clean_up", "queue.partitions"
CRON_ON, CRON_OFF, DETACH = "queue.cron_on", "queue.cron_off", "queue.detach"
_QUEUE_NEEDS: Mapping[str, Needs] = {
    CREATE_QUEUE: create_queue.NEEDS,
    DROP_QUEUE: drop_queue.NEEDS,
    QUEUE_POLICY: queue_policy.NEEDS,
    CLEAN_UP: clean_up.NEEDS,
    MAKE_PARTITIONS: make_partitions.NEEDS,
    CRON_ON: cron.NEEDS_ON,
    CRON_OFF: cron.NEEDS_OFF,
    DETACH: detach.NEEDS,
}
_QUEUE_VERBS = {
    CREATE_QUEUE: "create queue",
    DROP_QUEUE: "drop queue",
    QUEUE_POLICY: "policy",
    CLEAN_UP: "clean up",
    MAKE_PARTITIONS: "make partitions",
    CRON_ON: "enable cron",
    CRON_OFF: "disable cron",
    DETACH: "detach partitions",
}
_NOTHING = Plain("")


def why_not(command: str, row: TaskRow | None, watch: Watch) -> Plain:
    """Say why a command does not apply now; empty where it does, and for those that always do."""
    if command == ACTIVITY:
        return plain("activity: read only; nothing is written from here.") if watch.is_read_only else _NOTHING
    if command in _QUEUE_NEEDS:
        reason = _against_all(watch) or _no_function(_QUEUE_NEEDS[command], watch)
        return plain(f"{_QUEUE_VERBS[command]}: ") + reason if reason else _NOTHING
    if command not in WRITES:
        return _NOTHING
    reason = _reason(command, row, watch)
    return plain(f"{_VERBS[command]}: ") + reason if reason else _NOTHING


def why_not_whole(command: str, queue: str | None, watch: Watch) -> Plain:
    """Say why a command about a queue as a whole does not apply to this one; empty where it does."""
    if (reason := why_not(command, None, watch)) or command == CREATE_QUEUE or queue is None:
        return reason
    capabilities = watch.newest.capabilities if watch.newest is not None else None
    access = capabilities.queues.get(queue) if capabilities is not None else None
    if access is None or access.is_text:
        return _NOTHING
    return plain(f"{_QUEUE_VERBS[command]}: ") + _refused(NO_TEXT)


def _no_function(needs: Needs, watch: Watch) -> Plain:
    capabilities = watch.newest.capabilities if watch.newest is not None else None
    refused = lacking(capabilities, needs, "") if capabilities is not None else None
    return plain(_first_small(refused.reason)) if refused is not None else _NOTHING


def why_not_many(command: str, queues: Iterable[str], watch: Watch) -> Plain:
    """Say why a command cannot be done to any task of some queues; empty where it can."""
    reason = _against_all(watch)
    capabilities = watch.newest.capabilities if watch.newest is not None else None
    for queue in queues:
        if not reason and capabilities is not None and (refused := lacking(capabilities, _NEEDS[command], queue)):
            reason = _refused(refused)
    return plain(f"{_VERBS[command]}: ") + reason if reason else _NOTHING


def _against_all(watch: Watch) -> Plain:
    """Say why nothing can be written at all; empty where it can."""
    if watch.is_read_only:
        return plain("read only.")
    if not watch.is_live:
        return plain("there is no connection; keys that write are off until it is back.")
    if watch.newest is not None and watch.newest.server.is_standby:
        return plain("this server is a standby; it takes no writes.")
    if watch.newest is not None and watch.newest.server.fake_now is not None:
        return plain("the database runs on a fake clock.")
    return _NOTHING


def _reason(command: str, row: TaskRow | None, watch: Watch) -> Plain:
    if reason := _against_all(watch):
        return reason
    if command == FAIL_RUN and not watch.is_expert:
        return plain("nothing fences it; only who started absurd-tui with --expert may.")
    if command == SPAWN and (watch.newest is None or not watch.newest.queues):
        return plain("there is no queue.")
    if command == EMIT and row is None and (watch.newest is None or watch.newest.view.queue is None):
        return plain("an event is one of a queue; ← and → choose one.")
    if row is None and command not in (SPAWN, EMIT):
        return plain("no row is under the cursor; 1 to 6 go to a panel.")
    if row is not None and not watch.lists(row.queue):
        return say("queue {queue} no longer exists.", queue=row.queue)
    if watch.newest is not None and (lacks := _lacking(_NEEDS[command], row, watch.newest)):
        return _refused(lacks)
    return _against(command, row) if row is not None else _NOTHING


def _lacking(needs: Needs, row: TaskRow | None, newest: Snapshot) -> Refused | None:
    """Say what is missing in the queue in question; where none is, the form lets choose one, and one will do."""
    if newest.capabilities is None:
        return None
    queue = row.queue if row is not None else newest.view.queue
    names = [queue] if queue is not None else [reading.name for reading in newest.queues]
    found = [lacking(newest.capabilities, needs, name) for name in names]
    return None if None in found else next(iter(found), None)


def _refused(refused: Refused) -> Plain:
    return plain(_first_small(refused.reason)) + plain(f" {refused.remedy}" if refused.remedy else "")


def _first_small(reason: str) -> str:
    return reason[:1].lower() + reason[1:]


def _against(command: str, row: TaskRow) -> Plain:
    if command in (CANCEL, CANCEL_TREE) and row.state not in (State.PENDING, State.RUNNING, State.SLEEPING):
        return say("the task is {state}; only a live task can be cancelled.", state=row.state)
    if command == FAIL_RUN and (reason := fail_run.refusal(row.state, row.max_duration, row.max_delay)):
        return plain(_first_small(reason))
    if command == RETRY and (row.state is not State.FAILED or row.is_retried):
        state = "tried again" if row.is_retried else row.state
        return say("the task is {state}; only failed tasks can be retried.", state=state)
    if command == EXTEND and row.state is not State.RUNNING:
        return say("the task is {state}; it has no claim.", state=row.state)
    if command == EXTEND and row.claim_expires_at is None:
        return plain("claimed without a lease: there is none to extend.")
    return _NOTHING
