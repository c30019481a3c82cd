"""Each verdict on a real database: the situation is made, its words are read, it is cured, and they are gone."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from attacks import ATTACKS
from seeding import put, reading, role

from absurd_tui.lifecycle import FixedRetry, Lifecycle, SpawnOptions
from absurd_tui.observe import count_queries, examining, symptom_queries
from absurd_tui.observe.diagnosis import findings
from absurd_tui.observe.finding import Finding, Kind, Level
from absurd_tui.observe.quiet import all_is_well
from absurd_tui.observe.reader import Reader
from absurd_tui.observe.records import State, View
from absurd_tui.observe.verdict import APPEARS_AFTER, GOES_AFTER, Settled
from absurd_tui.text import clean

NO_PANELS = View(panels=())
LONG_AGO = "now() - interval '10 minutes'"
LATELY = "now() - interval '20 s'"


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    return lifecycle


async def found(reader: Reader) -> Sequence[Finding]:
    """What is found now, whatever was read a moment ago."""
    return findings(await reader.snapshot(NO_PANELS, is_urged=True))


async def only(reader: Reader) -> Finding:
    (finding,) = await found(reader)
    return finding


async def poisoned(connection: asyncpg.Connection, policy: str = '{"max_duration": "soon"}') -> UUID:
    """A task whose cancellation no claim can read, spawned ten minutes ago."""
    ((task_id, _),) = await put(
        connection, "mail", "pending", task={"cancellation": f"'{policy}'"}, run={"available_at": LONG_AGO}
    )
    return task_id


async def test_a_task_that_stops_every_claim_is_named_until_it_is_cancelled(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await put(connection, "mail", "completed", run={"available_at": LONG_AGO, "completed_at": LONG_AGO})
    await put(connection, "mail", "pending", number=30, run={"available_at": LONG_AGO})
    task_id = await poisoned(connection)
    with pytest.raises(Exception, match="bigint"):
        await lifecycle.claim("mail", "worker-1", 60)
    async with reading(database.dsn) as reader:
        worst = await only(reader)
        assert (worst.kind, worst.level, worst.goal.task_id) == (Kind.CLAIMS_FAIL, Level.WEDGED, task_id)
        assert worst.what.text == f"mail: every claim fails because of task 1 …{task_id.hex[-8:]}."
        assert worst.then.text == (
            'It is pending: cancel it, and claims work again; none can read its max_duration "soon".'
        )
        await lifecycle.cancel("mail", task_id)
        assert [finding.kind for finding in await found(reader)] == [Kind.NOBODY_CLAIMS]
        assert len(await lifecycle.claim("mail", "worker-1", 60)) == 1
        assert await found(reader) == ()


async def test_a_task_that_stops_every_claim_is_found_behind_a_long_backlog(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(symptom_queries, "TASKS_LOOKED_AT", 20)
    await put(connection, "mail", "pending", number=70, run={"available_at": LONG_AGO})
    await poisoned(connection, '{"max_delay": 1.5}')
    kinds = []
    async with reading(database.dsn) as reader:
        for _ in range(5):
            kinds.append((await only(reader)).kind)
    assert kinds == [*[Kind.NOBODY_CLAIMS] * 3, *[Kind.CLAIMS_FAIL] * 2], "each look goes on where the last one ended"


async def test_a_policy_that_a_claim_can_read_stops_nothing(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    for policy in ('{"max_duration": 99999, "max_delay": "  88888 "}', '{"max_duration": null}', '["soon"]', "7"):
        await poisoned(connection, policy)
    assert len(await lifecycle.claim("mail", "worker-1", 60)) == 1
    await connection.execute(f"update absurd.r_mail set available_at = {LONG_AGO} where state = 'running'")
    async with reading(database.dsn) as reader:
        assert [finding.kind for finding in await found(reader)] == [Kind.NOBODY_CLAIMS]


async def test_nobody_polls_until_somebody_claims(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await put(connection, "mail", "pending", number=3, run={"available_at": LONG_AGO})
    async with reading(database.dsn) as reader:
        worst = await only(reader)
        assert worst.what.text == "mail: nobody has claimed yet; 3 tasks are due."
        assert (worst.level, worst.goal.state) == (Level.WEDGED, State.PENDING)
        await lifecycle.claim("mail", "worker-1", 60)
        assert await found(reader) == ()


async def test_a_queue_whose_workers_are_all_busy_is_not_said_to_have_none(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await put(connection, "mail", "pending", number=2, run={"available_at": LONG_AGO})
    busy = {"available_at": LONG_AGO, "claim_expires_at": "now() + interval '1 hour'", "claimed_by": "'worker-1'"}
    await put(connection, "mail", "running", run=busy)
    async with reading(database.dsn) as reader:
        worst = await only(reader)
        assert (worst.kind, worst.level) == (Kind.NOBODY_CLAIMS, Level.DEGRADED)
        assert worst.what.text == "mail: nobody has claimed for 10m; 2 tasks are due."
        assert worst.then.text == (
            "1 run is still claimed: the workers may all be busy. More of them would take these tasks."
        )
        await lifecycle.claim("mail", "worker-2", 60)
        assert await found(reader) == ()


async def test_a_queue_that_may_not_be_read_says_which_grant_lacks_until_it_is_given(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await lifecycle.create_queue("zoo")
    async with role(connection, database) as limited:
        await connection.execute(f"grant select on absurd.t_mail, absurd.r_mail, absurd.c_mail to {limited.name}")
        async with reading(limited.dsn) as reader:
            worst = await only(reader)
            assert (worst.kind, worst.queue, worst.goal.word) == (Kind.REFUSED, "zoo", "the GRANT")
            assert worst.what.text == "zoo cannot be read."
            assert worst.then.text.startswith(f"role {limited.name} may not SELECT on absurd.t_zoo")
            assert worst.then.text.endswith(" ? shows the GRANT.")
            refused = (await reader.snapshot(NO_PANELS)).queue("zoo")
            assert refused is not None
            assert refused.refusal is not None
            assert refused.refusal.remedy is not None
            await connection.execute(refused.refusal.remedy)
        async with reading(limited.dsn) as reader:
            assert await found(reader) == ()


async def test_all_is_quiet_since_the_last_finding_went(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await put(connection, "mail", "pending", run={"available_at": LONG_AGO})
    settled = Settled()
    async with reading(database.dsn) as reader:
        for _ in range(APPEARS_AFTER):
            snapshot = await reader.snapshot(NO_PANELS, is_urged=True)
            settled = settled.after(findings(snapshot), snapshot.now)
        assert (settled.level, settled.quiet_since) == (Level.WEDGED, None)
        await lifecycle.claim("mail", "worker-1", 60)
        for _ in range(GOES_AFTER):
            snapshot = await reader.snapshot(NO_PANELS, is_urged=True)
            settled = settled.after(findings(snapshot), snapshot.now)
        assert (settled.level, settled.quiet_since) == (Level.OK, snapshot.now)
        assert all_is_well(snapshot).text.startswith("1 queue. Nothing is due. No expired lease.")


async def test_a_lease_that_is_over_is_told_until_a_claim_sweeps_it(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await lifecycle.spawn("mail", "letter", {}, SpawnOptions(max_attempts=1))
    await lifecycle.claim("mail", "worker-1", 60)
    await connection.execute(f"update absurd.r_mail set claim_expires_at = {LONG_AGO}")
    async with reading(database.dsn) as reader:
        worst = await only(reader)
        assert worst.what.text == "mail: 1 lease has expired, the oldest 10m ago, and no claim has ended it."
        assert (worst.kind, worst.goal.state) == (Kind.LEASE_EXPIRED, State.RUNNING)
        await lifecycle.claim("mail", "worker-2", 60)
        assert await found(reader) == ()


async def _hold(connection: asyncpg.Connection, lifecycle: Lifecycle, worker: str, number: int) -> list[UUID]:
    for _ in range(number):
        await lifecycle.spawn("mail", "letter", {}, SpawnOptions(max_attempts=9, retry_strategy=FixedRetry(3600)))
    return [claim.run_id for claim in await lifecycle.claim("mail", worker, 60, number)]


async def test_a_worker_all_of_whose_leases_are_over_is_likely_gone(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    gone = await _hold(connection, lifecycle, "gpu-2:118", 3)
    await _hold(connection, lifecycle, "gpu-1:7", 2)
    over = f"update absurd.r_mail set claim_expires_at = {LONG_AGO} where run_id = any($1)"
    await connection.execute(over, gone[:2])
    async with reading(database.dsn) as reader:
        assert (await only(reader)).kind is Kind.LEASE_EXPIRED, "it still holds a lease"
        await connection.execute(over, gone[2:])
        worst = await only(reader)
        assert worst.kind is Kind.WORKER_GONE
        assert worst.what.text == (
            "mail: worker gpu-2:118 is likely gone: all its 3 leases have expired, the last 10m ago."
        )
        await put(
            connection,
            "mail",
            "completed",
            run={"available_at": LATELY, "completed_at": LATELY, "claimed_by": "'gpu-2:118'"},
        )
        assert (await only(reader)).kind is Kind.LEASE_EXPIRED, "it has completed something since"
        await lifecycle.claim("mail", "gpu-1:7", 60, 9)
        assert await found(reader) == ()


FAILED = {
    "available_at": LATELY,
    "failed_at": LATELY,
    "failure_reason": """'{"name": "HTTPError", "message": "503"}'""",
}


async def test_many_failed_attempts_that_are_tried_again_are_a_retry_storm(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await put(
        connection, "mail", "failed", number=12, task={"task_name": "'charge'", "state": "'sleeping'"}, run=FAILED
    )
    await put(connection, "mail", "failed", number=3, task={"task_name": "'refund'"}, run=FAILED)
    async with reading(database.dsn) as reader:
        worst = await only(reader)
        assert worst.kind is Kind.RETRY_STORM
        assert worst.what.text == (
            "mail: retry storm, 15 attempts claimed in the last minute failed, most of charge (HTTPError)."
        )
        assert worst.then.text.startswith("12 of the newest 15 will be tried again, and add to the load.")
        await connection.execute("update absurd.t_mail set state = 'failed'")
        worst = await only(reader)
        assert worst.kind is Kind.FAILS_OFTEN
        assert worst.what.text == "mail: 15 attempts claimed in the last minute failed, most of charge (HTTPError)."
        await connection.execute("update absurd.r_mail set available_at = now() - interval '1 hour'")
        assert await found(reader) == ()


async def test_failures_that_rise_are_told_before_they_are_many(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    before = {"available_at": "now() - (5 + n * 0.24) * interval '1 minute'"}
    await put(connection, "mail", "completed", number=100, run={**before, "completed_at": LONG_AGO})
    await put(connection, "mail", "failed", number=10, run={**FAILED, **before})
    await put(connection, "mail", "failed", number=5, run=FAILED)
    await put(connection, "mail", "failed", number=8, run={**FAILED, "available_at": "now() - interval '2 minutes'"})
    async with reading(database.dsn) as reader:
        worst = await only(reader)
        assert worst.kind is Kind.FAILURES_RISE
        assert worst.what.text == (
            "mail: failures rise: 13 attempts claimed in the last 5 minutes failed, 10 of the 25 minutes before."
        )
        await put(connection, "mail", "failed", number=30, run={**FAILED, "available_at": LONG_AGO})
        assert await found(reader) == (), "it was no better before"


async def test_a_task_that_no_worker_knows_is_told_once_it_was_put_off_again(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await lifecycle.spawn("mail", "build_report", {})
    (claim,) = await lifecycle.claim("mail", "worker-1", 60)
    await lifecycle.schedule_run("mail", claim.run_id, 0)
    async with reading(database.dsn) as reader:
        assert await found(reader) == (), "once may happen while a deployment rolls"
        (claim,) = await lifecycle.claim("mail", "worker-1", 60)
        await lifecycle.schedule_run("mail", claim.run_id, 60)
        worst = await only(reader)
        assert worst.what.text == "mail: 1 task is put off again and again without a checkpoint: build_report."
        assert (worst.kind, worst.goal.state) == (Kind.UNKNOWN_TASK, State.SLEEPING)
        await connection.execute("update absurd.r_mail set available_at = now()")
        (claim,) = await lifecycle.claim("mail", "worker-1", 60)
        await lifecycle.set_checkpoint("mail", claim.task_id, "known", 1, claim.run_id)
        await lifecycle.schedule_run("mail", claim.run_id, 60)
        assert await found(reader) == (), "somebody knows it: a step of its own set the time"


async def test_a_backlog_that_grows_is_told_with_what_comes_and_what_is_taken(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examining, "LIVE_CAP", 40)
    monkeypatch.setattr(count_queries, "LIVE_CAP", 40)
    await put(connection, "mail", "pending", number=50)
    await lifecycle.claim("mail", "worker-1", 60, 4)
    async with reading(database.dsn) as reader:
        worst = await only(reader)
        assert worst.kind is Kind.BACKLOG_GROWS
        assert worst.what.text == "mail: 40+ tasks are due, and more come than are taken." or worst.what.text == (
            "mail: 46 tasks are due, and more come than are taken."
        )
        assert worst.then.text.startswith("In the last 5 minutes 50 were spawned and 4 claims made.")
        await put(connection, "mail", "completed", number=60, run={"completed_at": "now()"})
        await connection.execute("update absurd.t_mail set task_id = task_id")
        assert [finding.kind for finding in await found(reader)] == [Kind.BACKLOG_GROWS], "they were spawned as well"
        await lifecycle.claim("mail", "worker-1", 60, 40)
        assert await found(reader) == ()


async def test_a_queue_that_may_not_be_read_refuses_no_symptom_of_another(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await lifecycle.create_queue("away")
    await connection.execute('drop table absurd."c_away"')
    for queue in ("away", "mail"):
        await put(
            connection,
            queue,
            "sleeping",
            task={"first_started_at": LONG_AGO, "task_name": "'unknown'"},
            run={"started_at": LATELY, "available_at": "now() + interval '1 minute'"},
        )
    async with reading(database.dsn) as reader:
        assert (await only(reader)).queue == "mail"


async def test_hostile_names_stand_harmlessly_in_every_verdict(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    attack = "".join(ATTACKS.values())
    quoted = "E'" + attack.replace("\\", "\\\\").replace("'", "\\'") + "'"
    name = {"task_name": quoted}
    await put(
        connection,
        "mail",
        "failed",
        number=12,
        task=name,
        run={**FAILED, "failure_reason": f"to_jsonb({quoted}::text)"},
    )
    held = {"claimed_by": quoted, "available_at": LONG_AGO, "claim_expires_at": LONG_AGO}
    await put(connection, "mail", "running", number=2, task=name, run=held)
    await put(
        connection,
        "mail",
        "sleeping",
        task={**name, "first_started_at": LONG_AGO},
        run={"started_at": LATELY, "available_at": "now() + interval '1 minute'"},
    )
    policy = f"jsonb_build_object('max_duration', {quoted}::text)"
    await put(connection, "mail", "pending", task={**name, "cancellation": policy}, run={"available_at": LONG_AGO})
    await connection.execute(f"update absurd.r_mail set available_at = {LATELY} where state = 'failed'")
    async with reading(database.dsn) as reader:
        told = await found(reader)
    assert {finding.kind for finding in told} >= {Kind.FAILS_OFTEN, Kind.WORKER_GONE, Kind.UNKNOWN_TASK}
    for finding in told:
        for said in (finding.what, finding.then):
            assert clean(said.text) == said.text
