"""The demo's mix: everything it promises comes about, by real workers."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from absurd_tui.demo import hostile
from absurd_tui.demo.queues import FRAGILE, QUEUES
from absurd_tui.demo.stage import stage
from absurd_tui.lifecycle import SpawnOptions, connect

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]

RATE = 6.0
FIVE_MEGABYTES = """SELECT true FROM absurd.t_imports WHERE task_name = 'import_archive' AND state = 'completed'
                    AND octet_length(params::text) >= 5e6 LIMIT 1"""


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    """The connection string of one demo for all tests of this module."""
    with stage(rate=RATE, keep=None) as demo:
        wait_for(demo.dsn, FIVE_MEGABYTES)  # else that task may be lost with the worker
        asyncio.run(kill_the_fragile_worker(demo.dsn))
        yield demo.dsn


async def kill_the_fragile_worker(dsn: str) -> None:
    """Do at once what the demo does after a while."""
    async with connect(dsn) as lifecycle:
        await lifecycle.spawn(FRAGILE.name, "import_legacy", {}, SpawnOptions(max_attempts=1))


def wait_for(dsn: str, query: str, *arguments: object, within: float = 240.0) -> Any:
    """The first value of `query` once it is neither null nor false."""

    async def run() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            deadline = time.monotonic() + within
            while not (found := await connection.fetchval(query, *arguments)):
                assert time.monotonic() < deadline, f"nothing within {within} s: {query}"
                await asyncio.sleep(0.1)
            return found
        finally:
            await connection.close()

    return asyncio.run(run())


def test_a_dead_workers_lease_expires_and_nobody_sweeps_it(running: str) -> None:
    wait_for(
        running,
        "SELECT true FROM absurd.r_imports WHERE state = 'running' AND claim_expires_at < now() LIMIT 1",
    )


def test_there_are_six_queues_one_of_them_partitioned(running: str) -> None:
    names = wait_for(
        running, "SELECT array_agg(queue_name || ' ' || storage_mode ORDER BY queue_name) FROM absurd.queues"
    )
    assert names == sorted(f"{queue.name} {queue.storage_mode}" for queue in QUEUES)
    assert len(names) == 6
    assert sum(name.endswith(" partitioned") for name in names) == 1


def test_there_is_a_past(running: str) -> None:
    oldest = "SELECT now() - min(enqueue_at) > interval '40 minutes' FROM absurd.t_notifications"
    assert wait_for(running, oldest) is True


def test_an_order_has_five_checkpoints(running: str) -> None:
    steps = wait_for(
        running,
        """SELECT array_agg(checkpoint_name ORDER BY c.updated_at) FROM absurd.c_orders c
           JOIN absurd.t_orders t USING (task_id)
           WHERE t.state = 'completed' AND t.task_name = 'process_order' AND t.enqueue_at > now() - interval '5 minutes'
           GROUP BY task_id HAVING count(*) = 5 LIMIT 1""",
    )
    assert steps == ["validate_cart", "reserve_stock", "charge_card", "create_shipment", "send_confirmation"]


@pytest.mark.parametrize(
    ("queue", "error", "told"),
    [
        ("billing", "ValueError", "in _checked_vat_id"),
        ("billing", "KeyError", "in _signed"),
        ("reports", "ZeroDivisionError", "in _ratio"),
        ("imports", "FeedError", "The above exception was the direct cause"),
    ],
)
def test_four_errors_fail_tasks_for_good_with_real_stack_traces(
    running: str, queue: str, error: str, told: str
) -> None:
    trace = wait_for(
        running,
        f"""SELECT r.failure_reason->>'traceback' FROM absurd.t_{queue} t
            JOIN absurd.r_{queue} r ON r.run_id = t.last_attempt_run
            WHERE t.state = 'failed' AND r.failure_reason->>'name' = $1 LIMIT 1""",
        error,
    )
    assert trace.startswith("Traceback (most recent call last):")
    assert told in trace


def test_a_flaky_task_is_retried_with_growing_delays(running: str) -> None:
    wait_for(
        running,
        """SELECT true FROM absurd.t_billing WHERE task_name = 'charge_card' AND state = 'completed' AND attempts > 1
           AND retry_strategy->>'kind' = 'exponential' AND enqueue_at > now() - interval '5 minutes' LIMIT 1""",
    )


def test_somebody_waits_for_an_event_with_and_without_a_limit(running: str) -> None:
    wait_for(running, "SELECT true FROM absurd.w_orders WHERE timeout_at IS NOT NULL LIMIT 1")
    wait_for(
        running, "SELECT true FROM absurd.w_orders WHERE timeout_at IS NULL AND event_name LIKE 'kyc.done:%' LIMIT 1"
    )


def test_an_event_answers_a_waiter(running: str) -> None:
    wait_for(running, "SELECT true FROM absurd.t_orders WHERE completed_payload->>'by' = 'ines' LIMIT 1")


def test_a_sleeper_sleeps(running: str) -> None:
    wait_for(
        running,
        """SELECT true FROM absurd.t_notifications t JOIN absurd.r_notifications r ON r.run_id = t.last_attempt_run
           WHERE t.state = 'sleeping' AND t.task_name = 'digest_daily' AND r.wake_event IS NULL LIMIT 1""",
    )


def test_heartbeats_keep_a_long_task_running(running: str) -> None:
    wait_for(
        running,
        """SELECT true FROM absurd.t_media t JOIN absurd.r_media r ON r.run_id = t.last_attempt_run
           WHERE t.task_name = 'transcode_video' AND r.state = 'running' AND t.attempts = 1
           AND now() - r.started_at > interval '11 seconds' AND r.claim_expires_at > now() LIMIT 1""",
    )


def test_a_task_is_cancelled_by_max_duration(running: str) -> None:
    wait_for(
        running,
        """SELECT true FROM absurd.t_media WHERE task_name = 'transcode_stream' AND state = 'cancelled'
           AND cancelled_at - first_started_at >= interval '4 seconds' LIMIT 1""",
    )


def test_a_parent_waits_for_children(running: str) -> None:
    wait_for(
        running,
        "SELECT true FROM absurd.c_reports WHERE checkpoint_name LIKE '$awaitTaskResult:%' LIMIT 1",
    )
    wait_for(
        running, "SELECT true FROM absurd.t_media WHERE task_name = 'render_chart' AND state = 'completed' LIMIT 1"
    )


def test_a_name_that_no_worker_knows_is_deferred(running: str) -> None:
    wait_for(
        running,
        """SELECT true FROM absurd.t_reports t JOIN absurd.r_reports r ON r.run_id = t.last_attempt_run
           WHERE t.task_name = 'reindex_catalog' AND t.state = 'sleeping' AND r.started_at IS NOT NULL LIMIT 1""",
    )


def test_five_megabytes_of_params_arrive(running: str) -> None:
    assert wait_for(running, FIVE_MEGABYTES) is True


@pytest.mark.parametrize(
    ("task_name", "state"),
    [
        (hostile.TITLE, "sleeping"),
        (hostile.CLEAR, "completed"),
        (hostile.LINK, "sleeping"),
        ("render_statement", "failed"),
        (hostile.LONG_NAME, "completed"),
    ],
)
def test_hostile_text_is_everywhere_and_workers_survive_it(running: str, task_name: str, state: str) -> None:
    wait_for(running, "SELECT true FROM absurd.t_reports WHERE task_name = $1 AND state = $2 LIMIT 1", task_name, state)
    assert len(hostile.LONG_NAME) == 10_000


def test_the_next_worker_ends_what_the_dead_one_left(running: str) -> None:
    wait_for(
        running,
        """SELECT true FROM absurd.t_imports t JOIN absurd.r_imports r ON r.run_id = t.last_attempt_run
           WHERE t.task_name = 'import_legacy' AND r.failure_reason->>'name' = '$ClaimTimeout' LIMIT 1""",
    )


def test_workers_and_spawner_go_on_after_their_connections_were_lost(running: str) -> None:
    lost_at = wait_for(
        running,
        """SELECT clock_timestamp() FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) ended LIMIT 1""",
    )
    for queue in ("orders", "billing", "notifications", "media"):
        wait_for(
            running, f"SELECT true FROM absurd.t_{queue} WHERE enqueue_at > $1 AND state = 'completed' LIMIT 1", lost_at
        )
