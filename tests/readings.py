"""Readings made by hand: a row, counts and a snapshot in which a test names only what it is about."""

from dataclasses import replace
from math import inf
from typing import Any
from uuid import UUID

from fakes import SERVER
from hypothesis import strategies as st

from absurd_tui.observe.records import (
    NOTHING,
    Count,
    Counts,
    Failure,
    PanelReading,
    QueueReading,
    Refusal,
    Server,
    Snapshot,
    State,
    TaskRow,
    View,
)

NOW = 1_790_000_000.0
YEAR_294276 = 9_224_318_015_999.0
YEAR_4713_BC = -210_863_520_000.0
HOSTILE = "\x1b[31m\x9b2J[red]e\u0301\u202e日本🎉\n\t%s{x}" + "m\u0300" * 3

_ROW = TaskRow(
    queue="mail",
    task_id=UUID(int=0x0197_0000_0000_7000_8000 << 48 | 1),
    run_id=UUID(int=0x0197_0000_0000_7000_8000 << 48 | 2),
    state=State.PENDING,
    task_name="welcome",
    attempt=1,
    max_attempts=None,
    worker=None,
    claim_expires_at=None,
    available_at=NOW - 60,
    started_at=None,
    ended_at=None,
    created_at=NOW - 60,
    enqueued_at=NOW - 60,
    first_started_at=None,
    cancelled_at=None,
    wake_event=None,
    failure=None,
    reached_step=None,
    preview=None,
    max_duration=None,
    max_delay=None,
)
_COUNTS = Counts(
    **{state.value: NOTHING for state in State},
    expired=NOTHING,
    due_sleepers=NOTHING,
    done_last_minute=NOTHING,
    failed_last_minute=NOTHING,
    oldest_due=None,
    last_claim=None,
    oldest_expired=None,
)


def row(state: State = State.PENDING, **fields: Any) -> TaskRow:
    """Give a task first attempted a minute ago, in a state, with some columns set."""
    return replace(_ROW, state=state, **fields)


def counts(**fields: Any) -> Counts:
    """Give the counts of an empty queue with some set; a plain number is an exact count."""
    exact: dict[str, Any] = {name: Count(value) if isinstance(value, int) else value for name, value in fields.items()}
    return replace(_COUNTS, **exact)


def queue(name: str = "mail", **fields: Any) -> QueueReading:
    """Give the reading of a queue by its counts."""
    return QueueReading(name, "unpartitioned", counts(**fields))


def refused(name: str = "mail", reason: str = "locked by somebody else") -> QueueReading:
    """Give the reading of a queue that could not be read."""
    return QueueReading(name, "unpartitioned", None, Refusal(reason))


def snapshot(
    *queues: QueueReading,
    panels: tuple[PanelReading, ...] = (),
    now: float = NOW,
    taken: float = 0.0,
    server: Server = SERVER,
) -> Snapshot:
    """Give a snapshot of some queues."""
    return Snapshot(server, View(), now, taken, 0.002, queues, panels)


instants = st.one_of(
    st.floats(NOW - 1e6, NOW + 1e6),
    st.sampled_from([inf, -inf, YEAR_294276, YEAR_4713_BC, 0.0, NOW]),
)
texts = st.one_of(st.text(max_size=40), st.just(HOSTILE), st.just("x" * 200), st.just(""))
hostile_rows = st.builds(
    TaskRow,
    queue=texts,
    task_id=st.uuids(),
    run_id=st.uuids(),
    state=st.sampled_from(State),
    task_name=texts,
    attempt=st.integers(1, 2**31 - 1),
    max_attempts=st.none() | st.integers(1, 2**31 - 1),
    worker=st.none() | texts,
    claim_expires_at=st.none() | instants,
    available_at=instants,
    started_at=st.none() | instants,
    ended_at=st.none() | instants,
    created_at=instants,
    enqueued_at=instants,
    first_started_at=st.none() | instants,
    cancelled_at=st.none() | instants,
    wake_event=st.none() | texts,
    failure=st.none() | st.builds(Failure, st.none() | texts, st.none() | texts),
    reached_step=st.none() | texts,
    preview=st.none() | texts,
    max_duration=st.none() | texts | st.just("60"),
    max_delay=st.none() | texts | st.just("60"),
    is_retried=st.booleans(),
    is_cancelled_by_failure=st.booleans(),
    lease_set_at=st.none() | instants,
)
"""Rows with every column anything that PostgreSQL can hold."""
