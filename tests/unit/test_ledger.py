"""Totals of ended tasks, over histories of a queue in memory: what is plain is equal."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from ended_queue import LIVING, Queue
from hypothesis import given, settings
from hypothesis import strategies as st

from absurd_tui.observe import ledger, windows
from absurd_tui.observe.ledger import Estimate, Ledger, Signs, Total
from absurd_tui.observe.records import Count
from absurd_tui.observe.windows import CERTAIN_FOR, Made, Pace, Step, Tally

MANY = 6
FEW = 3


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Advance always, watch few stragglers, and count few rows at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "ADVANCE_ROWS", 0)
        patch.setattr(windows, "MAX_STRAGGLERS", MANY)
        patch.setattr(windows, "_ROWS", (1, FEW, 1000))
        yield


KINDS = ["spawn", "claim", "wake", "hold", "let go", "completed", "cancelled", "failed", "sleep", "clean-up"]
acts = st.tuples(st.sampled_from([*KINDS, "spawn", "claim", "hold", "let go"]), st.integers(0, 99))
waits = st.tuples(st.just("wait"), st.sampled_from([1, 20, 40, 40, 100, 500]))
steps = st.tuples(st.just("step"), st.just(0))
readings = st.tuples(st.just("read"), st.integers(1, 12))


def begun(queue: Queue) -> Ledger:
    book = Ledger.begun(queue.tail(None))
    return replace(book.read(queue.tail(book)), pace=Pace(rows=FEW))


def is_plain(count: Count) -> bool:
    return not count.is_capped and not count.is_estimate


def is_certain(book: Ledger) -> bool:
    return book.total is not None and is_plain(book.total.completed) and is_plain(book.total.failed_runs)


def read(queue: Queue, book: Ledger) -> Ledger:
    """Read a tail: what is said to be certain is so, and what is at least so many is not more than there are."""
    book = book.read(queue.tail(book))
    assert book.total is not None
    for state, count in (("completed", book.total.completed), ("failed", book.total.failed_runs)):
        exact = queue.number(state, to_the_end=True)
        if is_plain(count):
            assert count.value == exact, state
        if count.is_capped and not queue.deleted:
            assert count.value <= exact, state
    if is_plain(book.total.failed_runs) and book.history.made is not None:
        assert book.total.failed.value == book.total.failed_runs.value, "no task here was tried again"
    return book


def read_until_plain(queue: Queue, book: Ledger) -> Ledger:
    for _ in range(400):
        queue.now += 1.0
        book = read(queue, book)
        if is_certain(book):
            return book
        book = queue.step(book)
    raise AssertionError("a total becomes plain when nothing happens any more")


@settings(max_examples=60)
@given(st.lists(acts, max_size=30), st.lists(st.one_of(acts, acts, waits, steps, readings), max_size=80))
def test_what_is_plain_is_equal_and_what_is_not_becomes_so(
    before: list[tuple[str, int]], during: list[tuple[str, int]]
) -> None:
    queue = Queue()
    for act in before:
        queue.act(*act)
    queue.let_all_go()
    book = read_until_plain(queue, begun(queue))
    for kind, number in during:
        if kind == "read":
            for _ in range(number):
                queue.now += 1.0
                book = queue.step(read(queue, book), seconds=number / 120)
        elif kind == "step":
            book = queue.step(book)
        else:
            queue.act(kind, number)
    queue.let_all_go()
    if len([run for run in queue.runs.values() if run.state in LIVING]) <= MANY:
        read_until_plain(queue, book)


# what each rule is for


def counted(*acts: tuple[str, int]) -> tuple[Queue, Ledger]:
    """A queue after some acts, and its ledger when all of it was counted."""
    queue = Queue()
    for act in acts:
        queue.act(*act)
    return queue, read_until_plain(queue, begun(queue))


def read_for(seconds: int, queue: Queue, book: Ledger, every: int = 1) -> Ledger:
    for _ in range(seconds // every):
        queue.now += every
        book = queue.step(read(queue, book))
    return read(queue, book)


def test_the_watermark_waits_for_a_claim_that_is_held_open() -> None:
    queue, book = counted(("spawn", 0))
    queue.act("hold", 0)
    held_at = queue.now
    book = read_for(100, queue, book)
    assert book.history.watermark <= held_at
    assert is_certain(book)
    queue.act("let go", 1)
    book = read_for(60, queue, book)
    assert is_certain(book)
    assert book.history.watermark > held_at


def test_a_claim_held_for_longer_than_ten_minutes_costs_the_certainty_until_it_is_over() -> None:
    queue, book = counted(("spawn", 0))
    queue.act("hold", 0)
    held_at = queue.now
    book = read_for(700, queue, book, every=5)
    assert book.history.watermark > held_at, "what is read at each poll must not grow for ever"
    assert not is_certain(book)
    queue.act("let go", 1)
    read_until_plain(queue, read(queue, book))


def test_a_straggler_that_ends_between_a_reading_and_a_recount_is_counted_once() -> None:
    queue, book = counted(("spawn", 0), ("claim", 0))
    book = read_for(60, queue, book)
    assert len(book.history.stragglers) == 1
    queue.now += windows.RECOUNT_AFTER
    book = read(queue, book)
    queue.act("completed", 0)
    for _ in range(20):
        book = queue.step(book)
    book = read_until_plain(queue, book)
    assert (book.total and book.total.completed, book.history.stragglers) == (Count(1), {})


def test_a_straggler_that_sleeps_or_is_cancelled_or_cleaned_up_is_forgotten() -> None:
    queue, book = counted(*[("spawn", 0)] * 4, *[("claim", 0)] * 4)
    book = read_for(60, queue, book)
    assert len(book.history.stragglers) == 4
    for kind in ("cancelled", "sleep", "completed", "clean-up"):
        queue.act(kind, 0)
    assert len(read(queue, book).history.stragglers) == 1


def test_after_a_deletion_nothing_is_certain_until_all_was_counted_again() -> None:
    queue, book = counted(("spawn", 0), ("claim", 0), ("completed", 0), ("wait", 99))
    queue.act("clean-up", 0)
    book = read(queue, book)
    assert book.total
    assert (book.total.completed, book.total.failed_runs) == (Count(1, is_estimate=True), Count(0, is_estimate=True))
    book = read_until_plain(queue, book)
    assert book.total
    assert book.total.completed == Count(0)


def test_statistics_that_fall_are_a_sign_too() -> None:
    queue, book = counted(("spawn", 0), ("claim", 0), ("completed", 0), ("clean-up", 0))
    queue.deleted = 0
    assert not is_certain(read(queue, book))


def test_more_stragglers_than_are_watched_keep_the_watermark_and_then_the_certainty() -> None:
    queue, book = counted()
    for _ in range(MANY + 1):
        queue.act("spawn", 0)
        queue.act("claim", 0)
    claimed_at = queue.now
    book = read_for(100, queue, book)
    assert book.history.watermark <= claimed_at
    assert is_certain(book)
    book = read_for(700, queue, book, every=5)
    assert book.history.watermark > claimed_at
    assert not is_certain(book)
    for _ in range(MANY + 1):
        queue.act("completed", 0)
    book = read_until_plain(queue, read(queue, book))
    assert book.total
    assert book.total.completed == Count(MANY + 1)


def test_a_run_that_lives_where_none_was_known_is_a_sign() -> None:
    queue, book = counted(("spawn", 0))
    queue.act("claim", 0)
    queue.act("past", 0)
    book = read(queue, book)
    assert not is_certain(book)
    book = read_until_plain(queue, book)
    assert len(book.history.stragglers) == 1


def test_no_window_is_certain_for_longer_than_a_quarter_of_an_hour() -> None:
    queue, book = counted(("spawn", 0), ("claim", 0), ("completed", 0))
    queue.now += CERTAIN_FOR - 100.0
    assert is_certain(read(queue, book))
    queue.now += 100.0
    assert not is_certain(read(queue, book))


def test_all_of_the_history_is_counted_again_within_a_quarter_of_an_hour() -> None:
    queue, book = counted(*[("spawn", 0), ("claim", 0), ("completed", 0), ("wait", 99)] * 12)
    begun_at = queue.now
    book = read_for(899, queue, book)
    assert all(window.counted_at > begun_at for window in book.history.windows)
    assert is_certain(book)


def test_windows_that_are_too_large_are_cut_and_small_ones_are_put_together() -> None:
    queue, book = counted(*[("spawn", 0), ("claim", 0), ("completed", 0), ("wait", 40)] * 20)
    book = read_for(600, queue, replace(book, pace=Pace(rows=1000)), every=4)
    assert max(window.tally.rows for window in book.history.windows) == 20
    book = read_for(2400, queue, replace(book, pace=Pace(rows=FEW)), every=4)
    assert max(window.tally.rows for window in book.history.windows) <= 2 * FEW
    ends = [window.span.end for window in book.history.windows]
    assert [window.span.start for window in book.history.windows] == [float("-inf"), *ends[:-1]]


def test_a_span_grows_by_little_where_something_was_and_by_more_where_nothing_was() -> None:
    pace = Pace(width=100.0)
    assert pace.after(Tally(completed=9), 0.001).width == 200.0
    assert pace.after(Tally(), 0.001).width == 400.0
    assert pace.after(Tally(completed=9), 1.0).width == 25.0


def test_counting_what_passed_lately_does_not_change_how_much_of_the_past_is_counted_at_once() -> None:
    queue, book = counted(("spawn", 0), ("claim", 0), ("completed", 0))
    queue.act("spawn", 0)
    queue.act("claim", 0)
    queue.now += 100.0
    book = read(queue, replace(book, has_advanced=False))
    step = book.next_step()
    assert step is not None
    assert step.span.start == book.history.watermark
    advanced = book.counted(step.span, queue.counting(step), 9.0)
    assert advanced.history.watermark > book.history.watermark
    assert advanced.pace == book.pace


def test_what_is_counted_again_only_because_time_passes_is_not_missing() -> None:
    queue, book = counted(*[("spawn", 0), ("claim", 0), ("completed", 0), ("wait", 40)] * 3)
    assert begun(queue).next_step() is not None
    assert begun(queue).next_again() is None
    queue.now += windows.RECOUNT_AFTER + 100.0
    book = read(queue, book)
    while book.next_step() is not None:
        book = queue.step(book)
    again = book.next_again()
    assert again is not None
    assert not again.made
    queue.act("clean-up", 0)
    assert read(queue, book).next_step() is not None


def test_failed_tasks_are_the_planners_until_it_was_counted_what_was_made() -> None:
    queue, book = counted(*[("spawn", 0), ("claim", 0), ("failed", 0), ("wait", 40)] * 5)
    book = replace(book.read(replace(queue.tail(book), made=Made(3, 2))), estimate=Estimate(failed=77))
    assert book.total
    assert (book.total.failed_runs, book.total.failed) == (Count(5), Count(77, is_estimate=True))
    while (step := book.next_unmade()) is not None:
        assert not step.ended
        book = book.with_made(step.span, Made(10, 10))
    total = book.total
    assert total
    assert (total.failed_runs, total.failed) == (Count(5), Count(4, is_estimate=True)), "one run is a second attempt"
    assert replace(book, counts_made=False).total == replace(total, failed=Count(77, is_estimate=True))


def test_what_was_made_in_windows_goes_with_them_when_they_are_put_together_or_cut() -> None:
    queue, book = counted(*[("spawn", 0), ("claim", 0), ("completed", 0), ("wait", 40)] * 20)
    while (step := book.next_unmade()) is not None:
        book = book.with_made(step.span, queue.made(step.span))
    for pace in (Pace(rows=1000), Pace(rows=FEW)):
        book = read_for(2400, queue, replace(book, pace=pace), every=4)
        assert book.history.made == Made(20, 20)
        for window in book.history.windows:
            assert window.made == queue.made(window.span)


def test_where_counting_what_was_made_was_given_up_no_step_asks_for_it() -> None:
    queue, book = counted(*[("spawn", 0), ("claim", 0), ("completed", 0), ("wait", 40)] * 3)
    book = replace(book, counts_made=False)
    assert book.next_unmade() is None
    queue.act("clean-up", 0)
    step = read(queue, book).next_step()
    assert step is not None
    assert (step.ended, step.made) == (True, False)


def test_a_clock_that_is_set_back_begins_anew_and_one_that_trembles_does_not() -> None:
    queue, book = counted(("spawn", 0), ("claim", 0), ("completed", 0))
    queue.now -= 5.0
    assert is_certain(read(queue, book))
    queue.now -= 60.0
    anew = book.read(queue.tail(book))
    assert (anew.total, anew.history.windows, anew.estimate) == (None, (), book.estimate)
    read_until_plain(queue, anew)


def test_another_table_of_the_same_name_begins_anew() -> None:
    queue, book = counted(("spawn", 0), ("claim", 0), ("completed", 0))
    other = book.read(replace(queue.tail(book), table=2))
    assert (other.total, other.history.windows, other.table) == (None, (), 2)
    span = windows.Span(0.0, 1.0)
    assert book.counted(span, replace(queue.counting(Step(span)), table=2), 0.01) is book


def test_where_absurd_has_a_clock_of_its_own_nothing_is_certain() -> None:
    queue = Queue()
    book = begun(queue)
    for _ in range(100):
        queue.now += 1.0
        book = queue.step(book.read(replace(queue.tail(book), is_fake=True)))
    assert book.history.is_complete
    assert book.total
    assert book.total.completed == Count(0, is_estimate=True)


def test_before_all_was_counted_the_planner_is_asked_or_it_is_at_least_so_many() -> None:
    queue = Queue()
    for act in [("spawn", 0), ("claim", 0), ("completed", 0)]:
        queue.act(*act)
    book = begun(queue)
    assert book.total == Total(*[Count(number, is_capped=True) for number in (1, 0, 0, 0)])
    book = replace(book, estimate=Estimate(completed=90, failed=4, cancelled=2), cancelled=Count(3, is_estimate=True))
    about = [Count(number, is_estimate=True) for number in (90, 4, 3)]
    assert book.total == Total(about[0], Count(0, is_capped=True), *about[1:])
    assert Ledger(1, Signs(0, ""), book.horizon, book.history).total is None
