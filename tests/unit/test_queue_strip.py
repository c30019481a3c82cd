from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readings import HOSTILE, NOW, YEAR_294276, counts, queue, refused, snapshot

from absurd_tui.observe.diagnosis import findings
from absurd_tui.observe.finding import Level
from absurd_tui.observe.records import Count, QueueReading
from absurd_tui.observe.verdict import Settled
from absurd_tui.observe.why import Clock
from absurd_tui.text import clean
from absurd_tui.ui.widgets.columns import Column, Sight, row_spans, widths
from absurd_tui.ui.widgets.lines import width_of
from absurd_tui.ui.widgets.queue_strip import SHEET, QueueRow, newest, queue_rows, sparkline
from absurd_tui.ui.widgets.roles import ROLES

SIGHT = Sight(Clock(NOW, utc=True))
MOST = Count(10_000, is_capped=True)
WEDGED = queue("wedged", pending=1, oldest_due=NOW - 99)
DEGRADED = queue("degraded", running=1, expired=1, oldest_expired=NOW - 9)
CALM = QueueRow("mail", counts(), None, (), Level.OK, is_chosen=False)


def settled(*queues: QueueReading) -> Settled:
    found = findings(snapshot(*queues))
    return Settled().after(found, NOW).after(found, NOW)


def rows(*queues: QueueReading, chosen: str | None = None) -> tuple[QueueRow, ...]:
    return queue_rows(snapshot(*queues), settled(*queues), chosen)


def columns_of(width: int) -> tuple[Column[QueueRow], ...]:
    shows_queue = True
    return SHEET.columns(width, shows_queue)


def shares(width: int) -> tuple[tuple[Column[QueueRow], ...], tuple[int, ...]]:
    columns = columns_of(width)
    return columns, widths(columns, width)


def cell(record: QueueRow, label: str, width: int = 120) -> tuple[str, str]:
    column = next(column for column in columns_of(width) if column.label.strip().endswith(label))
    spans = column.draw(record, SIGHT)
    return "".join(text.text for text, _ in spans), spans[0][1]


# the order


def test_all_queues_come_first_then_trouble_then_by_name() -> None:
    shown = rows(queue("b"), DEGRADED, queue("a"), WEDGED, refused("c"), chosen="a")
    assert [(row.name, row.level, row.is_chosen) for row in shown] == [
        (None, Level.OK, False),
        ("wedged", Level.WEDGED, False),
        ("c", Level.DEGRADED, False),
        ("degraded", Level.DEGRADED, False),
        ("a", Level.OK, True),
        ("b", Level.OK, False),
    ]


def test_a_finding_that_has_not_settled_moves_no_queue() -> None:
    shown = queue_rows(snapshot(queue("a"), WEDGED), Settled().after(findings(snapshot(WEDGED)), NOW), None)
    assert [row.name for row in shown] == [None, "a", "wedged"]
    assert shown[0].is_chosen


def test_without_a_queue_there_is_the_line_of_all_of_them() -> None:
    (line,) = rows()
    assert (line.name, line.counts, line.done) == (None, counts(), ())


def test_the_line_of_all_queues_adds_up_what_could_be_read() -> None:
    first = queue("a", pending=2, running=MOST, expired=1, oldest_due=NOW - 9, last_claim=NOW - 5, oldest_expired=NOW)
    second = queue("b", pending=3, running=1, oldest_due=NOW - 60, last_claim=NOW - 1)
    together = rows(first, second)[0].counts
    assert together == counts(
        pending=5,
        running=Count(10_001, is_capped=True),
        expired=1,
        oldest_due=NOW - 60,
        last_claim=NOW - 1,
        oldest_expired=NOW,
    )


def test_with_a_queue_that_could_not_be_read_the_totals_are_at_least_so_many() -> None:
    readable = queue("a", pending=2, completed=MOST, oldest_due=NOW - 60, last_claim=NOW - 400)
    line = rows(readable, refused("b"))[0]
    for width in (80, 120, 200):
        assert cell(line, "pending", width) == ("2+", "")
        assert cell(line, "running", width) == ("0+", "muted")
        assert cell(line, "expired", width) == ("0+", "muted")
        assert cell(line, "due", width) == ("1m+", "caution")
    assert cell(line, "completed") == ("10,000+", "")
    assert cell(line, "claim") == ("–", "muted"), "the queue that could not be read may have been claimed in since"


