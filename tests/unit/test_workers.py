"""What is told of a worker: each sentence while it is so, and not once it is cured."""

from dataclasses import replace
from math import inf
from uuid import UUID

import pytest

from absurd_tui.observe.why import Clock
from absurd_tui.observe.workers import HeldRun, Standing, Worker, about, workers_of

NOW = 1_790_000_000.0
CLOCK = Clock(NOW, utc=True)
RUN = HeldRun("mail", UUID(int=1), UUID(int=2), "letter", 1, 3, NOW - 240, NOW + 20, None, None)


def worker(*runs: HeldRun, name: str | None = "w-1:77", ended_at: float | None = None) -> Worker:
    return Worker(name, runs, ("mail",), 0 if ended_at is None else 1, ended_at)


def told(one: Worker, *, sees_steps: bool = True) -> str:
    return " ".join(piece.text for piece in about(one, CLOCK, sees_steps=sees_steps))


def test_all_leases_over_is_likely_gone_and_one_that_lives_is_not() -> None:
    over = replace(RUN, claim_expires_at=NOW - 720)
    gone = worker(over, replace(over, run_id=UUID(int=3), claim_expires_at=NOW - 60))
    assert gone.standing(NOW) is Standing.GONE
    assert "All its 2 leases have expired, the first 12m ago: likely gone. The next claims in mail" in told(gone)
    assert "Its lease expired 12m ago: likely gone." in told(worker(over))
    cured = worker(over, replace(RUN, run_id=UUID(int=3)))
    assert cured.standing(NOW) is Standing.LATE
    assert "1 of its 2 leases expired; the others live. Slow, or one of several processes" in told(cured)
    assert worker(RUN).standing(NOW) is Standing.WORKS
    assert "likely gone" not in told(worker(RUN))


def test_slow_or_dead_is_told_by_the_last_checkpoint_and_the_lease() -> None:
    assert told(worker(RUN)) == (
        "It holds 1 claim, the oldest for 4m, and has saved no checkpoint in them."
        " Slow or dead: rows do not tell until its next lease ends, at 14:13:40."
    ).replace("14:13:40", CLOCK.at(NOW + 20))
    busy = worker(replace(RUN, checkpoint_at=NOW - 2, checkpoint_name="step"))
    assert "its last checkpoint was 2s ago." in told(busy)
    assert "Its checkpoints may not be read." in told(worker(RUN), sees_steps=False)
    endless = worker(replace(RUN, claim_expires_at=None))
    assert "Claimed without a lease: slow or dead cannot be told apart" in told(endless)


def test_one_that_holds_nothing_is_seen_and_never_alive() -> None:
    idle = worker(ended_at=NOW - 30)
    assert told(idle).startswith(
        "It holds nothing, ended 1 run of the latest, and was last seen 30s ago. Idle and stopped look the same"
    )
    assert (idle.standing(NOW), worker(ended_at=NOW - 3000).standing(NOW)) == (Standing.WORKS, Standing.IDLE)
    assert told(worker()).startswith("It holds nothing. ")


@pytest.mark.parametrize(("name", "whose"), [("worker", "Absurd's own"), ("gabsurd_worker", "gabsurd's")])
def test_a_default_id_may_be_that_of_several_processes(name: str, whose: str) -> None:
    assert f"This is {whose} default id: processes that keep it cannot be told apart." in told(worker(RUN, name=name))
    assert "default id" not in told(worker(RUN))


def test_the_same_id_in_two_queues_is_one_worker_and_the_worst_come_first() -> None:
    over = replace(RUN, queue="bills", run_id=UUID(int=5), claim_expires_at=NOW - 1)
    runs = [
        ("b", RUN),
        ("a", replace(RUN, run_id=UUID(int=4))),
        ("b", replace(over, claim_expires_at=None)),
        ("c", over),
    ]
    ended = [("mail", "old", 3, NOW - 9_000), ("mail", "older", 1, NOW - 99_000), ("mail", "aa", 2, NOW - 1)]
    workers = workers_of(runs, ended, NOW)
    assert [one.name for one in workers] == ["c", "a", "aa", "b", "old", "older"]
    both = workers[3]
    assert (both.queues, len(both.runs), both.tasks, both.oldest) == (("bills", "mail"), 2, ("letter",), NOW - 240)
    assert (both.nearest_expiry, both.last_seen) == (NOW + 20, NOW - 240)


def test_times_without_end_are_told_too() -> None:
    for at in (inf, -inf, 9_224_318_015_999.0):
        odd = worker(replace(RUN, claimed_at=at, claim_expires_at=at, checkpoint_at=at), ended_at=at)
        assert told(odd)
