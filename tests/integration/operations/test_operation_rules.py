"""What each operation refuses, and what it does exactly, on real rows."""

import json

import pytest
from integration.operations.stage import KEYED, QUEUE, Stage

from absurd_tui.lifecycle import Cancellation, FixedRetry, SpawnOptions
from absurd_tui.observe.records import State
from absurd_tui.operations import copies, spawn
from absurd_tui.operations.outcomes import AlreadySo, Changed, Done, Refused
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import CancelTask, ExtendClaim, Request, RetryTask, SpawnTask

SLACK = 25
"""Seconds that a slow machine may need from the write to the look at it."""


async def reason(performer: Performer, request: Request) -> str:
    outcome = await performer.perform(request)
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


@pytest.mark.fault(55)
async def test_a_pending_and_a_sleeping_task_are_cancelled(stage: Stage, performer: Performer) -> None:
    pending = await stage.pending()
    assert isinstance(await performer.perform(CancelTask(await stage.target(pending))), Done)
    sleeping = await stage.running()
    await stage.lifecycle.schedule_run(QUEUE, (await stage.row(sleeping))["run_id"], 3600)
    assert isinstance(await performer.perform(CancelTask(await stage.target(sleeping))), Done)
    for task_id in (pending, sleeping):
        row = await stage.row(task_id)
        assert (row["state"], row["run_state"]) == ("cancelled", "cancelled")


async def test_what_is_over_is_not_cancelled(stage: Stage, performer: Performer) -> None:
    completed, failed = await stage.completed(), await stage.failed()
    assert "has completed" in await reason(performer, CancelTask(await stage.target(completed)))
    assert "has failed" in await reason(performer, CancelTask(await stage.target(failed)))


async def test_a_retry_in_place_allows_as_many_more_attempts_as_asked(stage: Stage, performer: Performer) -> None:
    task_id = await stage.failed()
    outcome = await performer.perform(RetryTask(await stage.target(task_id), extra_attempts=3))
    assert isinstance(outcome, Done)
    row = await stage.row(task_id)
    assert (row["state"], row["attempts"], row["max_attempts"]) == ("pending", 2, 4)


@pytest.mark.fault(66)
@pytest.mark.parametrize("extra", [0, -1, 1_001, 2**31])
async def test_extra_attempts_have_limits(stage: Stage, performer: Performer, extra: int) -> None:
    target = await stage.target(await stage.failed())
    assert "from 1 to 1,000" in await reason(performer, RetryTask(target, extra_attempts=extra))


async def test_a_retry_that_would_lose_the_task_is_refused_and_a_new_one_is_not(
    stage: Stage, performer: Performer
) -> None:
    options = SpawnOptions(max_attempts=1, cancellation=Cancellation(max_duration=3600))
    task_id = await stage.failed(options)
    await stage.connection.execute("update absurd.t_mail set first_started_at = now() - interval '2 hours'")
    target = await stage.target(task_id)
    told = await reason(performer, RetryTask(target))
    assert told.startswith("Would be lost: max_duration is 1h 00m and the task first started 2h 00m ago.")
    assert (await stage.row(task_id))["state"] == "failed"
    outcome = await performer.perform(RetryTask(target, as_new=True))
    assert isinstance(outcome, Done)
    await stage.claim()
    assert (await stage.row(outcome.spawned[0]))["state"] == "running"


@pytest.mark.parametrize("as_new", [False, True])
async def test_a_retry_that_would_stop_the_queue_is_refused(stage: Stage, performer: Performer, as_new: bool) -> None:
    task_id = await stage.failed()
    poison = json.dumps({"max_duration": "soon"})
    await stage.connection.execute("update absurd.t_mail set cancellation = $1::text::jsonb", poison)
    told = await reason(performer, RetryTask(await stage.target(task_id), as_new=as_new))
    assert "every claim in this queue would fail" in told
    await stage.pending()
    await stage.claim()


@pytest.mark.fault(65)
@pytest.mark.parametrize("state", ["pending", "running", "completed", "cancelled"])
async def test_only_what_failed_is_retried(stage: Stage, performer: Performer, state: str) -> None:
    task_id = await getattr(stage, state)()
    assert "only a failed task can be retried" in await reason(performer, RetryTask(await stage.target(task_id)))


async def test_a_lease_is_set_or_added_to(stage: Stage, performer: Performer) -> None:
    task_id = await stage.running(lease=60)
    await performer.perform(ExtendClaim(await stage.target(task_id), seconds=300))
    row = await stage.row(task_id)
    assert row["claim_expires_at"] - row["now"] == pytest.approx(300, abs=SLACK)
    outcome = await performer.perform(ExtendClaim(await stage.target(task_id), seconds=60, on_top=True))
    assert isinstance(outcome, Done)
    row = await stage.row(task_id)
    assert row["claim_expires_at"] - row["now"] == pytest.approx(360, abs=SLACK)
    assert outcome.after is not None
    assert outcome.after.claim_expires_at == row["claim_expires_at"]


