from dataclasses import replace
from datetime import UTC
from math import inf

import pytest
from fakes import SERVER
from hypothesis import given
from hypothesis import strategies as st
from readings import HOSTILE, NOW, YEAR_294276, queue, refused, snapshot

from absurd_tui.observe.diagnosis import findings
from absurd_tui.observe.records import Link, LinkState, QueueReading, Snapshot
from absurd_tui.observe.verdict import Settled
from absurd_tui.observe.why import Clock
from absurd_tui.text import clean
from absurd_tui.ui.widgets.head import Header, HeadState, Verdict
from absurd_tui.ui.widgets.lines import Line, width_of
from absurd_tui.ui.widgets.roles import GROUNDS, ROLES

LIVE = Link(LinkState.LIVE, 900.0)
LOST = Link(LinkState.LOST, 953.0, "The server closed the connection.", 4, 1008.0)
REFUSED = Link(LinkState.REFUSED, 953.0, "password authentication failed", 1)
WEDGED = queue("mail", pending=3, oldest_due=NOW - 720, last_claim=NOW - 720)
FULL = replace(
    SERVER, is_superuser=True, is_standby=True, fake_now="2020-01-01", version="17.2 (Debian 17.2-1)", is_pooled=True
)


def state(link: Link = LIVE, reading: Snapshot | None = None, **fields: object) -> HeadState:
    """What is shown 1000 s into our clock, of a snapshot that was taken just then."""
    shown = snapshot(queue(), taken=1000.0) if reading is None else reading
    made = HeadState("operator@db/orders", link, Clock(NOW, utc=True, offset=UTC), 1000.0, shown)
    return replace(made, **fields)  # type: ignore[arg-type]


def text(line: Line) -> str:
    return "".join(piece.text for piece, _ in line.spans)


def header(shown: HeadState, width: int = 120) -> str:
    made = Header()
    made.show(shown)
    (line,) = made.lines(width, 1)
    return text(line)


def roles(shown: HeadState, word: str) -> str:
    made = Header()
    made.show(shown)
    return next(role for piece, role in made.lines(120, 1)[0].spans if word in piece.text)


def verdict(shown: HeadState, width: int = 120, height: int = 2) -> list[str]:
    made = Verdict()
    made.show(shown)
    return [text(line) for line in made.lines(width, height)]


def settled(*queues: QueueReading) -> Settled:
    found = findings(snapshot(*queues))
    return Settled().after(found, NOW).after(found, NOW)


# the header


@pytest.mark.parametrize(
    ("shown", "word", "role"),
    [
        (state(Link(LinkState.CONNECTING, 999.0)), "CONNECTING", "muted"),
        (state(), "live", "strong"),
        (state(LOST), "LOST 47s", "block-degraded"),
        (state(REFUSED), "LOST 47s", "block-degraded"),
        (state(frozen_since=988.0), "FROZEN 12s", "block-unknown"),
        (state(LOST, frozen_since=988.0), "LOST 47s", "block-degraded"),
        (state(reading=snapshot(taken=994.0)), "STALE 6s", "block-degraded"),
        (state(reading=snapshot(taken=995.0)), "live", "strong"),
        (state(reading=snapshot(taken=970.0), pause=20.0), "live", "strong"),
        (state(reading=snapshot(taken=959.0), pause=20.0), "STALE 41s", "block-degraded"),
    ],
)
def test_the_state_of_the_connection(shown: HeadState, word: str, role: str) -> None:
    assert f" {word} " in header(shown)
    assert roles(shown, word) == role


def test_the_whole_header_where_there_is_room() -> None:
    left, right = header(state()).strip().split("live")
    assert left.split() == ["absurd-tui", "operator@db/orders", "PG", "18.0", "·", "Absurd", "0.5.1"]
    assert right.split() == ["14:13:20", "UTC", "every", "1s"]
    assert header(state(), 200).endswith(" every 1s  poll 2 ms ")
    assert header(state(), 100).endswith("live  14:13:20  1s ")


