"""What is refused before anything is sent."""

from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from absurd_tui.errors import InvalidRequest
from absurd_tui.lifecycle import Lifecycle, SpawnOptions, arguments

ID = UUID("01890000-0000-7000-8000-000000000000")
NOT_TEXT: list[Any] = [None, 7, b"mail", "a\0b", "\ud800", "\udfff"]
NOT_IDS: list[Any] = [None, 7, "", "nonsense", "01890000-0000-7000-8000", "\0", b"01890000000070008000000000000000"]
NOT_WHOLE: list[Any] = [True, 1.0, "1", Decimal(1), 2**31, -1]
NOT_SECONDS: list[Any] = [None, True, "1", Decimal(1), timedelta(1), -1, -0.5, float("nan"), float("inf"), 10**400]
NOT_INSTANTS: list[Any] = [
    None,
    1.5,
    "2026-01-01T00:00:00Z",
    date(2026, 1, 1),
    datetime(2026, 1, 1),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
]
NOT_INTERVALS: list[Any] = [7, 1.5, True, timedelta(-1), "1 day\0"]


class Untouchable:
    """A connection on which nothing may be sent."""

    def is_closed(self) -> bool:
        raise AssertionError("the connection was used")

    fetch = is_closed


@pytest.fixture
def lifecycle() -> Lifecycle:
    return Lifecycle(cast("asyncpg.Connection[asyncpg.Record]", Untouchable()))


Call = Callable[[Lifecycle, Any], Coroutine[Any, Any, Any]]

