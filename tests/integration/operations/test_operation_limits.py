"""What the envelope may not know: who holds a lock, which server answers, what a transaction id means there."""

import asyncio
import gc
from collections.abc import Awaitable
from dataclasses import replace

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.conftest import through
from integration.operations.stage import Stage
from seeding import role
from statement_proxy import StatementProxy

from absurd_tui.conninfo import ConnSpec, resolve
from absurd_tui.database import writing
from absurd_tui.database.writing import Place, WriteSession
from absurd_tui.observe.records import State
from absurd_tui.operations import aftermath, cancel, holder, refusals
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.cancel import Cancel
from absurd_tui.operations.envelope import Envelope, Passage
from absurd_tui.operations.holder import HolderWatch
from absurd_tui.operations.outcomes import Done, Locked, NotApplied, Outcome, Refused, Unknown
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import CancelTask

PROMISED = Done(None)


@pytest.fixture
async def place(spec: ConnSpec) -> Place:
    session = WriteSession(spec)
    place = await session.open()
    session.terminate()
    return place


async def committed_by_another(stage: Stage) -> int:
    async with stage.connection.transaction():
        xid: int = await stage.connection.fetchval("select pg_current_xact_id()::text::bigint")
    return xid


async def told(stage: Stage, spec: ConnSpec, place: Place, xid: int) -> tuple[CancelTask, Outcome]:
    request = await stage.request("cancel")
    assert isinstance(request, CancelTask)
    return request, await aftermath.resolve(spec, place, Cancel(request), xid, PROMISED)


async def test_another_cluster_or_timeline_is_not_asked(stage: Stage, spec: ConnSpec, place: Place) -> None:
    assert place.cluster is not None
    xid = await committed_by_another(stage)
    for elsewhere in ((place.cluster[0] + 1, place.cluster[1]), (place.cluster[0], place.cluster[1] + 1), None):
        _, outcome = await told(stage, spec, replace(place, cluster=elsewhere), xid)
        assert isinstance(outcome, Unknown)
        assert "not known to be the same server" in outcome.reason


async def test_an_id_that_the_server_has_not_given_yet_is_unknown(stage: Stage, spec: ConnSpec, place: Place) -> None:
    _, outcome = await told(stage, spec, place, 2**40)
    assert isinstance(outcome, Unknown)
    assert outcome.after is not None
    assert outcome.after.state is State.RUNNING


async def test_an_id_that_a_crash_gave_to_another_is_unknown(stage: Stage, spec: ConnSpec, place: Place) -> None:
    _, outcome = await told(stage, spec, place, await committed_by_another(stage))
    assert isinstance(outcome, Unknown)


@pytest.mark.slow
async def test_a_transaction_that_stays_open_is_unknown(
    stage: Stage, spec: ConnSpec, place: Place, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aftermath, "ASKED_FOR", 4.0)
    other = await asyncpg.connect(database.dsn)
    async with other.transaction():
        xid = await other.fetchval("select pg_current_xact_id()::text::bigint")
        _, outcome = await told(stage, spec, place, xid)
    await other.close()
    assert isinstance(outcome, Unknown)
    assert "still open on the server" in outcome.reason


async def test_an_undone_transaction_is_not_applied(stage: Stage, spec: ConnSpec, place: Place) -> None:
    transaction = stage.connection.transaction()
    await transaction.start()
    xid = await stage.connection.fetchval("select pg_current_xact_id()::text::bigint")
    await transaction.rollback()
    _, outcome = await told(stage, spec, place, xid)
    assert isinstance(outcome, NotApplied)


@pytest.mark.slow
@pytest.mark.usefixtures("real_limits")
async def test_a_role_that_may_not_look_names_only_what_it_sees(stage: Stage, database: Database, audit: Audit) -> None:
    request = await stage.request("cancel")
    async with role(stage.connection, database) as limited:
        performer = Performer(resolve(limited.dsn, environ={}), audit=audit)
        refused = await performer.perform(request)
        assert isinstance(refused, Refused)
        assert refused.remedy is not None
        await stage.connection.execute(refused.remedy)
        other = await asyncpg.connect(database.dsn, server_settings={"application_name": "nightly report"})
        async with other.transaction():
            await other.execute("select from absurd.t_mail for update")
            outcome = await performer.perform(request)
        assert outcome == Locked(other.get_server_pid(), "nightly report", None)
        await other.close()
        await performer.close()