def test_the_address_and_the_badges_are_dropped_last() -> None:
    shown = state(reading=replace(snapshot(taken=1000.0), server=FULL))
    wide, narrow = header(shown), header(shown, 80)
    assert all(
        word in wide
        for word in ("STANDBY", "SUPERUSER", "FAKE CLOCK", "via pooler", "operator@db/orders", "absurd-tui")
    )
    assert all(word in narrow for word in ("STANDBY", "SUPERUSER", "FAKE CLOCK", "db/orders", "live"))
    assert "PG 17.2" not in narrow
    assert "PG 17.2 · Absurd" in header(shown, 160)


LONG = "operator@mydb-production.abcdefghijkl.eu-central-1.rds.amazonaws.com:6432/orders"


@pytest.mark.parametrize(
    ("width", "left"),
    [
        (220, f"absurd-tui   PRODUCTION   READ ONLY   {LONG}   PG 18.0 · Absurd 0.5.1"),
        (160, f"absurd-tui   PRODUCTION   READ ONLY   {LONG}"),
        (150, f"absurd-tui   PRODUCTION   READ ONLY   {LONG}"),
        (140, f"PRODUCTION   READ ONLY   {LONG}"),
        (130, f"PRODUCTION   READ ONLY   {LONG.removeprefix('operator@')}"),
        (80, "PRODUCTION   READ ONLY   mydb-product…aws.com:6432/orders"),
        (60, "PRODUCTION   READ ONLY   my…32/orders"),
    ],
)
def test_the_badges_stay_and_of_a_long_address_the_user_goes_then_the_middle_of_the_host(width: int, left: str) -> None:
    line = header(state(address=LONG, is_production=True, is_read_only=True), width)
    assert line.partition("  live  ")[0].strip() == left


def test_a_database_with_a_name_too_long_for_the_header_is_cut_in_the_middle() -> None:
    line = header(state(address=f"operator@db/{'x' * 80}y", is_production=True), 80)
    assert line.partition("  live  ")[0].strip().endswith("xy")


def test_production_colours_the_whole_row() -> None:
    for is_production, ground in ((True, "production"), (False, "bar")):
        made = Header()
        made.show(state(is_production=is_production))
        assert made.lines(120, 1)[0].ground == ground
    assert roles(state(is_production=True), "PRODUCTION") == "block-production"


def test_a_schema_that_does_not_say_its_version_is_not_given_one() -> None:
    server = replace(SERVER, absurd_version=None)
    assert "Absurd" not in header(state(reading=replace(snapshot(taken=1000.0), server=server)))


@pytest.mark.parametrize(
    ("every", "pause", "told", "role"),
    [
        (1.0, 1.0, "every 1s", "muted"),
        (0.5, 0.5, "every 0.5s", "muted"),
        (1.0, 1.4, "every 1.4s", "muted"),
        (1.0, 2.75, "every 2.8s", "warning"),
        (1.0, 47.3, "every 47s", "warning"),
        (60.0, 60.0, "every 60s", "muted"),
    ],
)
def test_how_often_it_reads(every: float, pause: float, told: str, role: str) -> None:
    shown = state(every=every, pause=pause)
    assert header(shown).endswith(f"  {told} ")
    assert roles(shown, "every") == role


def test_before_the_first_snapshot_it_names_where_it_connects_to() -> None:
    shown = HeadState("operator@db/orders", Link(LinkState.CONNECTING, 1000.0), None, 1000.0)
    assert header(shown).split() == ["absurd-tui", "operator@db/orders", "CONNECTING", "every", "1s"]


# the verdict