REFUSALS: list[tuple[str, list[Any], Call]] = [
    ("queue_name", NOT_TEXT, lambda lc, bad: lc.spawn(bad, "order", None)),
    ("task_name", NOT_TEXT, lambda lc, bad: lc.spawn("mail", bad, None)),
    ("params", [float("nan"), "\0", object()], lambda lc, bad: lc.spawn("mail", "order", bad)),
    ("options", [None, {}, "{}"], lambda lc, bad: lc.spawn("mail", "order", None, bad)),
    ("queue_name", NOT_TEXT, lambda lc, bad: lc.claim(bad, "worker-1")),
    ("worker_id", NOT_TEXT, lambda lc, bad: lc.claim("mail", bad)),
    ("claim_timeout", [*NOT_WHOLE, None], lambda lc, bad: lc.claim("mail", "worker-1", bad)),
    ("qty", [*NOT_WHOLE, 0, None], lambda lc, bad: lc.claim("mail", "worker-1", 30, bad)),
    ("run_id", NOT_IDS, lambda lc, bad: lc.complete("mail", bad)),
    ("state", [float("inf")], lambda lc, bad: lc.complete("mail", ID, bad)),
    ("run_id", NOT_IDS, lambda lc, bad: lc.fail("mail", bad, None)),
    ("reason", ["\udc80"], lambda lc, bad: lc.fail("mail", ID, bad)),
    ("retry_at", NOT_INSTANTS, lambda lc, bad: lc.fail_with_retry("mail", ID, None, bad)),
    ("task_id", NOT_IDS, lambda lc, bad: lc.cancel("mail", bad)),
    ("task_id", NOT_IDS, lambda lc, bad: lc.retry("mail", bad)),
    ("options", [None, {}], lambda lc, bad: lc.retry("mail", ID, bad)),
    ("headers", [SpawnOptions(headers=1)], lambda lc, bad: lc.retry("mail", ID, bad)),
    ("run_id", NOT_IDS, lambda lc, bad: lc.extend_claim("mail", bad, 1)),
    ("extend_by", [*NOT_WHOLE, 0, None], lambda lc, bad: lc.extend_claim("mail", ID, bad)),
    ("run_id", NOT_IDS, lambda lc, bad: lc.schedule_run("mail", bad, 1)),
    ("defer_seconds", NOT_SECONDS, lambda lc, bad: lc.schedule_run("mail", ID, bad)),
    ("task_id", NOT_IDS, lambda lc, bad: lc.get_result("mail", bad)),
    ("step_name", NOT_TEXT, lambda lc, bad: lc.set_checkpoint("mail", ID, bad, 1, ID)),
    ("state", [{1: 2}], lambda lc, bad: lc.set_checkpoint("mail", ID, "step", bad, ID)),
    ("extend_claim_by", NOT_WHOLE, lambda lc, bad: lc.set_checkpoint("mail", ID, "step", 1, ID, bad)),
    ("step_name", NOT_TEXT, lambda lc, bad: lc.get_checkpoint("mail", ID, bad)),
    ("include_pending", [None, 1, "yes"], lambda lc, bad: lc.get_checkpoint("mail", ID, "step", bad)),
    ("run_id", NOT_IDS, lambda lc, bad: lc.get_checkpoints("mail", ID, bad)),
    ("event_name", NOT_TEXT, lambda lc, bad: lc.emit_event("mail", bad)),
    ("payload", [float("nan")], lambda lc, bad: lc.emit_event("mail", "paid", bad)),
    ("event_name", NOT_TEXT, lambda lc, bad: lc.await_event("mail", ID, ID, "step", bad)),
    ("timeout", NOT_WHOLE, lambda lc, bad: lc.await_event("mail", ID, ID, "step", "paid", bad)),
    ("queue_name", NOT_TEXT, lambda lc, bad: lc.create_queue(bad)),
    ("storage_mode", NOT_TEXT, lambda lc, bad: lc.create_queue("mail", bad)),
    ("queue_name", NOT_TEXT, lambda lc, bad: lc.drop_queue(bad)),
    ("queue_name", NOT_TEXT, lambda lc, bad: lc.get_queue_policy(bad)),
    ("cleanup_ttl", NOT_INTERVALS, lambda lc, bad: lc.set_queue_policy("mail", cleanup_ttl=bad)),
    ("detach_min_age", NOT_INTERVALS, lambda lc, bad: lc.set_queue_policy("mail", detach_min_age=bad)),
    ("cleanup_limit", [*NOT_WHOLE, 0], lambda lc, bad: lc.set_queue_policy("mail", cleanup_limit=bad)),
    ("detach_mode", [7, "\0"], lambda lc, bad: lc.set_queue_policy("mail", detach_mode=bad)),
    ("ttl_seconds", NOT_WHOLE, lambda lc, bad: lc.cleanup_tasks("mail", bad)),
    ("limit", [*NOT_WHOLE, 0], lambda lc, bad: lc.cleanup_events("mail", 0, bad)),
    ("queue_name", NOT_TEXT[1:], lambda lc, bad: lc.cleanup_all_queues(bad)),
    ("queue_name", NOT_TEXT[1:], lambda lc, bad: lc.ensure_partitions(bad)),
    ("queue_name", NOT_TEXT[1:], lambda lc, bad: lc.list_detach_candidates(bad)),
    ("cleanup_schedule", NOT_TEXT, lambda lc, bad: lc.enable_cron(cleanup_schedule=bad)),
    ("queue_name", NOT_TEXT[1:], lambda lc, bad: lc.disable_cron(bad)),
]


@pytest.mark.parametrize(
    ("name", "bad", "call"),
    [(name, bad, call) for name, values, call in REFUSALS for bad in values],
    ids=lambda part: part if isinstance(part, str) and part.isidentifier() else type(part).__name__,
)
async def test_it_is_refused_by_name_and_not_sent(lifecycle: Lifecycle, name: str, bad: Any, call: Call) -> None:
    with pytest.raises(InvalidRequest, match=name) as caught:
        await call(lifecycle, bad)
    assert caught.value.sqlstate is None
    assert len(str(caught.value).splitlines()) == 1


def test_an_instant_is_sent_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert arguments.instant(datetime(2026, 1, 1, 9, tzinfo=tokyo), "retry_at") == "2026-01-01T00:00:00+00:00"
    assert arguments.instant(datetime.max.replace(tzinfo=UTC), "retry_at") == "9999-12-31T23:59:59.999999+00:00"


@pytest.mark.parametrize("form", ["{01890000-0000-7000-8000-000000000000}", "0189000000007000800000000000000" + "0"])
def test_an_id_is_sent_in_its_usual_form(form: str) -> None:
    assert arguments.identifier(form, "task_id") == str(ID)


def test_an_interval_keeps_its_microseconds() -> None:
    assert arguments.interval(timedelta(days=2, microseconds=5), "cleanup_ttl") == "2 days 0.000005 seconds"