async def test_a_role_without_the_schema_is_told_so(stage: Stage, database: Database, audit: Audit) -> None:
    request = await stage.request("spawn")
    async with role(stage.connection, database, may_use=False) as limited:
        performer = Performer(resolve(limited.dsn, environ={}), audit=audit)
        outcome = await performer.perform(request)
        await performer.close()
    assert outcome == Refused(
        f"Role {limited.name} lacks USAGE on schema absurd.", f"GRANT USAGE ON SCHEMA absurd TO {limited.name};"
    )


@pytest.mark.slow
@pytest.mark.usefixtures("real_limits")
async def test_a_lock_is_told_also_where_nobody_can_be_asked_who_holds_it(
    stage: Stage, database: Database, proxied: Performer, proxy: StatementProxy
) -> None:
    assert isinstance(await proxied.perform(await stage.request("cancel")), Done)
    request = await stage.request("cancel")
    proxy.is_refusing = True
    other = await asyncpg.connect(database.dsn)
    async with other.transaction():
        await other.execute("select from absurd.t_mail for update")
        assert await proxied.perform(request) == Locked(None, None, None)
    await other.close()


@pytest.mark.parametrize("error", [ValueError, OverflowError, RuntimeError])
async def test_whatever_hinders_the_look_for_the_holder_is_nobodys_trouble(
    spec: ConnSpec, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    asked, reported = asyncio.Event(), []

    async def open_in_vain(session: WriteSession) -> Place:
        asked.set()
        try:
            await asyncio.sleep(60)
        finally:
            raise error  # as it is given up, when nobody asks any more what came of it

    monkeypatch.setattr(holder, "FIRST_ASKED", 0.0)
    monkeypatch.setattr(WriteSession, "open", open_in_vain)
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["message"]))
    async with HolderWatch(spec, lambda: 1) as watch:
        await asyncio.wait_for(asked.wait(), 60)
        assert watch.holder is None
    del watch
    gc.collect()
    await asyncio.sleep(0)
    assert reported == []


async def test_a_cancelled_envelope_ends_its_connection_and_says_so(
    stage: Stage, spec: ConnSpec, database: Database
) -> None:
    request = await stage.request("cancel")
    assert isinstance(request, CancelTask)
    envelope, passage = Envelope(spec), Passage()
    other = await asyncpg.connect(database.dsn)
    async with other.transaction():
        await other.execute("select from absurd.t_mail for update")
        carrying = asyncio.create_task(envelope.carry(Cancel(request), passage))
        await stage.until_we_wait_for_a_lock()
        carrying.cancel()
        await asyncio.wait({carrying})
        assert carrying.cancelled()
    await other.close()
    await asyncio.sleep(0.2)
    assert not await stage.is_done(request)
    assert isinstance(await envelope.carry(Cancel(request), Passage()), Done)
    envelope.terminate()


@pytest.mark.parametrize("is_in_one", [False, True])
@pytest.mark.parametrize("is_over_time", [False, True])
async def test_who_stops_waiting_ends_the_connection_and_sends_no_cancel_request(
    spec: ConnSpec, proxy: StatementProxy, monkeypatch: pytest.MonkeyPatch, *, is_in_one: bool, is_over_time: bool
) -> None:
    session = WriteSession(through(spec, proxy))
    await session.open()
    sleep = "select pg_sleep(60)"
    await session.prepare(sleep)
    accepted = proxy.accepted
    monkeypatch.setattr(writing, "CLIENT_SECONDS", 0.2 if is_over_time else 60.0)
    call = session.fetch(sleep)
    waiting = asyncio.create_task(_awaited(session.unbroken(call) if is_in_one else call))
    if not is_over_time:
        await asyncio.sleep(0.2)
        waiting.cancel()
    with pytest.raises(TimeoutError if is_over_time else asyncio.CancelledError):
        await waiting
    assert not session.is_open
    await asyncio.sleep(0.1)  # in which it would be sent
    assert proxy.accepted == accepted


async def _awaited(call: Awaitable[object]) -> object:
    return await call


def test_a_standby_and_a_fake_clock_are_refused_before_anything_is_sent() -> None:
    here = Place(
        role="operator", is_standby=False, fake_now=None, cluster=None, functions={cancel.NEEDS.function: True}
    )
    assert refusals.at_once(here, cancel.NEEDS) is None
    assert refusals.at_once(replace(here, is_standby=True), cancel.NEEDS) == Refused(refusals.STANDBY)
    assert refusals.at_once(replace(here, fake_now="2020-01-01"), cancel.NEEDS) == Refused(refusals.FAKE_CLOCK)


async def test_a_statement_is_prepared_before_its_transaction(spec: ConnSpec) -> None:
    session = WriteSession(spec)
    await session.open()
    await session.begin()
    with pytest.raises(RuntimeError, match="not prepared before"):
        await session.fetch("select 1")
    session.terminate()