def test_when_all_is_well_the_first_line_says_since_when_and_the_second_has_the_figures() -> None:
    quiet = Settled().after((), NOW - 60).after((), NOW)
    assert [line.rstrip() for line in verdict(state(settled=quiet))] == [
        "    OK      All quiet since 14:12.",
        "            1 queue. Nothing is due, nothing runs.",
    ]
    seen_once = quiet.after(findings(snapshot(WEDGED)), NOW)
    assert "All quiet" not in "".join(verdict(state(settled=seen_once))), "it is not, though one look shows nothing yet"
    yesterday = Settled().after((), NOW - 86_400)
    assert "All quiet since Sep 20 14:13." in verdict(state(settled=yesterday))[0]
    assert "There is no queue yet." in verdict(state(reading=snapshot(taken=1000.0), settled=quiet))[0]


def test_a_verdict_names_the_key_that_goes_where_it_can_be_looked_at() -> None:
    one = verdict(state(settled=settled(WEDGED)))[1]
    assert one.rstrip().endswith("V Pending  v all")
    expired = queue("orders", running=1, expired=1, oldest_expired=NOW - 9)
    assert verdict(state(settled=settled(expired)))[1].rstrip().endswith("V Claimed  v all")


def test_a_reading_that_is_late_is_not_told_as_the_present() -> None:
    late = state(reading=snapshot(WEDGED, taken=988.0), settled=settled(WEDGED))
    lines = verdict(late)
    assert [lines[0][:10].strip(), lines[0][12:].rstrip()] == [
        "UNKNOWN",
        "Nothing was read for 12s. Everything below is from 14:13:20.",
    ]
    assert verdict(replace(late, pause=20.0))[0][:10].strip() == "WEDGED"
    assert verdict(replace(late, frozen_since=988.0))[0][:10].strip() == "WEDGED"


@pytest.mark.parametrize(
    ("queues", "word", "what", "then", "more"),
    [
        ((WEDGED,), "WEDGED", "mail: nobody has claimed for 12m; 3 tasks are due.", "No worker seems to poll", ""),
        ((refused("a"), queue("b")), "DEGRADED", "a cannot be read.", "locked by somebody else.", ""),
        ((refused("a"), WEDGED, refused("b")), "WEDGED", "mail: nobody has claimed", "No worker seems", "+2 more"),
    ],
)
def test_the_worst_finding_has_two_lines_and_the_others_a_number(
    queues: tuple[QueueReading, ...], word: str, what: str, then: str, more: str
) -> None:
    first, second = verdict(state(reading=snapshot(*queues, taken=1000.0), settled=settled(*queues)))
    assert first[:10] == word.center(10)
    assert first[12:].startswith(what)
    assert second[:12].isspace()
    assert second[12:].startswith(then)
    assert second.rstrip().endswith(f"{more} v" if more else "v all")


def test_where_no_queue_can_be_read_nothing_is_known() -> None:
    unread = (refused("a"), refused("b"))
    shown = state(reading=snapshot(*unread, taken=1000.0), settled=settled(*unread))
    lines = verdict(shown, height=4)
    assert [line.strip() for line in lines] == ["UNKNOWN    No queue is readable.", "locked by somebody else."]


def test_a_higher_verdict_lists_the_next_findings() -> None:
    shown = state(settled=settled(refused("a"), WEDGED, refused("b"), refused("c")))
    lines = verdict(shown, height=4)
    assert [line[:10].strip() for line in lines] == ["WEDGED", "", "DEGRADED", "DEGRADED"]
    assert [line[12:].split(" ", 1)[0] for line in lines[2:]] == ["a", "b"]
    assert lines[1].rstrip().endswith("+1 more v")


