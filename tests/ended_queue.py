"""A queue that is a few lists in memory, read as `observe.totals` reads a real one."""

import random
from dataclasses import dataclass, field
from math import inf
from uuid import UUID

from absurd_tui.observe.ledger import Counting, Ledger, Signs, Tail
from absurd_tui.observe.windows import Ended, Made, Span, Step, Tally

NOW = 1_800_000_000.0
LIVING = ("running", "sleeping")


@dataclass
class Run:
    run_id: UUID
    state: str
    available_at: float
    made_at: float


@dataclass
class Queue:
    """A queue as others see it: what an open transaction has written is not there before it commits."""

    now: float = NOW
    xid: int = 100
    runs: dict[UUID, Run] = field(default_factory=dict)
    held: dict[int, list[tuple[UUID, float]]] = field(default_factory=dict)
    deleted: int = 0

    def claim(self, run: Run, at: float) -> None:
        run.state, run.available_at = "running", at

    def add(self, state: str, at: float) -> None:
        run_id = UUID(int=random.getrandbits(128))
        self.runs[run_id] = Run(run_id, state, at, self.now)

    def let_all_go(self) -> None:
        """End every open transaction."""
        while self.held:
            self.act("let go", 0)

    def pick(self, number: int, *states: str) -> list[Run]:
        """The run that a number chooses among those of some states and no open transaction, if there is one."""
        locked = {run_id for claims in self.held.values() for run_id, _ in claims}
        found = [run for run in self.runs.values() if run.state in states and run.run_id not in locked]
        return [found[number % len(found)]] if found else []

    def act(self, kind: str, number: int) -> None:
        self.xid += 1
        if kind == "spawn":
            self.add("pending", self.now)
        elif kind == "claim":
            for run in self.pick(number, "pending"):
                self.claim(run, self.now)
        elif kind == "wake":
            for run in self.pick(number, "sleeping"):
                if run.available_at <= self.now:
                    self.claim(run, self.now)
        elif kind == "hold":
            for run in self.pick(number, "pending"):
                self.held[self.xid] = [(run.run_id, self.now)]
        elif kind == "let go" and self.held:
            for run_id, at in self.held.pop(sorted(self.held)[number % len(self.held)]):
                self.claim(self.runs[run_id], at)
                self.runs[run_id].state = ("running", "completed", "failed")[number % 3]
        elif kind in ("completed", "cancelled"):
            for run in self.pick(number, *(LIVING if kind == "cancelled" else ("running",))):
                run.state = kind
        elif kind == "failed":
            for run in self.pick(number, *LIVING):
                run.state = "failed"
        elif kind == "sleep":
            for run in self.pick(number, "running"):
                run.state, run.available_at = "sleeping", (self.now, self.now + 45, inf)[number % 3]
        elif kind == "clean-up":
            for run in self.pick(number, "completed", "failed"):
                del self.runs[run.run_id]
                self.deleted += 1
        elif kind == "wait":
            self.now += number
        elif kind == "past":
            for run in self.pick(number, "running"):
                run.state, run.available_at = "sleeping", self.now - 100

    def number(self, state: str, start: float = -inf, end: float = inf, *, to_the_end: bool = False) -> int:
        return sum(
            run.state == state and start <= run.available_at and (to_the_end or run.available_at < end)
            for run in self.runs.values()
        )

    def tail(self, book: Ledger | None) -> Tail:
        watermark = inf if book is None else book.history.watermark
        counted_from = inf if book is None else book.history.counted_from
        known = [] if book is None else [(run_id, self.runs.get(run_id)) for run_id in book.history.stragglers]
        found = [(run_id, run if run and run.available_at < watermark else None) for run_id, run in known]
        living = [run for run in self.runs.values() if run.state in LIVING]
        return Tail(
            table=1,
            signs=Signs(self.deleted, "1"),
            now=self.now,
            xmin=min(self.held, default=self.xid + 1),
            xmax=self.xid + 1,
            is_fake=False,
            tally=Tally(
                self.number("completed", watermark, to_the_end=True), self.number("failed", watermark, to_the_end=True)
            ),
            made=self.made(Span(watermark, inf)),
            ended=[
                Ended(run_id, run.available_at, run.state == "failed")
                for run_id, run in found
                if run and run.state in ("completed", "failed")
            ],
            left=[run_id for run_id, run in found if not run or run.state in ("pending", "cancelled")],
            living=sum(run.available_at in Span(counted_from, watermark) for run in living),
            known=sum(run is not None and run.state in LIVING and run.available_at >= counted_from for _, run in found),
        )

    def made(self, span: Span) -> Made:
        """Each run is the only one of its task here."""
        number = sum(run.made_at in span for run in self.runs.values())
        return Made(number, number)

    def counting(self, step: Step) -> Counting:
        span = step.span
        living = [
            run for state in LIVING for run in self.runs.values() if run.state == state and run.available_at in span
        ]
        tally = Tally(self.number("completed", span.start, span.end), self.number("failed", span.start, span.end))
        return Counting(
            1, self.now, tally, {run.run_id: run.available_at for run in living}, self.made(span) if step.made else None
        )

    def step(self, book: Ledger, seconds: float = 0.025) -> Ledger:
        step = book.next_step() or book.next_again() or book.next_unmade()
        if step is None:
            return book
        if not step.ended:
            return book.with_made(step.span, self.made(step.span))
        return book.counted(step.span, self.counting(step), seconds)
