"""From when on pending tasks are looked for."""

from math import inf

import pytest
from ticking import Clock

from absurd_tui.observe import floors as floors_module
from absurd_tui.observe.branches import MAX_QUEUES, ListedQueue, Question
from absurd_tui.observe.floors import DEAR, MARGIN, WHOLE_EVERY, Floors


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ticking = Clock()
    monkeypatch.setattr(floors_module, "time", ticking)
    return ticking


def of(floors: Floors, *names: str) -> object:
    """The floors of some queues; None where all are looked for from the beginning."""
    queues = [ListedQueue(name, "unpartitioned", 0, may_checkpoints=True, refusal=None) for name in names]
    (values,) = floors.arguments([Question(queue, None) for queue in queues])
    return values if values != [-inf] * len(names) else None


def begun(clock: Clock) -> Floors:
    floors = Floors()
    floors.begin(DEAR, 1, is_urged=False)
    assert of(floors, "mail") is None, "nothing has been seen"
    floors.see("mail", 5000.0, now=9000.0)
    floors.see("orders", None, now=9000.0)
    clock.now += 1
    return floors


def test_where_counting_is_dear_they_are_looked_for_from_before_the_oldest_that_was_seen(clock: Clock) -> None:
    floors = begun(clock)
    floors.begin(DEAR, 1, is_urged=False)
    assert of(floors, "mail", "orders", "new") == [5000.0 - MARGIN, 9000.0 - MARGIN, -inf]


def test_where_it_is_cheap_and_where_it_is_asked_for_from_the_beginning(clock: Clock) -> None:
    floors = begun(clock)
    floors.begin(DEAR / 2, 1, is_urged=False)
    assert of(floors, "mail") is None
    floors.begin(DEAR, 1, is_urged=True)
    assert of(floors, "mail") is None


def test_every_half_minute_from_the_beginning_because_a_spawn_may_be_committed_late(clock: Clock) -> None:
    floors = begun(clock)
    clock.now += WHOLE_EVERY
    floors.begin(DEAR, 1, is_urged=False)
    assert of(floors, "mail") is None
    clock.now += 1
    floors.begin(DEAR, 1, is_urged=False)
    assert of(floors, "mail") == [5000.0 - MARGIN]


def test_many_queues_may_cost_more_because_they_are_more_statements(clock: Clock) -> None:
    floors = begun(clock)
    floors.begin(3 * DEAR, 3 * MAX_QUEUES + 1, is_urged=False)
    assert of(floors, "mail") is None
    clock.now += 1
    floors.begin(3 * DEAR, 3 * MAX_QUEUES, is_urged=False)
    assert of(floors, "mail") == [5000.0 - MARGIN]
