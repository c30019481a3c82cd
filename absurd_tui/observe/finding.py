"""What a finding is: what kind of trouble, where, how bad, and where to look at it."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from uuid import UUID

from absurd_tui.observe.records import State
from absurd_tui.text import Plain


class Level(IntEnum):
    """How bad it is."""

    OK = 0
    DEGRADED = 1
    WEDGED = 2


class Kind(StrEnum):
    """What is wrong, the worst first."""

    CLAIMS_FAIL = "claims fail"
    NOBODY_CLAIMS = "nobody claims"
    LEASE_EXPIRED = "lease expired"
    WORKER_GONE = "worker gone"
    RETRY_STORM = "retry storm"
    FAILS_OFTEN = "fails often"
    FAILURES_RISE = "failures rise"
    UNKNOWN_TASK = "unknown task"
    REFUSED = "refused"
    BACKLOG_GROWS = "backlog grows"


_IN_PLACE_OF = {
    Kind.CLAIMS_FAIL: Kind.NOBODY_CLAIMS,
    Kind.RETRY_STORM: Kind.FAILS_OFTEN,
    Kind.FAILURES_RISE: Kind.FAILS_OFTEN,
}


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a finding can be looked at: a task's page, a panel, else the failure groups; `word` names it."""

    word: str
    state: State | None = None
    task_id: UUID | None = None


FAILURES = Goal("groups")
HELP = Goal("the GRANT")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: which queue, in one sentence, what to do in another, and where to look at it."""

    kind: Kind
    queue: str
    level: Level
    what: Plain
    then: Plain
    goal: Goal

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it the same finding in the next snapshot: of kinds that take each other's place, one."""
        return (_IN_PLACE_OF.get(self.kind, self.kind), self.queue)

    @property
    def order(self) -> tuple[int, int, str]:
        """The key that puts the worst first."""
        return (-self.level, list(Kind).index(self.kind), self.queue)


EXPLAINED = {
    Kind.CLAIMS_FAIL: (
        "absurd.claim_task reads the cancellation policy of every live task before it hands one out, and stops at"
        " one that is no whole number of seconds. So this one task keeps every worker from every other task of its"
        " queue; cancelling it frees the queue at once."
    ),
    Kind.NOBODY_CLAIMS: (
        "Tasks have been due for more than a minute, and no run of this queue was claimed meanwhile. Absurd keeps no"
        " register of workers, so that this is inferred: they may be stopped, poll another queue or database, or all"
        " be busy."
    ),
    Kind.LEASE_EXPIRED: (
        "A lease that is over ends nothing by itself: only the next claim in the queue ends the attempt, as many as"
        " it asks for tasks. Until then the run stands as running, and its worker may even still work on it."
    ),
    Kind.WORKER_GONE: (
        "Every lease that this worker holds is over, and it has completed nothing since. Workers are only seen by"
        " their claims: it was likely killed or cut off from the database, or it is stuck in long steps."
    ),
    Kind.RETRY_STORM: (
        "Many attempts that were claimed within the last minute have failed, and most of them will be tried again."
        " Each retry adds to the load of whatever makes them fail; cancelling, or mending the cause, ends it."
    ),
    Kind.FAILS_OFTEN: (
        "At least 10 attempts that were claimed within the last minute have failed, and at least a fifth of those"
        " that ended. Attempts that run for longer than a minute are not among them; the groups of failures show what"
        " they have in common."
    ),
    Kind.FAILURES_RISE: (
        "The attempts claimed in the last 5 minutes fail at more than three times the pace of the 25 minutes before."
        " The groups of failures show which message is new."
    ),
    Kind.UNKNOWN_TASK: (
        "A worker that does not know a task's name puts it off for a minute without a checkpoint, again and again,"
        " and no attempt is used up. Likely a deployment is missing, or old workers poll beside the new ones."
    ),
    Kind.REFUSED: (
        "This queue could not be read, so that nothing of what is said here is about it. It is asked again every"
        " ten seconds."
    ),
    Kind.BACKLOG_GROWS: (
        "Ten thousand tasks or more are due, and in the last 5 minutes more were spawned than claims were made."
        " More workers, or fewer spawns, turn that; the oldest due is claimed first."
    ),
}
"""What each kind means, in two sentences."""