async def test_a_lease_is_shortened_only_where_that_was_ticked(stage: Stage, performer: Performer) -> None:
    task_id = await stage.running(lease=3600)
    target = await stage.target(task_id)
    assert "shorten the lease by 58m" in (await reason(performer, ExtendClaim(target, seconds=60)))
    assert isinstance(await performer.perform(ExtendClaim(target, seconds=60, may_shorten=True)), Done)
    row = await stage.row(task_id)
    assert row["claim_expires_at"] - row["now"] == pytest.approx(60, abs=SLACK)


async def test_a_heartbeat_meanwhile_is_taken_into_account(stage: Stage, performer: Performer) -> None:
    task_id = await stage.running(lease=60)
    target = await stage.target(task_id)
    await stage.lifecycle.extend_claim(QUEUE, target.run_id, 200)
    assert isinstance(await performer.perform(ExtendClaim(target, seconds=60, on_top=True)), Done)
    row = await stage.row(task_id)
    assert row["claim_expires_at"] - row["now"] == pytest.approx(260, abs=SLACK)
    assert "shorten the lease" in await reason(performer, ExtendClaim(target, seconds=100))


async def test_a_tick_to_shorten_counts_for_the_lease_that_was_seen(stage: Stage, performer: Performer) -> None:
    task_id = await stage.running(lease=60)
    target = await stage.target(task_id)
    await stage.lifecycle.extend_claim(QUEUE, target.run_id, 3600)
    before = await stage.row(task_id)
    outcome = await performer.perform(ExtendClaim(target, seconds=30, may_shorten=True))
    assert isinstance(outcome, Changed)
    assert (await stage.row(task_id))["claim_expires_at"] == before["claim_expires_at"]


async def test_an_expired_lease_is_revived(stage: Stage, performer: Performer) -> None:
    task_id = await stage.running()
    await stage.connection.execute("update absurd.r_mail set claim_expires_at = now() - interval '12 minutes'")
    request = ExtendClaim(await stage.target(task_id), seconds=30, on_top=True)
    assert isinstance(await performer.perform(request), Done)
    row = await stage.row(task_id)
    assert row["claim_expires_at"] - row["now"] == pytest.approx(30, abs=SLACK)


@pytest.mark.fault(68)
async def test_what_has_no_lease_is_told_apart_in_plain_words(stage: Stage, performer: Performer) -> None:
    without_lease = await stage.running(lease=0)
    sleeping = await stage.running()
    await stage.lifecycle.schedule_run(QUEUE, (await stage.row(sleeping))["run_id"], 3600)
    failed, completed = await stage.failed(), await stage.completed()
    cancelled = await stage.pending()
    await stage.lifecycle.cancel(QUEUE, cancelled)
    pending = await stage.pending()
    tasks = (without_lease, sleeping, failed, completed, cancelled, pending)
    told = [await reason(performer, ExtendClaim(await stage.target(task), seconds=60)) for task in tasks]
    assert [words.split(":")[0] for words in told] == [
        "The run was claimed without a lease",
        "The run is sleeping",
        "The run has failed",
        "The run has completed",
        "The task is cancelled",
        "The run is pending",
    ]


@pytest.mark.fault(69)
@pytest.mark.parametrize(
    ("seconds", "on_top"), [(0, False), (-5, True), (86_401, False), (86_400, True), (10**9, False)]
)
async def test_a_lease_has_limits(stage: Stage, performer: Performer, seconds: int, on_top: bool) -> None:
    task_id = await stage.running()
    before = await stage.row(task_id)
    told = await reason(performer, ExtendClaim(await stage.target(task_id), seconds=seconds, on_top=on_top))
    assert ("longer than 24 hours" if seconds > 0 else "by 1 second or more") in told
    assert (await stage.row(task_id))["claim_expires_at"] == before["claim_expires_at"]


