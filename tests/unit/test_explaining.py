"""Every badge and every finding is explained in two sentences, and what is shown is what is explained."""

from dataclasses import replace

import pytest
from fakes import SERVER
from readings import NOW, queue, refused, snapshot

from absurd_tui.observe.diagnosis import findings
from absurd_tui.observe.finding import EXPLAINED, Kind
from absurd_tui.observe.parts import Beat, Part
from absurd_tui.observe.records import Link, LinkState
from absurd_tui.observe.verdict import Settled
from absurd_tui.observe.why import Clock
from absurd_tui.ui.explaining import explained
from absurd_tui.ui.widgets.badges import EXPLAINED_BADGES, Badge
from absurd_tui.ui.widgets.head import HeadState

QUIET = snapshot(queue("mail"))
LIVE = Link(LinkState.LIVE, 0.0)
SEEN = HeadState("me@here/db", LIVE, Clock(NOW, utc=True), 1.0, QUIET)


def test_everything_that_can_be_shown_is_explained_in_two_sentences() -> None:
    assert (set(EXPLAINED), set(EXPLAINED_BADGES)) == (set(Kind), set(Badge))
    for told in (*EXPLAINED.values(), *EXPLAINED_BADGES.values()):
        assert (told.count(". "), told[-1]) == (1, "."), told


def server(**fields: object) -> HeadState:
    return replace(SEEN, snapshot=replace(QUIET, server=replace(SERVER, **fields)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("badge", "state"),
    [
        (Badge.PRODUCTION, replace(SEEN, is_production=True)),
        (Badge.READ_ONLY, replace(SEEN, is_read_only=True)),
        (Badge.STANDBY, server(is_standby=True)),
        (Badge.FAKE_CLOCK, server(fake_now="2026-01-01")),
        (Badge.SUPERUSER, server(is_superuser=True)),
        (Badge.POOLED, server(is_pooled=True)),
        (Badge.NEWER_SCHEMA, server(absurd_version="99.0.0")),
        (Badge.CONNECTING, replace(SEEN, link=Link(LinkState.CONNECTING, 0.0), snapshot=None, clock=None)),
        (Badge.LOST, replace(SEEN, link=Link(LinkState.LOST, 0.0))),
        (Badge.FROZEN, replace(SEEN, frozen_since=0.5)),
        (Badge.STALE, replace(SEEN, ticks=60.0)),
        (Badge.SLOWED, replace(SEEN, snapshot=replace(QUIET, slowed=(Beat(Part.COUNTS, 12.0, 0.24),)))),
        (Badge.SLOWED, replace(SEEN, pause=9.0)),
        (Badge.WELL, SEEN),
        (Badge.UNKNOWN, replace(SEEN, snapshot=snapshot(refused("mail")))),
        (Badge.UNKNOWN, replace(SEEN, snapshot=None, clock=None)),
    ],
)
def test_each_badge_is_explained_where_it_is_shown_and_only_there(badge: Badge, state: HeadState) -> None:
    told = EXPLAINED_BADGES[badge]
    assert told in [one.means.text for one in explained(state, None)]
    others = replace(SEEN, settled=Settled(findings(snapshot(queue("mail", expired=1, oldest_expired=NOW - 9)))))
    assert told not in [one.means.text for one in explained(others, None)]


def test_the_worst_finding_comes_first_unless_another_is_in_question() -> None:
    found = findings(snapshot(refused("zoo"), queue("mail", pending=3, oldest_due=NOW - 600)))
    state = replace(SEEN, is_read_only=True, settled=Settled(found))
    worst, badge = explained(state, None)
    assert (worst.word.text, worst.about.text) == ("WEDGED", "mail: nobody has claimed yet; 3 tasks are due.")
    assert worst.means.text == EXPLAINED[Kind.NOBODY_CLAIMS]
    assert badge.word.text == "READ ONLY"
    other, _ = explained(state, found[1])
    assert (other.word.text, other.means.text) == ("DEGRADED", EXPLAINED[Kind.REFUSED])
