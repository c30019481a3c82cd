from types import SimpleNamespace

import pytest

from absurd_tui.observe import resting
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.resting import LONGEST, REST_SECONDS, Resting

SLOW, LOCKED = Refusal("no answer within 2s", is_slow=True), Refusal("locked by pid 7")


class Clock:
    now = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(resting, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def rests(resting: Resting, clock: Clock, refusal: Refusal) -> float:
    """Refuse, and let the rest pass; how many seconds it took, and was told to take."""
    told, begun = resting.rest("mail", refusal), clock.now
    while resting.refusal("mail") is not None:
        assert resting.refusal("mail") == told
        clock.now += 1
    assert told.every == clock.now - begun
    return told.every


def test_a_queue_that_is_always_slow_is_asked_less_and_less_until_it_has_its_share(clock: Clock) -> None:
    resting = Resting()
    assert [rests(resting, clock, SLOW) for _ in range(6)] == [10, 20, 40, 80, LONGEST, LONGEST]


def test_one_that_was_slow_once_is_not_held_against_it(clock: Clock) -> None:
    resting = Resting()
    rests(resting, clock, SLOW)
    clock.now += REST_SECONDS
    assert rests(resting, clock, SLOW) == REST_SECONDS


def test_a_slow_queue_is_asked_alone_until_it_has_answered_for_as_long_as_it_rested(clock: Clock) -> None:
    resting = Resting()
    resting.rest("orders", LOCKED)
    rests(resting, clock, SLOW)
    assert resting.slow == {"mail"}
    clock.now += REST_SECONDS
    assert resting.slow == frozenset()


def test_a_queue_that_is_locked_is_asked_as_often_as_before(clock: Clock) -> None:
    resting = Resting()
    assert [rests(resting, clock, LOCKED) for _ in range(3)] == [REST_SECONDS] * 3
    assert [rests(resting, clock, refusal) for refusal in (SLOW, LOCKED, SLOW)] == [REST_SECONDS] * 3


def test_one_queue_rests_and_the_others_do_not(clock: Clock) -> None:
    resting = Resting()
    resting.rest("mail", LOCKED)
    assert (resting.refusal("mail"), resting.refusal("orders")) == (LOCKED, None)
