from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readings import HOSTILE, NOW, hostile_rows, row

from absurd_tui.observe.records import Failure, State, TaskRow
from absurd_tui.observe.why import Clock
from absurd_tui.text import clean, filter_terminal
from absurd_tui.ui.content import Span
from absurd_tui.ui.widgets.columns import Sight, label_spans, row_spans, widths
from absurd_tui.ui.widgets.lines import width_of
from absurd_tui.ui.widgets.panel_columns import panel_columns
from absurd_tui.ui.widgets.roles import ROLES

CLOCK = Clock(NOW, utc=True)
NARROWEST, WIDEST = 57, 200
"""The narrowest is each of two panels beside each other in 116 columns."""

widths_of_a_panel = st.integers(NARROWEST, WIDEST)
LEAST_FLEX = 5


def drawn(record: TaskRow, width: int, *, shows_queue: bool = True) -> tuple[Span, ...]:
    columns = panel_columns(record.state, width, shows_queue)
    return row_spans(columns, widths(columns, width), record, Sight(CLOCK, shows_queue))


def line(record: TaskRow, width: int, *, shows_queue: bool = True) -> str:
    return "".join(text.text for text, _ in drawn(record, width, shows_queue=shows_queue))


def cell(record: TaskRow, label: str, width: int = 120) -> tuple[str, str]:
    """The text of one column and the role of its first span, as wide as it likes to be."""
    column = next(column for column in panel_columns(record.state, width, shows_queue=True) if column.label == label)
    spans = column.draw(record, Sight(CLOCK))
    return "".join(text.text for text, _ in spans), spans[0][1] if spans else ""


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("shows_queue", [True, False])
def test_columns_fill_every_width_and_each_has_room(state: State, shows_queue: bool) -> None:
    for width in range(NARROWEST, WIDEST + 1):
        columns = panel_columns(state, width, shows_queue)
        shares = widths(columns, width)
        assert sum(shares) + len(shares) + 1 == width
        assert sum(column.width == 0 for column in columns) == 1
        assert min(shares) >= 4
        assert all(share >= LEAST_FLEX for column, share in zip(columns, shares, strict=True) if not column.width)
        assert ("queue" in [column.label for column in columns]) == shows_queue
        for column, share in zip(columns, shares, strict=True):
            assert len(column.label) <= share or not column.width, (width, column.label)


@pytest.mark.parametrize("state", State)
def test_the_task_and_its_time_are_never_dropped(state: State) -> None:
    last = {
        State.PENDING: "due for",
        State.RUNNING: "left",
        State.SLEEPING: "wakes in",
        State.FAILED: "ago",
        State.COMPLETED: "ago",
        State.CANCELLED: "ago",
    }[state]
    for width in range(NARROWEST, WIDEST + 1):
        labels = [column.label for column in panel_columns(state, width, shows_queue=True)]
        assert labels[0] == ""
        assert labels[-1] == last


@settings(max_examples=300)
@given(hostile_rows, widths_of_a_panel, st.booleans())
def test_any_row_fills_exactly_its_line_with_safe_text(record: TaskRow, width: int, shows_queue: bool) -> None:
    spans = drawn(record, width, shows_queue=shows_queue)
    assert width_of(spans) == width - 1, "one blank cell is left at the right"
    assert all(role in ROLES or not role for _, role in spans)
    said = "".join(text.text for text, _ in spans)
    assert clean(filter_terminal(said)) == said


@pytest.mark.parametrize("state", State)
@given(width=widths_of_a_panel, taken=st.integers(0, 60), shows_queue=st.booleans())
def test_labels_stand_over_their_columns_and_give_way_to_the_title(
    state: State, width: int, taken: int, shows_queue: bool
) -> None:
    columns = panel_columns(state, width, shows_queue)
    shares = widths(columns, width)
    labels = label_spans(columns, shares, taken)
    assert not labels or taken + width_of(labels) <= width
    assert not labels or labels[0][0].text.isspace(), "a blank cell is between the title and a label"
    whole = " " * taken + "".join(text.text for text, _ in labels)
    at = 1
    for column, share in zip(columns, shares, strict=True):
        label = column.label if len(column.label) <= share else column.label[: share - 1] + "…"
        start = at + share - len(label) if column.right else at
        if label and start > taken:
            assert whole[start : start + len(label)] == label
        at += share + 1


def test_a_row_is_drawn_as_its_panel_says() -> None:
    pending = row(task_name="welcome", preview='{"user": 42}', available_at=NOW - 720, attempt=2, max_attempts=5)
    assert line(pending, 60) == " welcome" + " " * 21 + "mail         0001  2/5     12m"
    assert line(pending, 60, shows_queue=False) == " welcome" + " " * 34 + "0001  2/5     12m"
    assert line(pending, 70).split() == ["welcome", "mail", "00000001", "2/5", '{"user":', "42}", "12m"]


