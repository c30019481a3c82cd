from dataclasses import replace
from datetime import UTC
from math import inf

from readings import NOW, queue, refused, snapshot

from absurd_tui.observe.records import Link, LinkState, Snapshot
from absurd_tui.ui.watch import Watch

WRONG = queue("orders", running=2, expired=2, oldest_expired=NOW - 30)
LIVE = Link(LinkState.LIVE, 0.0)


def watch(*snapshots: Snapshot, link: Link = LIVE) -> Watch:
    made = Watch("tester@memory/absurd", every=1.0, ticks=0.0, offset=UTC)
    made.link = link
    for taken in snapshots:
        made.take(taken, 1.0)
    return made


def test_before_the_first_snapshot_there_is_nothing_to_show() -> None:
    empty = Watch("tester@memory/absurd", every=1.0, ticks=7.0)
    assert (empty.snapshot, empty.clock(9.0), empty.is_live) == (None, None, False)
    head = empty.head(9.0)
    assert (head.address, head.link, head.server) == (
        "tester@memory/absurd",
        Link(LinkState.CONNECTING, 7.0),
        None,
    )


def test_the_clock_is_the_databases_and_runs_with_ours_between_two_snapshots() -> None:
    shown = watch(snapshot(taken=100.0))
    clock = shown.clock(103.5)
    assert clock is not None
    assert (clock.now, clock.utc, clock.offset) == (NOW + 3.5, False, UTC)
    before = shown.clock(99.0)
    assert before is not None
    assert before.now == NOW, "it never runs backwards"


def test_the_clock_stands_still_while_nothing_is_read() -> None:
    shown = watch(snapshot(taken=100.0))
    shown.link = Link(LinkState.LOST, 101.0)
    clock = shown.clock(500.0)
    assert clock is not None
    assert clock.now == NOW


def test_utc_is_told_to_the_clock() -> None:
    shown = watch(snapshot())
    shown.utc = True
    clock = shown.clock(0.0)
    assert clock is not None
    assert clock.utc


def test_a_held_screen_stays_as_it_is_while_reading_goes_on() -> None:
    calm, wrong = snapshot(queue("orders"), taken=100.0), snapshot(WRONG, now=NOW + 1, taken=101.0)
    shown = watch(calm)
    shown.hold(100.5)
    for _ in range(3):
        shown.take(wrong, 1.0)
    head = shown.head(109.5)
    assert (shown.snapshot, head.snapshot) == (calm, calm)
    assert (head.clock, head.frozen_since) == (shown.clock(100.0), 100.5)
    assert not shown.settled.shown, "the verdict is of what is shown"
    assert not head.settled.shown
    shown.hold(110.0)
    assert (shown.snapshot, shown.head(110.0).frozen_since) == (wrong, None)
    assert [finding.kind for finding in shown.settled.shown] == ["lease expired"], "nothing was missed meanwhile"


def test_the_newest_snapshot_and_its_clock_are_known_also_while_the_screen_is_held() -> None:
    old, new = snapshot(queue("orders"), taken=100.0), snapshot(WRONG, now=NOW + 50, taken=150.0)
    shown = watch(old)
    shown.hold(100.5)
    shown.take(new, 1.0)
    clock, held = shown.newest_clock(151.0), shown.clock(151.0)
    assert clock is not None
    assert held is not None
    assert (shown.newest, clock.now) == (new, NOW + 51)
    assert (shown.snapshot, held.now) == (old, NOW)
    shown.link = Link(LinkState.LOST, 151.0)
    assert shown.newest_clock(500.0) == replace(clock, now=NOW + 50)
    assert watch().newest_clock(1.0) is None


def test_there_is_nothing_to_hold_before_the_first_snapshot() -> None:
    shown = watch()
    shown.hold(1.0)
    assert shown.head(2.0).frozen_since is None
    shown.take(snapshot(), 1.0)
    shown.hold(3.0)
    assert shown.head(4.0).frozen_since == 3.0


def test_what_settles_is_counted_by_snapshots() -> None:
    shown = watch(snapshot(refused("a")))
    assert not shown.settled.shown
    shown.take(snapshot(refused("a")), 1.0)
    assert [finding.queue for finding in shown.settled.shown] == ["a"]


def test_the_pause_is_that_of_the_newest_snapshot() -> None:
    shown = watch(snapshot())
    shown.take(snapshot(), 12.0)
    assert (shown.head(0.0).pause, shown.head(0.0).every) == (12.0, 1.0)


def test_an_odd_clock_of_the_database_is_shown_as_it_is() -> None:
    odd = watch(replace(snapshot(), now=inf))
    clock = odd.clock(5.0)
    assert clock is not None
    assert clock.at(clock.now) == "no limit"
