"""What a snapshot of a real database says: its counts and its panels."""

from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from seeding import counts_of, names_of, put, reading, rows_of

from absurd_tui.lifecycle import Cancellation, FixedRetry, Lifecycle, RetryOptions, SpawnOptions
from absurd_tui.observe import beats, census, count_queries, floors, queries, settled, totals
from absurd_tui.observe.parts import Part
from absurd_tui.observe.reasons import Canceller, Sleep, who_cancelled, why_sleeping
from absurd_tui.observe.records import Count, Failure, QueueReading, State, View

AGAIN = SpawnOptions(max_attempts=3, retry_strategy=FixedRetry(0))


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    return lifecycle


async def claimed(lifecycle: Lifecycle, name: str, options: SpawnOptions | None = None, lease: int = 60) -> UUID:
    """Spawn a task and claim it; gives its run."""
    await lifecycle.spawn("mail", name, {}, options or SpawnOptions(max_attempts=1))
    (claim,) = await lifecycle.claim("mail", "worker-1", lease)
    return claim.run_id


async def test_an_empty_database_has_a_clock_and_no_queue(database: Database) -> None:
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
    assert (snapshot.queues, snapshot.now > 1_700_000_000) == ((), True)
    assert [panel.rows for panel in snapshot.panels] == [()] * 6


