"""A page of any times and texts PostgreSQL can hold is drawn, and no line is wider than the screen."""

from hypothesis import given
from hypothesis import strategies as st
from readings import NOW, instants, texts
from task_pages import TASK

from absurd_tui.observe.records import State
from absurd_tui.observe.task_records import Attempt, CheckpointRow, Document, TaskPage, Wait
from absurd_tui.observe.why import Clock
from absurd_tui.ui.widgets.lines import width_of
from absurd_tui.ui.widgets.task_facts import fact_lines
from absurd_tui.ui.widgets.timeline import range_text, timeline_lines

documents = st.none() | st.builds(Document, st.integers(0, 10**9), st.none() | texts, st.booleans())
attempts = st.builds(
    Attempt,
    run_id=st.uuids(),
    attempt=st.integers(1, 2**31 - 1),
    state=st.sampled_from(State),
    worker=st.none() | texts,
    claim_expires_at=st.none() | instants,
    available_at=instants,
    started_at=st.none() | instants,
    completed_at=st.none() | instants,
    failed_at=st.none() | instants,
    created_at=instants,
    wake_event=st.none() | texts,
    failure=st.none(),
    reason=documents,
)
pages = st.lists(attempts, max_size=12, unique_by=lambda run: run.run_id).flatmap(
    lambda runs: st.builds(
        TaskPage,
        now=st.just(NOW),
        taken=st.just(0.0),
        queue=texts,
        task_id=st.just(TASK),
        task_name=texts,
        state=st.sampled_from(State),
        attempts=st.integers(0, 2**31 - 1),
        max_attempts=st.none() | st.integers(1, 2**31 - 1),
        enqueued_at=instants,
        first_started_at=st.none() | instants,
        cancelled_at=st.none() | instants,
        retry_strategy=st.none() | texts,
        cancellation=st.none() | texts,
        max_duration=st.none() | texts | st.sampled_from(["60", "9" * 18, "-5"]),
        max_delay=st.none() | texts | st.just("60"),
        idempotency_key=st.none() | texts,
        params=st.just(Document(2, "{}")),
        headers=documents,
        result=documents,
        runs=st.just(tuple(runs)),
        checkpoints=st.lists(
            st.builds(
                CheckpointRow,
                texts,
                st.just("committed"),
                st.sampled_from([run.run_id for run in runs]) if runs else st.none(),
                instants,
                st.none() | st.integers(0, 10**9),
            ),
            max_size=12,
        ).map(tuple),
        waits=st.lists(st.builds(Wait, texts, texts, st.none() | instants, instants), max_size=2).map(tuple),
    )
)


@given(pages, st.sampled_from([60, 80, 120, 200]), st.integers(0, 11))
def test_any_page_is_drawn(page: TaskPage, width: int, chosen: int) -> None:
    clock = Clock(NOW, utc=True)
    attempt = page.runs[chosen] if chosen < len(page.runs) else None
    drawn = timeline_lines(page, clock, width, attempt.run_id if attempt is not None else None)
    assert len(drawn) <= 10
    for line in (*drawn, *fact_lines(page, attempt, clock, width)):
        assert width_of(line.spans) <= width
    assert "nan" not in range_text(page, clock).text
