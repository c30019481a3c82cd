"""What the timeline draws of attempts whose times are known, and what it says of those that are not."""

import itertools
from math import inf

import pytest
from task_pages import CLOCK, NOW, checkpoint, page, run, run_id, wait

from absurd_tui.observe.records import State
from absurd_tui.observe.task_records import TaskPage
from absurd_tui.ui.widgets.axis import Axis, axis_spans
from absurd_tui.ui.widgets.lanes import Kind, lanes
from absurd_tui.ui.widgets.lines import Line, width_of
from absurd_tui.ui.widgets.timeline import Gap, shown_rows, timeline_lines

BACKING_OFF = '{"kind": "fixed", "base_seconds": 60}'


def text(line: Line) -> str:
    return "".join(span.text for span, _ in line.spans).rstrip()


def drawn(task: TaskPage, width: int = 120) -> list[str]:
    return [text(line) for line in timeline_lines(task, CLOCK, width, None)]


def kinds(task: TaskPage, attempt: int = 1) -> list[tuple[Kind, float, float]]:
    """The stretches of an attempt, in seconds after the spawn."""
    lane = lanes(task, NOW)[attempt - 1]
    return [(s.kind, s.start - NOW + 600, s.end - NOW + 600) for s in lane.stretches]


def test_a_retried_task_waits_runs_and_sleeps() -> None:
    task = page(
        State.SLEEPING,
        run(1, State.FAILED, created_at=0, available_at=60, started_at=60, failed_at=120, worker="pay-a:1"),
        run(2, State.SLEEPING, created_at=120, available_at=720),
        retry_strategy=BACKING_OFF,
        first_started_at=NOW - 540,
    )
    assert kinds(task) == [(Kind.WAITS, 0, 60), (Kind.RUNS, 60, 120)]
    assert kinds(task, 2) == [(Kind.SLEEPS, 120, 720)]
    axis, first, second, legend = drawn(task)
    assert first.startswith(" 1 ✗ failed")
    assert "1m 00s" in first
    assert "pay-a:1" in first
    chart = first[35:].rstrip("│ ")
    assert chart.strip("·━✗") == ""
    assert chart.endswith("━✗")
    assert chart.startswith("·")
    assert second.startswith(" 2 z sleeping")
    assert second.endswith("z»")
    assert "│" in second
    assert "now" in axis
    assert legend.split() == ["·", "waits", "━", "runs", "zz", "sleeps", "✗", "failed", "»", "due"]


def test_a_planned_start_far_away_stands_at_the_edge_with_its_time() -> None:
    task = page(State.SLEEPING, run(1, State.SLEEPING, created_at=0, available_at=600 + 7200, started_at=10))
    row = drawn(task)[1]
    assert row.endswith(f"» {CLOCK.at(NOW + 7200)}")
    assert len(row) <= 120


def test_a_wait_without_a_limit_is_said_at_the_edge() -> None:
    task = page(
        State.SLEEPING,
        run(1, State.SLEEPING, created_at=0, available_at=inf, started_at=10, wake_event="e"),
        waits=(wait("e", 200),),
        first_started_at=NOW - 590,
    )
    assert kinds(task) == [(Kind.WAITS, 0, 10), (Kind.RUNS, 10, 200), (Kind.SLEEPS, 200, 600)]
    assert drawn(task)[1].endswith("» no limit")


def test_a_running_attempt_runs_up_to_now() -> None:
    task = page(State.RUNNING, run(1, State.RUNNING, created_at=0, started_at=300), first_started_at=NOW - 300)
    assert kinds(task) == [(Kind.WAITS, 0, 300), (Kind.RUNS, 300, 600)]
    assert drawn(task)[1].endswith("━│")


def test_an_attempt_claimed_more_than_once_has_a_stretch_that_was_not_recorded() -> None:
    task = page(
        State.COMPLETED,
        run(1, State.COMPLETED, created_at=0, available_at=400, started_at=400, completed_at=450),
        first_started_at=NOW - 590,
        checkpoints=(checkpoint("collect", 1, 20), checkpoint("send", 1, 440)),
    )
    assert kinds(task) == [(Kind.WAITS, 0, 10), (Kind.UNKNOWN, 10, 400), (Kind.RUNS, 400, 450)]
    _, row, legend = drawn(task)
    assert "╌" in row
    assert "1" in row[35:]
    assert "2" in row[35:]
    assert row.endswith("✓")
    assert "not recorded" in legend


def test_an_earlier_claim_of_a_later_attempt_shows_in_its_checkpoints() -> None:
    task = page(
        State.COMPLETED,
        run(1, State.FAILED, created_at=0, started_at=10, failed_at=100),
        run(2, State.COMPLETED, created_at=100, started_at=300, completed_at=310),
        retry_strategy=BACKING_OFF,
        checkpoints=(checkpoint("a", 2, 200),),
    )
    assert kinds(task, 2) == [(Kind.UNKNOWN, 100, 300), (Kind.RUNS, 300, 310)]


def test_a_cancelled_attempt_is_known_up_to_its_last_checkpoint() -> None:
    task = page(
        State.CANCELLED,
        run(1, State.CANCELLED, created_at=0, available_at=10, started_at=10),
        first_started_at=NOW - 590,
        cancelled_at=NOW - 300,
        checkpoints=(checkpoint("a", 1, 100),),
    )
    assert kinds(task) == [(Kind.WAITS, 0, 10), (Kind.RUNS, 10, 100), (Kind.UNKNOWN, 100, 300)]
    assert drawn(task)[1].endswith("⊖")


