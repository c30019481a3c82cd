"""Cancel, retry or copy up to a hundred tasks in one transaction: each is judged by itself, and told by itself.

Nobody is waited for: what somebody else holds is left out. The rows are locked in
Absurd's order, runs before tasks, and in the order of their ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Final
from uuid import UUID

from absurd_tui.database.writing import WriteSession
from absurd_tui.observe.records import State
from absurd_tui.operations import cancel, literals, retry, standing
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import AlreadySo, Done, Locked, Outcome, QueueGone, Refused, Unknown
from absurd_tui.operations.preflight import new_max_attempts
from absurd_tui.operations.requests import Act, Target, TaskBatch
from absurd_tui.operations.standing import Fetch, Standing
from absurd_tui.operations.work import Confirmation, Found, TellsTransaction

MOST: Final = 100
"""Tasks in one transaction: more would hold their locks for longer than workers should wait."""

LIVE = (State.PENDING, State.RUNNING, State.SLEEPING)
# counted, so that no row comes back for each: what was done is read from the tasks
_CANCEL: Final = "select count(absurd.cancel_task($1::text, x.id)) from unnest($2::uuid[]) x(id)"
_RETRY: Final = """
select count(*) from unnest($2::uuid[], $3::text::bigint[]) x(id, most)
 cross join lateral absurd.retry_task($1::text, x.id, jsonb_build_object('max_attempts', x.most)) r"""
_NOT_WRITTEN = "Absurd took the call, but the task is as it was."
_CONTRADICTED = "The server says that it was committed, but the task does not look so."
_NOTHING_TO_CALL = Refused("No task of these is as it was.")


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of each target, in their order; None is one that nothing came of: it was not reached.

    `failure` says why; where it `is_general`, any other batch would meet the same.
    """

    outcomes: tuple[Outcome | None, ...]
    failure: Outcome | None = None
    is_general: bool = False


def nothing_reached(batch: TaskBatch, failure: Outcome) -> BatchResult:
    """Say that nothing came of any, and that it is the same for every other."""
    return BatchResult((None,) * len(batch.targets), failure, is_general=True)