async def test_partitioned_queues_are_read_like_the_others_and_beside_them(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await lifecycle.create_queue("parted", storage_mode="partitioned")
    for queue in ("mail", "parted"):
        for state in State:
            await put(connection, queue, state, number=2, task={"task_name": f"'{queue} ' || n"})
        await lifecycle.spawn(queue, f"{queue} by hand", {"n": 1})
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
        alone = await reader.snapshot(View("parted"))
    assert [(queue.name, queue.storage_mode) for queue in snapshot.queues] == [
        ("mail", "unpartitioned"),
        ("parted", "partitioned"),
    ]
    for queue in ("mail", "parted"):
        counts = counts_of(snapshot, queue)
        assert [counts.of(state).value for state in State] == [3, 2, 2, 2, 2, 2]
    for state in State:
        assert {row.queue for row in rows_of(snapshot, state)} == {"mail", "parted"}
        assert {row.queue for row in rows_of(alone, state)} == {"parted"}
    assert "parted by hand" in names_of(snapshot, State.PENDING)


async def test_counts_stop_at_their_cap_and_say_so(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(count_queries, "LIVE_CAP", 3)
    monkeypatch.setattr(count_queries, "FAILED_CAP", 3)
    monkeypatch.setattr(count_queries, "EXPIRED_CAP", 2)
    exact, capped = Count(3), Count(3, is_capped=True)
    expired = {"claim_expires_at": "now() - interval '1 s'"}
    for state in State:
        await put(connection, "mail", state, number=3, run=expired if state is State.RUNNING else {})
    async with reading(database.dsn) as reader:
        at_cap = counts_of(await reader.snapshot(View()), "mail")
        assert [at_cap.of(state) for state in State] == [exact] * 6
        assert (at_cap.expired, at_cap.due_sleepers, at_cap.done_last_minute) == (
            Count(2, is_capped=True),
            exact,
            exact,
        )
        for state in State:
            await put(connection, "mail", state)
        over = counts_of(await reader.snapshot(View()), "mail")
        assert [over.of(state) for state in State] == [capped] * 6
        assert (over.due_sleepers, over.done_last_minute) == (capped, capped)


async def test_a_large_history_is_counted_to_its_end_although_nothing_ends_meanwhile(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(count_queries, "LIVE_CAP", 3)
    monkeypatch.setattr(totals, "SHARE", 0)
    monkeypatch.setattr(beats, "LONGEST", 1e9)
    await put(connection, "mail", State.COMPLETED, number=10)
    async with reading(database.dsn) as reader:
        counted = [counts_of(await reader.snapshot(View()), "mail").completed]
        while counted[-1] != Count(10) and len(counted) < 500:
            counted.append(counts_of(await reader.snapshot(View()), "mail").completed)
    assert counted[0] == Count(3, is_capped=True)
    assert counted[-1] == Count(10), "a slow server is asked for smaller steps, which are more"


async def test_a_failed_attempt_that_was_retried_is_no_failed_task(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await lifecycle.fail("mail", await claimed(lifecycle, "gave up"), {"name": "E", "message": "for good"})
    slow = SpawnOptions(max_attempts=3, retry_strategy=FixedRetry(0), cancellation=Cancellation(max_duration=60))
    run_id = await claimed(lifecycle, "too slow", slow)
    await connection.execute(
        "update absurd.t_mail set first_started_at = now() - interval '1 h' where state = 'running'"
    )
    await lifecycle.fail("mail", run_id, {"name": "E", "message": "late"})
    await lifecycle.fail("mail", await claimed(lifecycle, "tries again", AGAIN), {"name": "E", "message": "once"})
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
        every = await reader.snapshot(View(with_retried=True))
    counts = counts_of(snapshot, "mail")
    assert (counts.failed, counts.cancelled, counts.sleeping.value + counts.pending.value) == (Count(1), Count(1), 1)
    assert names_of(snapshot, State.FAILED) == ["gave up"]
    assert names_of(snapshot, State.CANCELLED) == ["too slow"]
    assert [(row.task_name, row.is_retried) for row in rows_of(every, State.FAILED)] == [
        ("tries again", True),
        ("too slow", True),
        ("gave up", False),
    ]
    assert rows_of(snapshot, State.FAILED)[0].failure == Failure("E", "for good")
    assert who_cancelled(rows_of(snapshot, State.CANCELLED)[0]) is Canceller.OVER_DURATION


async def test_a_task_whose_next_attempt_would_start_too_late_was_not_cancelled_by_an_operator(
    lifecycle: Lifecycle, database: Database
) -> None:
    late = SpawnOptions(max_attempts=5, retry_strategy=FixedRetry(2000), cancellation=Cancellation(max_duration=1000))
    await lifecycle.fail("mail", await claimed(lifecycle, "would be late", late), {"name": "E", "message": "once"})
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
    (row,) = rows_of(snapshot, State.CANCELLED)
    assert (who_cancelled(row), row.is_retried) == (Canceller.OVER_DURATION, False)


async def test_a_task_that_failed_at_every_attempt_is_one_failed_task(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    options = SpawnOptions(max_attempts=2, retry_strategy=FixedRetry(0))
    await lifecycle.fail("mail", await claimed(lifecycle, "twice", options), {"message": "first"})
    (claim,) = await lifecycle.claim("mail", "worker-2", 60)
    await lifecycle.fail("mail", claim.run_id, {"message": "last"})
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
        every = await reader.snapshot(View(with_retried=True))
    assert counts_of(snapshot, "mail").failed == Count(1)
    assert [(row.attempt, row.failure) for row in rows_of(snapshot, State.FAILED)] == [(2, Failure(None, "last"))]
    assert [(row.attempt, row.is_retried) for row in rows_of(every, State.FAILED)] == [(2, False), (1, True)]


async def test_an_attempt_in_wait_tells_what_failed_before_it(lifecycle: Lifecycle, database: Database) -> None:
    wait = SpawnOptions(max_attempts=3, retry_strategy=FixedRetry(600))
    await lifecycle.fail("mail", await claimed(lifecycle, "again", wait), {"name": "HTTPError", "message": "503"})
    async with reading(database.dsn) as reader:
        (row,) = rows_of(await reader.snapshot(View()), State.SLEEPING)
    assert (why_sleeping(row).kind, why_sleeping(row).detail) == (Sleep.RETRY, "HTTPError: 503")
    assert (row.attempt, row.max_attempts, row.is_retried) == (2, 3, False)


async def test_a_task_retried_by_an_operator_leaves_failed(lifecycle: Lifecycle, database: Database) -> None:
    run_id = await claimed(lifecycle, "once more")
    await lifecycle.fail("mail", run_id, {"message": "no"})
    async with reading(database.dsn) as reader:
        (failed,) = rows_of(await reader.snapshot(View()), State.FAILED)
        await lifecycle.retry("mail", failed.task_id, RetryOptions())
        snapshot = await reader.snapshot(View(with_retried=True))
    assert names_of(snapshot, State.PENDING) == ["once more"]
    assert [row.is_retried for row in rows_of(snapshot, State.FAILED)] == [True]
    assert counts_of(snapshot, "mail").failed == Count(0)


async def test_cancelled_tasks_come_newest_first_wherever_they_were_when_it_struck(
    lifecycle: Lifecycle, database: Database
) -> None:
    ids = {}
    for name in ("pending", "waiting", "asleep", "running"):
        spawned = await lifecycle.spawn("mail", name, {})
        ids[name] = spawned.task_id
        if name == "pending":
            await lifecycle.cancel("mail", spawned.task_id)
            continue
        (claim,) = await lifecycle.claim("mail", "worker-1", 60)
        if name == "waiting":
            await lifecycle.await_event("mail", claim.task_id, claim.run_id, "step", "never")
        if name == "asleep":
            await lifecycle.schedule_run("mail", claim.run_id, 86_400)
    for name in ("asleep", "running", "waiting"):
        await lifecycle.cancel("mail", ids[name])
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
    assert names_of(snapshot, State.CANCELLED) == ["waiting", "running", "asleep", "pending"]
    assert counts_of(snapshot, "mail").cancelled == Count(4)
    assert {who_cancelled(row) for row in rows_of(snapshot, State.CANCELLED)} == {Canceller.OPERATOR}


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED])
async def test_a_long_runner_is_seen_when_it_ends_though_many_were_claimed_since(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, state: State
) -> None:
    run_id = await claimed(lifecycle, "long", lease=30)
    ended = "completed_at" if state is State.COMPLETED else "failed_at"
    async with reading(database.dsn) as reader:
        assert names_of(await reader.snapshot(View()), State.RUNNING) == ["long"]
        await put(connection, "mail", state, number=501, run={ended: "now() - n * interval '1 s'"})
        if state is State.COMPLETED:
            await lifecycle.complete("mail", run_id, {})
        else:
            await lifecycle.fail("mail", run_id, {"message": "no"})
        snapshot = await reader.snapshot(View())
        panel = snapshot.panel(state)
        assert panel is not None
        assert (panel.rows[0].task_name, len(panel.rows), panel.is_by_claim) == ("long", 60, True)
        again = await reader.snapshot(View("mail", (state,), rows=5))
        assert names_of(again, state)[0] == "long"
    async with reading(database.dsn) as stranger:
        assert "long" not in names_of(await stranger.snapshot(View()), state), "only by having been seen before"


async def test_a_page_that_holds_all_of_them_is_not_by_claim(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await put(connection, "mail", "completed", number=5, run={"completed_at": "now() + n * interval '1 s'"})
    async with reading(database.dsn) as reader:
        panel = (await reader.snapshot(View(rows=6))).panel(State.COMPLETED)
    assert panel is not None
    assert ([row.task_name for row in panel.rows], panel.is_by_claim) == ([f"task {n}" for n in (5, 4, 3, 2, 1)], False)


@pytest.mark.parametrize("is_large", [False, True])
async def test_the_times_a_queues_health_is_read_from(
    connection: asyncpg.Connection,
    lifecycle: Lifecycle,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    is_large: bool,
) -> None:
    monkeypatch.setattr(census, "is_outgrown", lambda _: is_large)
    ago = (("pending", 50), ("sleeping", 70), ("running", 9), ("completed", 5), ("failed", 90), ("failed", 7))
    for state, seconds in ago:
        await put(connection, "mail", state, run={"available_at": f"now() - interval '{seconds} s'"})
    await put(connection, "mail", "sleeping", run={"available_at": "now() + interval '1 h'"})
    await put(
        connection,
        "mail",
        "running",
        run={"claim_expires_at": "now() - interval '30 s'", "available_at": "'-infinity'"},
    )
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
    counts = counts_of(snapshot, "mail")
    ages = [snapshot.now - at for at in (counts.oldest_due, counts.last_claim, counts.oldest_expired) if at is not None]
    assert ages == pytest.approx([70, 5, 30], abs=20)
    assert (counts.due_sleepers, counts.expired) == (Count(1), Count(1))
    assert (counts.done_last_minute, counts.failed_last_minute) == (Count(1), Count(1))


async def test_rows_that_are_kept_while_none_are_read_are_not_taken_for_those_of_another_queue(
    lifecycle: Lifecycle, database: Database
) -> None:
    await lifecycle.spawn("mail", "waits", {})
    await lifecycle.create_queue("orders")
    async with reading(database.dsn) as reader:
        read = (await reader.snapshot(View())).panels
        assert (await reader.snapshot(View(panels=()))).panels == read
        assert (await reader.snapshot(View("orders", panels=()))).panels == ()
        assert names_of(await reader.snapshot(View()), State.PENDING) == ["waits"]


async def test_what_was_done_is_counted_by_minutes_the_newest_last(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    for minutes, number in ((0, 3), (5, 2), (29, 1), (31, 9)):
        at = f"date_trunc('minute', now()) - interval '{minutes} min'"
        await put(connection, "mail", "completed", number=number, run={"available_at": at})
    await put(connection, "mail", "failed", run={"available_at": "now()"})
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View(panels=()))
    (mail,) = snapshot.queues
    assert isinstance(mail, QueueReading)
    assert len(mail.done) == 30
    # a minute may have passed between the rows and the reading
    assert [number for number in mail.done if number] in ([1, 2, 3], [2, 3])
    assert mail.done[-1] == 3 or mail.done[-2] == 3


async def test_a_lease_is_known_from_its_claim_and_from_its_extension(lifecycle: Lifecycle, database: Database) -> None:
    async with reading(database.dsn) as reader:
        run_id = await claimed(lifecycle, "heartbeats")
        (row,) = rows_of(await reader.snapshot(View()), State.RUNNING)
        assert row.started_at is not None
        assert row.lease_set_at == row.started_at
        await lifecycle.extend_claim("mail", run_id, 600)
        snapshot = await reader.snapshot(View())
        (row,) = rows_of(snapshot, State.RUNNING)
        assert row.lease_set_at == snapshot.now
        assert row.claim_expires_at is not None
        assert row.claim_expires_at - snapshot.now == pytest.approx(600, abs=60)


async def test_many_queues_are_read_whichever_of_them_have_tasks(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    for number in range(30):
        await lifecycle.create_queue(f"q{number:02}")
    await put(connection, "q07", "pending", number=2)
    await put(connection, "q29", "completed")
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
        assert len(snapshot.queues) == 31
        assert {row.queue for row in rows_of(snapshot, State.PENDING)} == {"q07"}
        assert {row.queue for row in rows_of(snapshot, State.COMPLETED)} == {"q29"}
        assert counts_of(snapshot, "q08").of(State.PENDING) == Count(0)
        assert all(queue.counts is not None for queue in snapshot.queues)


async def test_it_tells_what_each_part_costs_in_statements_and_pages(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await put(connection, "mail", "completed", number=300)
    async with reading(database.dsn) as reader:
        for _ in range(3):
            await connection.execute("select pg_current_xact_id()")
            snapshot = await reader.snapshot(View())
        costs = {cost.part: cost for cost in snapshot.costs}
        assert {Part.CLOCK, Part.LIST, Part.COUNTS, Part.PANELS} <= set(costs)
        assert costs[Part.PANELS].readings == costs[Part.PANELS].statements == 3
        assert costs[Part.LIST].readings == 1
        assert 0 < costs[Part.COUNTS].seconds < 60
        pages = await reader.weigh()
        assert pages[Part.COUNTS] > 0
        assert pages[Part.PANELS] > pages[Part.CLOCK]


async def test_dead_entries_of_the_index_are_not_read_again_while_a_transaction_is_held_open(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floors, "DEAR", 0.0)
    monkeypatch.setattr(queries, "SMALL_RUNS", 0)  # so that it is counted by its indexes
    await put(connection, "mail", "pending", number=20_000, run={"available_at": "now() - interval '1 h'"})
    holder = await asyncpg.connect(database.dsn)
    try:
        await holder.execute("begin isolation level repeatable read; select count(*) from absurd.r_mail")
        for table in ("r_mail", "t_mail"):
            await connection.execute(f"update absurd.{table} set state = 'cancelled'")
        await lifecycle.spawn("mail", "welcome", {})
        async with reading(database.dsn) as reader:
            read: list[int] = []
            for _ in range(3):
                await lifecycle.emit_event("mail", f"e{len(read)}")
                snapshot = await reader.snapshot(View(panels=(State.PENDING,)))
                assert counts_of(snapshot, "mail").pending == Count(1)
                assert names_of(snapshot, State.PENDING) == ["welcome"]
                pages = await reader.weigh()
                read.append(pages[Part.COUNTS] + pages[Part.PANELS])
    finally:
        await holder.close()
    assert read[-1] < read[0] / 2


async def fail_for_good(lifecycle: Lifecycle, name: str) -> UUID:
    """Spawn a task where no other is due, and let its only attempt fail."""
    spawned = await lifecycle.spawn("mail", name, {}, SpawnOptions(max_attempts=1))
    (claim,) = await lifecycle.claim("mail", "worker-1")
    await lifecycle.fail("mail", claim.run_id, {"message": "no"})
    return spawned.task_id


async def test_what_is_read_again_only_now_and_then_says_so_and_gives_way_to_what_is_newer(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settled, "MANY", 0)
    welcome, _ = await fail_for_good(lifecycle, "welcome"), await fail_for_good(lifecycle, "goodbye")
    async with reading(database.dsn) as reader:
        first = await reader.snapshot(View())
        await lifecycle.emit_event("mail", "paid")
        second = await reader.snapshot(View())
        failed, pending = second.panel(State.FAILED), second.panel(State.PENDING)
        assert failed is not None
        assert pending is not None
        assert second.read_of(failed).ticks == first.taken < second.taken == second.read_of(pending).ticks
        await fail_for_good(lifecycle, "another")
        await lifecycle.retry("mail", welcome)  # now as many have failed as before
        third = await reader.snapshot(View())
        assert (names_of(third, State.PENDING), names_of(third, State.FAILED)) == (["welcome"], ["goodbye"])
        urged = await reader.snapshot(View(), is_urged=True)
        assert names_of(urged, State.FAILED) == ["another", "goodbye"]