def test_a_task_cancelled_before_its_start_only_waited() -> None:
    task = page(State.CANCELLED, run(1, State.CANCELLED, created_at=0), cancelled_at=NOW - 300)
    assert kinds(task) == [(Kind.WAITS, 0, 300)]


def test_a_woken_attempt_waits_again() -> None:
    task = page(
        State.PENDING,
        run(1, State.PENDING, created_at=0, available_at=500, started_at=10, wake_event="e"),
        first_started_at=NOW - 590,
        checkpoints=(checkpoint("a", 1, 100), checkpoint("$awaitEvent:e", 1, 500)),
    )
    assert kinds(task) == [
        (Kind.WAITS, 0, 10),
        (Kind.RUNS, 10, 100),
        (Kind.UNKNOWN, 100, 500),
        (Kind.WAITS, 500, 600),
    ]


def test_a_due_retry_waits_since_it_was_due() -> None:
    task = page(
        State.SLEEPING,
        run(1, State.FAILED, created_at=0, started_at=10, failed_at=100),
        run(2, State.SLEEPING, created_at=100, available_at=300),
        retry_strategy=BACKING_OFF,
    )
    assert kinds(task, 2) == [(Kind.SLEEPS, 100, 300), (Kind.WAITS, 300, 600)]


def test_a_retry_by_hand_and_one_without_a_pause_wait() -> None:
    first = run(1, State.FAILED, created_at=0, started_at=10, failed_at=100)
    by_hand = run(2, State.COMPLETED, created_at=400, started_at=450, completed_at=460)
    at_once = run(2, State.COMPLETED, created_at=100, started_at=150, completed_at=160)
    assert kinds(page(State.COMPLETED, first, by_hand, retry_strategy=BACKING_OFF), 2)[0][0] is Kind.WAITS
    assert kinds(page(State.COMPLETED, first, at_once), 2)[0][0] is Kind.WAITS


def test_the_axis_of_what_is_over_ends_with_it() -> None:
    task = page(State.COMPLETED, run(1, State.COMPLETED, created_at=0, started_at=1, completed_at=4))
    axis, row, _ = drawn(task)
    assert "now" not in axis
    assert "│" not in row
    assert row.endswith("✓")
    assert len(row) == 119


def test_many_attempts_leave_the_middle_out_but_never_the_chosen_one() -> None:
    runs = tuple(run(n, State.FAILED, created_at=n, started_at=n, failed_at=n + 1) for n in range(1, 21))
    every = lanes(page(State.FAILED, *runs), NOW)

    def numbers(chosen: int) -> list[int | str]:
        rows = shown_rows(every, run_id(chosen))
        return [f"…{row.count}" if isinstance(row, Gap) else row.attempt.attempt for row in rows]

    assert numbers(20) == [1, "…13", 15, 16, 17, 18, 19, 20]
    assert numbers(7) == [1, "…5", 7, "…9", 17, 18, 19, 20]
    assert numbers(2) == [1, 2, "…14", 17, 18, 19, 20]
    for chosen in range(1, 21):
        assert chosen in numbers(chosen)
        assert len(numbers(chosen)) <= 8
        left_out = sum(int(one[1:]) for one in numbers(chosen) if isinstance(one, str))
        assert left_out + sum(isinstance(one, int) for one in numbers(chosen)) == 20


@pytest.mark.parametrize("width", [60, 80, 116, 120, 182, 200])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    task = page(
        State.SLEEPING,
        run(1, State.FAILED, created_at=0, started_at=60, failed_at=120, worker="\x1b[31m" + "w" * 300),
        run(2, State.SLEEPING, created_at=120, available_at=10**12),
        checkpoints=tuple(checkpoint(f"s{n}", 1, 60 + n) for n in range(60)),
    )
    assert all(width_of(line.spans) <= width for line in timeline_lines(task, CLOCK, width, None))


def test_a_task_without_runs_says_so() -> None:
    assert drawn(page(State.FAILED)) == [" This task has no run left."]


@pytest.mark.parametrize("span", [0.0, 0.4, 3.0, 59.0, 600.0, 86_400.0, 40 * 86_400.0, 9e11])
def test_ticks_are_at_least_ten_cells_apart_and_stay_on_the_axis(span: float) -> None:
    axis = Axis(NOW, NOW + span, 84, None)
    spans = axis_spans(axis, CLOCK)
    assert width_of(spans) <= 84
    starts, at = [], 0
    for piece, role in spans:
        if role == "muted":
            starts.append(at)
        at += len(piece.text)
    assert all(after - before >= 8 for before, after in itertools.pairwise(starts))


def test_ticks_fall_on_whole_minutes_and_keep_away_from_now() -> None:
    axis = Axis(NOW, NOW + 1500, 84, NOW + 1400)
    words = " ".join(piece.text for piece, _ in axis_spans(axis, CLOCK)).split()
    assert words[-1] == "now"
    assert all(word.endswith(("0", "5")) and ":" in word for word in words[:-1])


def test_the_chosen_attempt_is_marked() -> None:
    task = page(State.FAILED, run(1, State.FAILED, created_at=0, started_at=1, failed_at=2))
    grounds = [line.ground for line in timeline_lines(task, CLOCK, 120, run_id(1))]
    assert grounds == ["ground", "cursor", "ground"]