def test_where_no_queue_could_be_read_no_total_is_known() -> None:
    line = rows(refused("a"), refused("b"))[0]
    for column in columns_of(120)[2:-1]:
        assert column.draw(line, SIGHT)[0][0].text == "–", column.label


def test_what_is_done_adds_up_minute_by_minute_as_far_as_it_is_known() -> None:
    first = QueueReading("a", "unpartitioned", counts(), None, (1, None, 3))
    second = QueueReading("b", "unpartitioned", counts(), None, (10, 20, 30))
    unread = QueueReading("c", "unpartitioned", counts())
    assert rows(first, second, unread)[0].done == (11, None, 33)


# the sparkline


@pytest.mark.parametrize(
    ("minutes", "cells", "drawn"),
    [
        ((), 10, ""),
        ((0,) * 30, 10, "▁" * 10),
        ((None,) * 30, 15, " " * 15),
        ((0, 1, 2, 3, 4, 5), 6, "▁▂▃▄▅▆"),
        ((0, 1, 1000), 3, "▁▂▆"),
        ((1, 1, 0, 0, 5, 5), 3, "▂▁▆"),
        ((None, 1, 2, 2), 2, " ▆"),
        ((7,), 30, "▆"),
        ((1,) * 5, 2, "▆▄"),
    ],
)
def test_a_sparkline(minutes: tuple[int | None, ...], cells: int, drawn: str) -> None:
    assert sparkline(minutes, cells) == drawn


@given(st.lists(st.none() | st.integers(0, 10**9), max_size=60), st.integers(1, 40))
def test_a_sparkline_never_exceeds_its_cells_and_hides_nothing(minutes: list[int | None], cells: int) -> None:
    drawn = sparkline(minutes, cells)
    assert len(drawn) <= cells
    assert set(drawn) <= set(" ▁▂▃▄▅▆")
    if any(minutes) and None not in minutes:
        assert "▆" in drawn
    if not any(minutes):
        assert "▆" not in drawn
    assert (" " in drawn) == (None in minutes)


@pytest.mark.parametrize(
    ("minutes", "cells", "written"),
    [
        ((), 10, ""),
        ((0,) * 30, 10, "0 in 3m"),
        ((1,) * 27 + (4, 5, 6), 10, "15 in 3m"),
        ((1,) * 27 + (4, 5, 6), 15, "11 in 2m"),
        ((1,) * 27 + (4, 5, 6), 30, "6 in 1m"),
        ((1,) * 29 + (None,), 10, "– in 3m"),
        ((50_000,) * 30, 10, "150k in 3m"),
    ],
)
def test_without_unicode_the_last_value_is_a_number(minutes: tuple[int | None, ...], cells: int, written: str) -> None:
    record = QueueRow("mail", counts(), None, minutes, Level.OK, is_chosen=False)
    width = {10: 80, 15: 120, 30: 200}[cells]
    spans = columns_of(width)[-1].draw(record, replace(SIGHT, is_ascii=True))
    assert "".join(piece.text for piece, _ in spans).strip() == written
    assert newest(minutes, cells) == written


# the columns


def test_columns_fill_every_width_and_the_name_has_room() -> None:
    for width in range(60, 221):
        columns, cells = shares(width)
        assert sum(cells) + len(cells) + 1 == width, width
        assert cells[1] >= (10 if width >= 62 else 8), width
        assert all(len(column.label) <= share for column, share in zip(columns, cells, strict=True)), width


@pytest.mark.parametrize(
    ("width", "labels"),
    [
        (60, ["pending", "running", "expired", "sleeping", "failed", "due"]),
        (70, ["pending", "running", "expired", "sleeping", "failed", "oldest due"]),
        (80, ["pending", "running", "expired", "sleeping", "failed", "oldest due", " done"]),
        (
            120,
            [
                "pending",
                "running",
                "expired",
                "sleeping",
                "failed",
                "completed",
                "cancelled",
                "oldest due",
                "last claim",
                " done, 30 min",
            ],
        ),
        (
            182,
            [
                "◌ pending",
                "» running",
                "expired",
                "z sleeping",
                "✗ failed",
                "✓ completed",
                "⊖ cancelled",
                "oldest due",
                "last claim",
                "done/min",
                "fails/min",
                " done, 30 min",
            ],
        ),
    ],
)
def test_what_is_dropped_where_there_is_no_room(width: int, labels: list[str]) -> None:
    assert [column.label for column in shares(width)[0] if column.label] == labels