@pytest.mark.parametrize(
    ("fields", "lease", "left"),
    [
        ({"claim_expires_at": None}, ("no lease", "muted"), ("", "")),
        ({"claim_expires_at": NOW}, ("expired", "alarm"), ("0s", "alarm")),
        ({"claim_expires_at": NOW - 720}, ("expired", "alarm"), ("12m ago", "alarm")),
        ({"claim_expires_at": NOW + 30}, ("", ""), ("30s", "")),
        ({"claim_expires_at": NOW + 30, "lease_set_at": NOW - 30}, ("━━━━────", "running"), ("30s", "")),
        ({"claim_expires_at": NOW + 11, "lease_set_at": NOW - 49}, ("━╸──────", "warning"), ("11s", "caution")),
        ({"claim_expires_at": NOW + 60, "lease_set_at": NOW}, ("━━━━━━━━", "running"), ("1m 00s", "")),
        ({"claim_expires_at": NOW + 1, "lease_set_at": NOW - 3599}, ("────────", "warning"), ("1s", "caution")),
        ({"claim_expires_at": inf, "lease_set_at": NOW}, ("━━━━━━━━", "running"), ("no limit", "")),
        ({"claim_expires_at": NOW + 9, "lease_set_at": NOW + 9}, ("", ""), ("9s", "")),
    ],
)
def test_the_lease(fields: dict[str, object], lease: tuple[str, str], left: tuple[str, str]) -> None:
    claimed = row(State.RUNNING, started_at=NOW - 60, **fields)
    assert cell(claimed, "lease") == lease
    assert cell(claimed, "left") == left


@pytest.mark.parametrize(
    ("fields", "narrow", "wide"),
    [
        ({"wake_event": "paid:7"}, "event · paid:7", "event · paid:7"),
        ({"wake_event": ""}, "event", "event"),
        (
            {"attempt": 4, "max_attempts": 5, "failure": Failure("HTTPError", "503")},
            "retry 4/5 · HTTPError",
            "retry · HTTPError",
        ),
        ({"attempt": 4}, "retry 4", "retry"),
        ({"started_at": NOW, "reached_step": "nap", "available_at": NOW}, "timer · until 14:13:20", None),
        ({"started_at": NOW, "reached_step": "nap", "available_at": NOW + 86400}, "timer · until Sep 22 14:13", None),
        ({"started_at": NOW, "reached_step": "nap", "available_at": NOW + 43200}, "timer · until 02:13", None),
        ({"started_at": NOW, "reached_step": "nap", "available_at": inf}, "timer · no limit", None),
        ({"started_at": NOW, "reached_step": "nap", "available_at": -inf}, "timer · until -infinity", None),
        ({"started_at": NOW}, "deferred · no such task in worker", None),
        ({"wake_event": HOSTILE}, "event · " + clean(HOSTILE), None),
    ],
)
def test_the_reason_of_a_sleeper(fields: dict[str, object], narrow: str, wide: str | None) -> None:
    sleeper = row(State.SLEEPING, **fields)
    assert cell(sleeper, "reason", 60)[0] == narrow
    assert cell(sleeper, "reason", 80)[0] == (narrow if wide is None else wide)


@pytest.mark.parametrize(
    ("state", "label", "fields", "told"),
    [
        (State.SLEEPING, "wakes in", {"available_at": inf}, ("no limit", "")),
        (State.SLEEPING, "wakes in", {"available_at": NOW - 1}, ("due", "strong")),
        (State.SLEEPING, "wakes in", {"available_at": NOW + 599}, ("9m 59s", "")),
        (State.PENDING, "due for", {"available_at": NOW + 99}, ("in 1m", "")),
        (State.PENDING, "params", {"preview": None}, ("", "muted")),
        (State.PENDING, "attempt", {"attempt": 5, "max_attempts": 5}, ("5/5", "warning")),
        (State.PENDING, "attempt", {"attempt": 1, "max_attempts": 1}, ("1/1", "muted")),
        (State.PENDING, "attempt", {"attempt": 7}, ("7", "muted")),
        (State.FAILED, "failure", {"failure": Failure("KeyError", "k\nmore")}, ("KeyError: k", "")),
        (State.FAILED, "failure", {"is_retried": True, "failure": Failure("E", "")}, ("retried · E", "muted")),
        (State.FAILED, "failure", {}, ("", "")),
        (State.FAILED, "ago", {"ended_at": NOW - 5}, ("5s", "muted")),
        (State.COMPLETED, "ago", {}, ("–", "muted")),
        (State.COMPLETED, "took", {}, ("–", "muted")),
        (State.COMPLETED, "took", {"first_started_at": NOW - 9, "started_at": NOW - 1, "ended_at": NOW}, ("9.0s", "")),
        (State.COMPLETED, "took", {"started_at": NOW - 129, "ended_at": NOW}, ("2m 09s", "")),
        (State.COMPLETED, "took", {"started_at": inf, "ended_at": inf}, ("–", "")),
        (State.CANCELLED, "by", {"cancelled_at": NOW}, ("likely operator", "muted")),
        (
            State.CANCELLED,
            "by",
            {"cancelled_at": NOW, "is_cancelled_by_failure": True},
            ("max_duration", "muted"),
        ),
        (State.CANCELLED, "ago", {}, ("–", "muted")),
        (State.RUNNING, "runs for", {"started_at": None, "available_at": NOW - 60}, ("1m", "muted")),
        (State.RUNNING, "worker", {}, ("", "muted")),
    ],
)
def test_a_cell(state: State, label: str, fields: dict[str, object], told: tuple[str, str]) -> None:
    assert cell(row(state, **fields), label) == told


def test_a_worker_is_cut_in_its_middle_because_both_its_ends_count() -> None:
    claimed = row(State.RUNNING, worker="billing-7b9d5c-very-long:4211")
    assert "…" in line(claimed, 90)
    for width in (80, 100, 120, 130):
        shown = next(word for word in line(claimed, width).split() if word.startswith("bill"))
        assert shown.endswith(":4211")
