"""Which rows of a panel are not read again, and how many of each queue are read."""

import pytest
from readings import counts, row
from ticking import Clock

from absurd_tui.observe import depths
from absurd_tui.observe.branches import ListedQueue
from absurd_tui.observe.depths import FEW_QUEUES, FEW_ROWS, NAMED, REMEMBERED, Depths
from absurd_tui.observe.records import Count, Counts, ReadAt, State, TaskRow, View
from absurd_tui.observe.settled import EVERY, Settled

MANY = counts(failed=Count(600))
FAILED = [row(State.FAILED)]
MAIL = View("mail")


def at(seconds: float) -> ReadAt:
    return ReadAt(1_790_000_000.0 + seconds, 100.0 + seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ticking = Clock()
    monkeypatch.setattr(depths, "time", ticking)
    return ticking


def kept(
    seen: Settled[TaskRow],
    found: Counts = MANY,
    view: View = MAIL,
    *,
    state: State = State.FAILED,
    among: int = 1,
    later: float = 1.0,
) -> bool:
    return seen.items(state, "mail", (view, found), at(later), among=among) is not None


@pytest.fixture
def seen() -> Settled[TaskRow]:
    made = Settled[TaskRow]()
    for state in State:
        made.keep(state, "mail", (MAIL, MANY), FAILED, 0, at(0.0))
    return made


def test_rows_are_kept_for_some_seconds_with_when_they_were_read(seen: Settled[TaskRow]) -> None:
    assert kept(seen, later=EVERY[State.FAILED] - 0.1)
    assert not kept(seen, later=EVERY[State.FAILED])
    assert kept(seen, state=State.CANCELLED, later=EVERY[State.FAILED])
    found = seen.items(State.FAILED, "mail", (MAIL, MANY), at(3.0), among=1)
    assert found is not None
    assert (list(found.items), found.read) == (FAILED, at(0.0))


@pytest.mark.parametrize(
    "changed",
    [
        counts(failed=Count(601)),
        counts(failed=Count(600), cancelled=Count(1)),
        counts(failed=Count(600, is_capped=True)),
        None,
    ],
)
def test_other_counts_read_them_again(seen: Settled[TaskRow], changed: Counts | None) -> None:
    assert seen.items(State.FAILED, "mail", (MAIL, changed), at(1.0), among=1) is None


def test_a_count_that_has_nothing_to_do_with_it_does_not(seen: Settled[TaskRow]) -> None:
    assert kept(seen, counts(failed=Count(600), pending=Count(7), completed=Count(9)))


def test_another_view_another_panel_and_a_wish_read_them_again(seen: Settled[TaskRow]) -> None:
    assert not kept(seen, view=View("mail", with_retried=True))
    assert not kept(seen, state=State.COMPLETED)
    seen.forget()
    assert not kept(seen)


def test_few_failed_tasks_of_few_queues_are_read_at_each_poll() -> None:
    few, seen = counts(failed=Count(3)), Settled[TaskRow]()
    seen.keep(State.FAILED, "mail", (MAIL, few), FAILED, 0, at(0.0))
    assert not kept(seen, few)
    assert kept(seen, few, among=FEW_QUEUES + 1)


# how many


def test_few_queues_give_as_many_as_are_shown_and_many_a_few(clock: Clock) -> None:
    known = Depths()
    assert known.rows(State.PENDING, "mail", FEW_QUEUES, 60) == 60
    assert known.rows(State.PENDING, "mail", FEW_QUEUES + 1, 60) == FEW_ROWS
    known.needed(State.PENDING, "mail")
    assert known.rows(State.PENDING, "mail", 200, 60) == 60
    assert known.rows(State.FAILED, "mail", 200, 60) == FEW_ROWS
    clock.now += REMEMBERED + 1
    assert known.rows(State.PENDING, "mail", 200, 60) == FEW_ROWS


def test_of_many_queues_those_are_asked_that_have_rows_or_had_lately(clock: Clock) -> None:
    queues = [ListedQueue(f"q{n}", "unpartitioned", 0, may_checkpoints=True, refusal=None) for n in range(20)]
    known = Depths()

    def asked(*have: str) -> list[str]:
        return [queue.name for queue in known.worth_asking(State.PENDING, queues, have)]

    assert asked("q3", "q7") == ["q3", "q7"]
    clock.now += REMEMBERED / 2
    assert asked("q7") == ["q3", "q7"]
    clock.now += REMEMBERED / 2 + 1
    assert asked() == ["q7"]
    assert len(known.worth_asking(State.PENDING, queues[:FEW_QUEUES], ())) == FEW_QUEUES


def test_who_had_rows_keeps_a_place_in_the_statements_for_longer_than_it_is_asked(clock: Clock) -> None:
    queues = [ListedQueue(f"q{n}", "unpartitioned", 0, may_checkpoints=True, refusal=None) for n in range(20)]
    known = Depths()
    known.worth_asking(State.PENDING, queues, ["q3"])
    clock.now += NAMED - 1
    assert known.worth_asking(State.PENDING, queues, ()) == []
    assert known.worth_naming(State.PENDING, queues) == [queues[3]]
    assert known.worth_naming(State.COMPLETED, queues) == [queues[3]], "which it will have"
    assert known.worth_naming(State.FAILED, queues) == []
    assert known.worth_naming(State.FAILED, queues[:FEW_QUEUES]) == queues[:FEW_QUEUES]
    clock.now += 2
    assert known.worth_naming(State.PENDING, queues) == []