@given(
    st.builds(
        QueueRow,
        name=st.none() | st.text(max_size=70) | st.just(HOSTILE),
        counts=st.none()
        | st.builds(
            counts,
            pending=st.sampled_from([0, 1, 9999, MOST]),
            completed=st.just(MOST),
            expired=st.integers(0, 10**12),
            oldest_due=st.sampled_from([None, NOW, NOW - 61, -inf, inf, YEAR_294276]),
            last_claim=st.sampled_from([None, NOW, NOW - 9999, -inf, inf]),
        ),
        refusal=st.none(),
        done=st.sampled_from([(), (0,) * 30, tuple(range(30)), (None,) * 30]),
        level=st.sampled_from(Level),
        is_chosen=st.booleans(),
    ),
    st.integers(60, 220),
)
def test_any_queue_fills_exactly_its_line_with_safe_text(record: QueueRow, width: int) -> None:
    columns, cells = shares(width)
    spans = row_spans(columns, cells, record, SIGHT)
    assert width_of(spans) == width - 1
    assert all(role in ROLES or not role for _, role in spans)
    said = "".join(text.text for text, _ in spans)
    assert clean(said) == said


@pytest.mark.parametrize(
    ("fields", "label", "told"),
    [
        ({}, "pending", ("0", "disabled")),
        ({"pending": 5}, "pending", ("5", "")),
        ({"pending": MOST}, "pending", ("10,000+", "")),
        ({"expired": 1}, "expired", ("1", "alarm")),
        ({"expired": 0}, "expired", ("0", "disabled")),
        ({}, "due", ("–", "muted")),
        ({"oldest_due": NOW - 59}, "due", ("59s", "")),
        ({"oldest_due": NOW - 60}, "due", ("1m", "caution")),
        ({"oldest_due": NOW - 300}, "due", ("5m", "alarm")),
        ({"oldest_due": -inf}, "due", ("forever", "alarm")),
        ({"oldest_due": NOW + 90}, "due", ("in 1m", "")),
        ({}, "claim", ("–", "muted")),
        ({"last_claim": NOW - 9999}, "claim", ("2h 46m", "")),
        ({"last_claim": NOW - 9999, "oldest_due": NOW - 1}, "claim", ("2h 46m", "alarm")),
    ],
)
def test_a_cell(fields: dict[str, object], label: str, told: tuple[str, str]) -> None:
    record = QueueRow("mail", counts(**fields), None, (), Level.OK, is_chosen=False)
    assert cell(record, label) == told


def test_what_failed_is_red_only_while_much_fails() -> None:
    calm = queue("calm", failed=2101, failed_last_minute=9, done_last_minute=1)
    failing = queue("failing", failed=500, failed_last_minute=212, done_last_minute=31)
    together, *apart = rows(calm, failing)
    assert [cell(row, "failed", 200) for row in (together, *apart)] == [
        ("2,601", "alarm"),
        ("500", "alarm"),
        ("2,101", ""),
    ]
    assert [cell(row, "fails/min", 200) for row in (together, *apart)] == [
        ("221", "alarm"),
        ("212", "alarm"),
        ("9", ""),
    ]
    assert [cell(row, "done/min", 200)[0] for row in (together, *apart)] == ["32", "31", "1"]


def test_what_could_not_be_read_is_unknown_and_never_zero() -> None:
    unknown = QueueRow("mail", None, None, (), Level.OK, is_chosen=False)
    for column in columns_of(120)[2:-1]:
        assert column.draw(unknown, SIGHT)[0][0].text == "–"


@pytest.mark.parametrize(
    ("level", "sign"), [(Level.OK, []), (Level.DEGRADED, [("!", "caution")]), (Level.WEDGED, [("!", "alarm")])]
)
def test_the_sign_of_trouble(level: Level, sign: list[tuple[str, str]]) -> None:
    record = QueueRow("mail", counts(), None, (), level, is_chosen=False)
    assert [(text.text, role) for text, role in columns_of(120)[0].draw(record, SIGHT)] == sign


def test_a_queue_is_named_by_its_key_and_all_queues_by_none() -> None:
    assert (SHEET.key(CALM), SHEET.key(rows()[0])) == (("mail",), (None,))
