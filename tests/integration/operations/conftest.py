"""A performer on the test's database, and `stage`, the other side: a second connection that makes and changes tasks."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.queue_stage import QueueStage
from integration.operations.stage import QUEUE, Stage
from statement_proxy import StatementProxy, statement_proxy

from absurd_tui.conninfo import ConnSpec, resolve
from absurd_tui.conninfo.tls import Tls
from absurd_tui.database import writing
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.operations import holder
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.perform import Performer

REAL = writing._BEGIN


@pytest.fixture(autouse=True)
def patient_server(patience: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that waits long for a lock and for the next statement; `real_limits` takes that back."""
    begin = writing._BEGIN
    for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        begin = begin.replace(f"{name} = '{writing.LIMITS[name]}'", f"{name} = '120s'")
    assert begin.count("120s") == 3
    monkeypatch.setattr(writing, "_BEGIN", begin)


@pytest.fixture
def real_limits(patient_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server with the limits that a write has, for the tests in which they strike."""
    monkeypatch.setattr(writing, "_BEGIN", REAL)


@pytest.fixture
def short_lock(patient_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that gives up waiting for a lock in half the time, and a look for the holder that begins early."""
    lock_timeout = f"{writing.LOCK_SECONDS / 2}s"
    begin = writing._BEGIN.replace("lock_timeout = '120s'", f"lock_timeout = '{lock_timeout}'")
    assert lock_timeout in begin
    monkeypatch.setattr(writing, "_BEGIN", begin)
    monkeypatch.setattr(holder, "FIRST_ASKED", 0.1)


@pytest.fixture
def spec(database: Database) -> ConnSpec:
    return resolve(database.dsn, environ={})


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(tmp_path / "state" / "audit.jsonl")


@pytest.fixture
async def performer(spec: ConnSpec, audit: Audit) -> AsyncIterator[Performer]:
    performer = Performer(spec, audit=audit)
    yield performer
    await performer.close()


@pytest.fixture
async def stage(connection: asyncpg.Connection, request: pytest.FixtureRequest) -> Stage:
    """Its queue is stored as the test's parameter for it says, else in one piece."""
    await Lifecycle(connection).create_queue(QUEUE, getattr(request, "param", "unpartitioned"))
    return Stage(connection)


@pytest.fixture
async def proxy(spec: ConnSpec) -> AsyncIterator[StatementProxy]:
    host, port = spec.hosts[0]
    async with statement_proxy(host, port) as proxy:
        yield proxy


@pytest.fixture
async def proxied(spec: ConnSpec, proxy: StatementProxy, audit: Audit) -> AsyncIterator[Performer]:
    """A performer whose every connection goes through the proxy."""
    performer = Performer(through(spec, proxy), audit=audit)
    yield performer
    await performer.close()


def through(spec: ConnSpec, proxy: StatementProxy) -> ConnSpec:
    """The same database, by way of the proxy."""
    return dataclasses.replace(spec, hosts=(("127.0.0.1", proxy.port),), tls=Tls("disable"))


@pytest.fixture
def queues(stage: Stage, spec: ConnSpec) -> QueueStage:
    return QueueStage(stage, spec)