class BatchWork(TellsTransaction):
    """A batch on its way through the envelope. A dry one goes as far as the call, and undoes its locks."""

    def __init__(self, batch: TaskBatch, *, is_dry: bool = False) -> None:
        self.batch = batch
        self.queue = batch.queue
        self._is_dry = is_dry
        self._ids = [target.task_id for target in batch.targets]
        self._outcomes: list[Outcome | None] = [None] * len(self._ids)
        self._called: list[int] = []
        self._limits: list[int] = []
        """The most attempts of each that is called for, where it is retried in place."""
        self._confirmed: dict[UUID, Standing] | None = None
        self._was_judged = False

    @property
    def needs(self) -> Needs:
        """What one such call needs."""
        return cancel.NEEDS if self.batch.act is Act.CANCEL else retry.NEEDS

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction: absurd.retry_task locks no runs, and so do we."""
        queue = self.queue
        locks = (standing.lock_runs_of_many(queue),) if self.batch.act is Act.CANCEL else ()
        reads = (standing.read_many(queue), standing.read_written(queue))
        return (*locks, standing.lock_many(queue), *reads, self._call)

    @property
    def sql(self) -> str:
        """The call with the ids that it is about."""
        queue = literals.text_literal(self.queue)
        ids = literals.array([literals.id_literal(self._ids[place]) for place in self._called], "uuid")
        if self.batch.act is Act.CANCEL:
            return f"select absurd.cancel_task({queue}, x.id) from unnest({ids}) x(id)"
        most = literals.array([str(limit) for limit in self._limits], "bigint")
        return (
            f"select r.* from unnest({ids}, {most}) x(id, most) cross join lateral"
            f" absurd.retry_task({queue}, x.id, jsonb_build_object('max_attempts', x.most)) r"
        )

    @property
    def absurdctl(self) -> str | None:
        """absurdctl does one at a time."""
        return None

    @property
    def _is_as_new(self) -> bool:
        return self.batch.act is Act.RETRY_AS_NEW

    @property
    def _call(self) -> str:
        return _CANCEL if self.batch.act is Act.CANCEL else _RETRY

    async def look(self, fetch: Fetch) -> Found | None:
        """Lock what is free, read all, and judge each; None when there is one to call for."""
        runs: set[UUID] | None = None
        if self.batch.act is Act.CANCEL:
            runs = {row["run_id"] for row in await fetch(standing.lock_runs_of_many(self.queue), self._ids)}
        locked, self.transaction = await standing.lock_all(fetch, self.queue, self._ids)
        others = [task_id for task_id in self._ids if task_id not in locked]
        unlocked = await standing.read_all(fetch, self.queue, others) if others else {}
        before = await self._done_before(fetch)
        judge = cancel.judge if self.batch.act is Act.CANCEL else partial(retry.judge, as_new=self._is_as_new)
        self._called, self._limits = [], []
        for place, target in enumerate(self.batch.targets):
            stands = locked.get(target.task_id) or unlocked.get(target.task_id)
            outcome: Outcome | None = judge(target, stands) or before.get(place)
            if outcome is None and (target.task_id in unlocked or not _is_run_held(stands, runs)):
                outcome = Locked(None, None, None)
            self._outcomes[place] = outcome
            if outcome is None and stands is not None:
                self._called.append(place)
                self._limits.append(new_max_attempts(stands.attempts, stands.max_attempts, 1))
        self._was_judged = True
        return _NOTHING_TO_CALL if self._is_dry or not self._called else None

    async def call(self, session: WriteSession) -> None:
        """Call the function for each that is as it was, in one statement."""
        arguments: list[Any] = [self.queue, [self._ids[place] for place in self._called]]
        if self.batch.act is Act.RETRY:
            # as text: for an array of numbers the driver asks the server what that is, and then looks at each
            arguments.append("{" + ",".join(map(str, self._limits)) + "}")
        await session.fetch(self._call, *arguments)

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Refused:
        """Tell by each task's row whether this transaction wrote it."""
        left = await standing.written(fetch, self.queue, [self._subject(place) for place in self._called], xid)
        done = cache(Done)  # tasks that are alike afterwards share what is told of them
        for place in self._called:
            after = left.get(self._subject(place))
            self._outcomes[place] = done(after, self._spawned(place)) if after is not None else self._not_written(place)
        return Done(None) if left else Refused(_NOT_WRITTEN)

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """Read the tasks again; whether they bear it out is told of each by `result`."""
        subjects = [self._subject(place) for place in self._called]
        self._confirmed = dict(await standing.read_all(fetch, self.queue, subjects))
        return Confirmation(is_borne_out=True, after=None)

    async def _done_before(self, fetch: Fetch) -> Mapping[int, Outcome]:
        """Give the places for which it was done before, as far as their own rows do not tell."""
        return {}

    def _subject(self, place: int) -> UUID:
        """The task whose row the call writes."""
        return self._ids[place]

    def _is_borne_out(self, target: Target, stands: Standing) -> bool:
        if self.batch.act is Act.CANCEL:
            return cancel.is_borne_out(stands)
        return retry.is_borne_out(target, stands, as_new=self._is_as_new)

    def _spawned(self, place: int) -> tuple[UUID, ...]:
        """What the call made for it."""
        return ()

    def _not_written(self, place: int) -> Outcome:
        return Refused(_NOT_WRITTEN)

    def result(self, ended: Outcome, xid: int | None, *, is_open: bool) -> BatchResult:
        """Say what came of each, the envelope having ended so; `is_open` says whether its connection lives."""
        if self._was_judged and ended is _NOTHING_TO_CALL:
            return BatchResult(tuple(self._outcomes))
        if isinstance(ended, QueueGone) and not self._was_judged:
            return BatchResult((ended,) * len(self._ids))
        if isinstance(ended, Done):
            if self._confirmed is not None:
                self._settle(self._confirmed, xid)
            return BatchResult(tuple(self._outcomes))
        reached = self._outcomes if self._was_judged else [None] * len(self._ids)
        outcomes: list[Outcome | None] = [*reached]
        if isinstance(ended, Unknown):
            for place in self._called:
                after = self._confirmed.get(self._subject(place)) if self._confirmed is not None else None
                outcomes[place] = Unknown(xid, ended.reason, after.after if after is not None else None)
            return BatchResult(tuple(outcomes), ended, is_general=True)
        for place in self._called:
            outcomes[place] = None
        has_remedy = isinstance(ended, Refused) and ended.remedy is not None
        return BatchResult(tuple(outcomes), ended, is_general=has_remedy or not is_open or not self._was_judged)

    def _settle(self, confirmed: dict[UUID, Standing], xid: int | None) -> None:
        """Take what was read after the server said that the lost COMMIT was done."""
        for place in self._called:
            stands, outcome = confirmed.get(self._subject(place)), self._outcomes[place]
            if not isinstance(outcome, Done):
                continue
            if stands is None or self._is_borne_out(self.batch.targets[place], stands):
                self._outcomes[place] = replace(outcome, after=stands.after if stands is not None else None)
            else:
                self._outcomes[place] = Unknown(xid, _CONTRADICTED, stands.after)


def _is_run_held(stands: Standing | None, runs: set[UUID] | None) -> bool:
    """Whether the run that the call will write is locked by us; `runs` is None where it writes no live run."""
    return runs is None or stands is None or stands.state not in LIVE or stands.run_id in runs
