"""Asks the database for the dashboard's readings, and keeps account of what that costs and of who refused."""

import json
import time
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from math import inf
from typing import Any, TypeVar

from asyncpg.exceptions import LockNotAvailableError

from absurd_tui.database.faults import Fault, classify
from absurd_tui.database.session import Session
from absurd_tui.observe import far, queries
from absurd_tui.observe.account import Account
from absurd_tui.observe.beats import Moment
from absurd_tui.observe.branches import Asked, Branch, Gathered, Question, Row
from absurd_tui.observe.elapsed import Elapsed
from absurd_tui.observe.far import FarAsked
from absurd_tui.observe.learning import Learning
from absurd_tui.observe.lock_holders import with_holder_of_list
from absurd_tui.observe.parts import Part
from absurd_tui.observe.resting import Resting

FAR = 0.005
"""A server is far away whose answer to a question without work takes more seconds than that."""

_ROUND_TRIPS = 3
_COUNTED = "explain (analyze, buffers, timing off, summary off, format json)"

About = TypeVar("About", bound=Hashable)


class Asking:
    """What the parts of a reading share: one session, one account."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.resting = Resting()
        self.role = ""
        self._ran: dict[Part, list[tuple[str, Sequence[Any]]]] = {}
        self.account = Account()
        self._learning = Learning()
        self._may_ask_far: bool | None = None
        self.round_trip = inf
        """Seconds that the fastest answer to a question without work has taken over this connection."""

    async def open(self) -> None:
        """Connect, and measure how far away the server is."""
        await self._session.open()
        self.account.connected()
        self._learning.connected()
        self._may_ask_far = None
        self.round_trip = inf
        for _ in range(_ROUND_TRIPS):
            await self._timed(queries.NOW)

    @property
    def is_pooled(self) -> bool:
        """Whether a pooler stands between."""
        return self._session.is_pooled

    async def moment(self) -> Moment:
        """Ask what the time is, and whether anything has changed."""
        try:
            (row,) = await self._timed(queries.MOMENT)
        except LockNotAvailableError as error:
            raise await with_holder_of_list(error, self.fetch) from None
        return Moment(row["transactions"], row["queues"], row["now"], time.monotonic(), row["is_standby"])

    async def fetch(self, statement: str, *arguments: Any) -> Sequence[Row]:
        """Run one statement. What it cost is how long the answer took, less the way there and back."""
        self._note(statement, arguments)
        is_new = self._learning.is_new(statement)
        elapsed = Elapsed()
        try:
            with elapsed:
                return await self._session.fetch(statement, *arguments)
        finally:
            cost = max(0.0, elapsed.seconds - self.round_trip)
            self.account.charge(cost, is_new=is_new)
            if is_new:
                self._learning.spent(cost)

    def beside(self, part: Part, ran: Sequence[tuple[str, Sequence[Any]]], seconds: float) -> float:
        """Charge a part with statements that ran over another connection; give what they cost, less the ways there."""
        cost = max(0.0, seconds - len(ran) * self.round_trip)
        self._ran[part] = list(ran)
        self.account.add(part, len(ran), cost)
        return cost

    async def weigh(self) -> Mapping[Part, int]:
        """Give how many pages each part reads: what it asked last is run again and counted by the server.

        Only for who asks what the readings cost: it costs as much as they do, once.
        """
        return {part: sum([await self._pages(*asked) for asked in ran]) for part, ran in list(self._ran.items())}

    async def _pages(self, statement: str, arguments: Sequence[Any]) -> int:
        try:
            rows = await self._session.fetch(f"{_COUNTED} {statement}", *arguments)
        except Exception as error:
            if classify(error) in (Fault.RECONNECT, Fault.RETRY_ONCE):
                raise
            return 0
        plan = json.loads(rows[0]["QUERY PLAN"])[0]["Plan"]
        return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])

    def _note(self, statement: str, arguments: Sequence[Any]) -> None:
        if self.account.is_new():
            self._ran.pop(self.account.part, None)
        self._ran.setdefault(self.account.part, []).append((statement, arguments))

    async def _timed(self, statement: str) -> Sequence[Row]:
        self._note(statement, ())
        with Elapsed() as elapsed:
            rows = await self._session.fetch(statement)
        self.round_trip = min(self.round_trip, elapsed.seconds)
        self.account.charge(elapsed.seconds - self.round_trip)
        return rows

    async def gather(
        self,
        questions: Sequence[Question[About]],
        branch: Branch[About],
        *arguments: object,
        arguments_of: Callable[[Sequence[Question[About]]], Sequence[object]] = lambda _: (),
        checkpoints: bool = False,
        apart: Collection[str] = (),
    ) -> Mapping[About, Gathered]:
        """Ask questions by a branch each; what was answered and who refused, by what was asked."""
        asked = Asked(
            fetch=self.fetch,
            branch=branch,
            role=self.role,
            arguments=arguments,
            arguments_of=arguments_of,
            checkpoints=checkpoints,
            apart=apart,
        )
        return await asked.gather(questions)

    async def count(
        self,
        questions: Sequence[Question[About]],
        branch: Branch[About],
        arguments_of: Callable[[Sequence[Question[About]]], Sequence[object]] = lambda _: (),
    ) -> Mapping[About, Gathered]:
        """Ask for counts, which are few rows each: of a server that is far away all in one statement."""
        asked = Asked(
            fetch=self.fetch, branch=branch, role=self.role, arguments_of=arguments_of, apart=self.resting.slow
        )
        if len(asked.chunks(questions)) > 1 and await self._is_far():
            most = far.MAX_RELATIONS
            asked = FarAsked(
                fetch=self.fetch,
                branch=branch,
                role=self.role,
                arguments_of=arguments_of,
                apart=self.resting.slow,
                most_relations=most,
                most_queues=most,
            )
        return await asked.gather(questions)

    async def _is_far(self) -> bool:
        """Whether many queues are better asked in one statement, and the server has what that takes."""
        if self.round_trip <= FAR and not self.is_pooled:
            return False
        if self._may_ask_far is None:
            try:
                await self.fetch(far.WORKS)
            except Exception as error:
                if classify(error) is Fault.RECONNECT:
                    raise
                self._may_ask_far = False
            else:
                self._may_ask_far = True
        return self._may_ask_far