@pytest.mark.parametrize(
    ("shown", "first", "second"),
    [
        (
            HeadState("operator@db/orders", Link(LinkState.CONNECTING, 999.0), None, 1000.0),
            "Connecting to operator@db/orders.",
            "",
        ),
        (HeadState("operator@db/orders", LIVE, None, 1000.0), "Reading.", ""),
        (
            HeadState("operator@db/orders", LOST, None, 1000.0),
            "No connection to operator@db/orders for 47s.",
            "The server closed the connection. Attempt 5 in 8s (R: now).",
        ),
        (
            state(LOST),
            "No answer from the database for 47s. Everything below is from 14:13:20.",
            "The server closed the connection. Attempt 5 in 8s (R: now).",
        ),
        (
            state(replace(LOST, reason="the database system is starting up")),
            "No answer from the database for 47s. Everything below is from 14:13:20.",
            "the database system is starting up. Attempt 5 in 8s (R: now).",
        ),
        (
            state(replace(LOST, attempt=0)),
            "No answer from the database for 47s. Everything below is from 14:13:20.",
            "The server closed the connection.",
        ),
        (
            state(replace(LOST, retry_at=990.0)),
            "No answer from the database for 47s. Everything below is from 14:13:20.",
            "The server closed the connection. Attempt 5 in 0s (R: now).",
        ),
        (
            state(REFUSED),
            "No answer from the database for 47s. Everything below is from 14:13:20.",
            "password authentication failed (not tried again by itself; R tries)",
        ),
    ],
)
def test_without_an_answer_the_verdict_is_unknown_whatever_was_found(shown: HeadState, first: str, second: str) -> None:
    for one in (shown, replace(shown, settled=settled(WEDGED)) if shown.is_stale else shown):
        lines = verdict(one)
        assert lines[0][:10].strip() == "UNKNOWN"
        assert [lines[0][12:].rstrip(), lines[1].strip()] == [first, second]


# any state at any width

links = st.builds(
    Link,
    st.sampled_from(LinkState),
    st.floats(0, 1000),
    st.sampled_from(["", "password authentication failed", HOSTILE, "word " * 60]),
    st.integers(0, 10**9),
    st.none() | st.floats(900, 2000),
)
servers = st.builds(
    replace,
    st.just(SERVER),
    is_superuser=st.booleans(),
    is_standby=st.booleans(),
    fake_now=st.sampled_from([None, "2020-01-01"]),
    version=st.sampled_from(["18.0", "17.2 (Debian 17.2-1.pgdg120+1)"]),
    absurd_version=st.sampled_from([None, "0.5.1", "main", "x" * 40]),
)
states = st.builds(
    HeadState,
    address=st.sampled_from(["operator@db/orders", HOSTILE, "u@" + "very-long-host." * 9 + "example/orders"]),
    link=links,
    clock=st.none() | st.builds(Clock, st.sampled_from([NOW, inf, -inf, YEAR_294276, -1e15]), st.booleans()),
    ticks=st.floats(1000, 100_000),
    snapshot=st.none()
    | st.builds(lambda server: snapshot(WEDGED, refused(HOSTILE), taken=990.0, server=server), servers),
    settled=st.sampled_from([Settled(), settled(WEDGED), settled(WEDGED, refused(HOSTILE), refused("b"))]),
    pause=st.sampled_from([0.5, 1.0, 2.75, 60.0, 1234.5]),
    frozen_since=st.none() | st.floats(0, 1000),
    is_production=st.booleans(),
    is_read_only=st.booleans(),
)


@given(states, st.integers(60, 220))
def test_the_header_is_one_line_of_exactly_the_width_and_always_tells_the_connection(
    shown: HeadState, width: int
) -> None:
    made = Header()
    made.show(shown)
    (line,) = made.lines(width, 1)
    assert width_of(line.spans) == width
    assert all(role in ROLES or not role for _, role in line.spans)
    assert any(f" {word}" in text(line) for word in ("live", "LOST", "STALE", "FROZEN", "CONNECTING"))
    if shown.is_production and width >= 80:
        assert " PRODUCTION  " in text(line)
    assert clean(text(line)) == text(line)


@given(states, st.integers(60, 220), st.sampled_from([2, 4]))
def test_the_verdict_fits_its_lines(shown: HeadState, width: int, height: int) -> None:
    made = Verdict()
    made.show(shown)
    lines = made.lines(width, height)
    assert 2 <= len(lines) <= height
    for line in lines:
        assert width_of(line.spans) == width
        assert line.ground in GROUNDS
        assert clean(text(line)) == text(line)
    assert text(lines[0])[:10].strip() in {"OK", "DEGRADED", "WEDGED", "UNKNOWN"}