async def test_a_spawned_task_is_what_was_asked_for(stage: Stage, performer: Performer) -> None:
    options = SpawnOptions(
        max_attempts=5,
        retry_strategy=FixedRetry(30),
        cancellation=Cancellation(max_duration=600),
        headers={"trace": "7"},
        idempotency_key=spawn.fresh_key(),
    )
    outcome = await performer.perform(SpawnTask(QUEUE, "it's \\ a name", {"a": [1, None, 2.5]}, options))
    assert isinstance(outcome, Done)
    row = await stage.connection.fetchrow("select * from absurd.t_mail where task_id = $1", outcome.spawned[0])
    assert row is not None
    assert json.loads(row["params"]) == {"a": [1, None, 2.5]}
    assert json.loads(row["headers"]) == {"trace": "7"}
    assert json.loads(row["retry_strategy"]) == {"kind": "fixed", "base_seconds": 30}
    assert json.loads(row["cancellation"]) == {"max_duration": 600}
    told = (row["task_name"], row["max_attempts"], row["idempotency_key"])
    assert told == ("it's \\ a name", 5, options.idempotency_key)


@pytest.mark.parametrize("options", [SpawnOptions(), KEYED])
async def test_a_thousand_are_spawned_at_once(stage: Stage, performer: Performer, options: SpawnOptions) -> None:
    outcome = await performer.perform(SpawnTask(QUEUE, "welcome", None, options, count=1_000))
    assert isinstance(outcome, Done)
    assert len(set(outcome.spawned)) == await stage.count() == 1_000


async def test_sending_many_again_spawns_only_what_is_missing(stage: Stage, performer: Performer) -> None:
    await performer.perform(SpawnTask(QUEUE, "welcome", None, KEYED, count=3))
    outcome = await performer.perform(SpawnTask(QUEUE, "welcome", None, KEYED, count=5))
    assert isinstance(outcome, Done)
    assert len(outcome.spawned) == 2
    assert await stage.count() == 5
    again = await performer.perform(SpawnTask(QUEUE, "welcome", None, KEYED, count=5))
    assert isinstance(again, AlreadySo)
    assert again.existing is not None
    assert await stage.count() == 5


async def test_what_is_told_of_many_is_the_first_new_one(stage: Stage, performer: Performer) -> None:
    await performer.perform(SpawnTask(QUEUE, "welcome", None, KEYED, count=1))
    await stage.connection.execute("update absurd.t_mail set idempotency_key = 'order-1:1'")
    await stage.claim()
    outcome = await performer.perform(SpawnTask(QUEUE, "welcome", None, KEYED, count=2))
    assert isinstance(outcome, Done)
    assert outcome.after is not None
    assert outcome.after.state is State.PENDING


async def test_a_queue_that_does_not_exist_is_named(stage: Stage, performer: Performer) -> None:
    assert await reason(performer, SpawnTask("no 'such", "welcome", {})) == (
        "There is no queue no 'such any more, or its tables are missing."
    )
    assert isinstance(await performer.perform(await stage.request("spawn")), Done)


async def test_a_queue_of_any_name_is_written_to(stage: Stage, performer: Performer) -> None:
    name = 'a"b%c d; drop table\n'
    await stage.lifecycle.create_queue(name)
    outcome = await performer.perform(SpawnTask(name, "welcome", {}))
    assert isinstance(outcome, Done)
    assert outcome.after is not None
    assert outcome.after.state is State.PENDING


async def test_a_fake_clock_is_refused(stage: Stage, performer: Performer) -> None:
    database = await stage.connection.fetchval("select current_database()")
    await stage.connection.execute(f"alter database {database} set absurd.fake_now = '2020-01-01'")
    assert "fake clock" in await reason(performer, SpawnTask(QUEUE, "welcome", {}))
    await stage.connection.execute(f"alter database {database} reset absurd.fake_now")
    assert isinstance(await performer.perform(SpawnTask(QUEUE, "welcome", {})), Done)


async def test_a_database_that_is_read_only_by_default_is_refused(stage: Stage, performer: Performer) -> None:
    request = await stage.request("cancel")
    database = await stage.connection.fetchval("select current_database()")
    await stage.connection.execute(f"alter database {database} set default_transaction_read_only = on")
    assert "read-only" in await reason(performer, request)


@pytest.mark.parametrize("headers", [None, {"trace": "abc"}, {copies.HEADER: "mail/of another"}])
async def test_a_retry_as_new_names_the_task_that_it_is_of(
    stage: Stage, performer: Performer, headers: dict[str, str] | None
) -> None:
    task_id = await stage.failed(SpawnOptions(max_attempts=1, headers=headers))
    outcome = await performer.perform(RetryTask(await stage.target(task_id), as_new=True))
    assert isinstance(outcome, Done)
    kept = await stage.connection.fetchval("select headers from absurd.t_mail where task_id = $1", outcome.spawned[0])
    assert json.loads(kept) == {**(headers or {}), copies.HEADER: f"{QUEUE}/{task_id}"}
    again = await performer.perform(RetryTask(await stage.target(task_id), as_new=True))
    assert isinstance(again, Done)
    assert again.spawned != outcome.spawned
