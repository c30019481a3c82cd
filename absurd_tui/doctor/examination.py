"""Asks everything once, over one connection that only reads, with the limits of every reading."""

import time
from collections.abc import AsyncIterator, Sequence

from absurd_tui.conninfo import ConnSpec
from absurd_tui.database import capabilities
from absurd_tui.database.capabilities import Capabilities
from absurd_tui.database.faults import Fault, classify, sentence, shows_a_pooler, sqlstate
from absurd_tui.database.session import Session
from absurd_tui.doctor import queue_checks, server_checks
from absurd_tui.doctor.grants import grants
from absurd_tui.doctor.records import Check, Level, Report
from absurd_tui.doctor.server_checks import Link
from absurd_tui.errors import CannotStart
from absurd_tui.observe import health_queries, queries
from absurd_tui.observe.branches import Row, refusal
from absurd_tui.observe.lock_holders import with_holder, with_holder_of_list
from absurd_tui.observe.reasons import may_be_read
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.versions import read_version


async def examine(spec: ConnSpec) -> Report:
    """Look at everything. Raises CannotStart where there is no connection, or none any more."""
    session = Session(spec)
    try:
        await _open(session)
        try:
            return Report(tuple([check async for check in _checks(session, spec)]))
        except Exception as error:
            if not shows_a_pooler(error):
                raise
            await _open(session)  # that has told the session how to go on
        return Report(tuple([check async for check in _checks(session, spec)]))
    except Exception as error:
        if isinstance(error, CannotStart) or classify(error) is not Fault.RECONNECT:
            raise
        raise CannotStart(f"The connection was lost: {sentence(error)}") from error
    finally:
        session.terminate()


async def statements_for(spec: ConnSpec, role: str) -> Sequence[str]:
    """Give the statements that let a role operate every queue that there is."""
    session = Session(spec)
    try:
        await _open(session)
        probe = (await session.fetch(queries.PROBE))[0]
        if (absent := server_checks.of_absence(spec, probe)) is not None:
            raise CannotStart(f"{absent.told[:1].upper()}{absent.told[1:]}. {absent.remedy or ''}".rstrip())
        try:
            queues = await capabilities.read_queues(session.fetch)
        except Exception as error:
            raise CannotStart(await _refused(session, error)) from error
        return tuple(grants(queues, role))
    finally:
        session.terminate()


async def _open(session: Session) -> None:
    try:
        await session.open()
    except Exception as error:
        raise CannotStart(sentence(error)) from error


async def _checks(session: Session, spec: ConnSpec) -> AsyncIterator[Check]:
    link = await _link(session)
    probe = (await session.fetch(queries.PROBE))[0]
    for check in (*server_checks.of_connection(spec, probe, link), *server_checks.of_server(probe, link)):
        yield check
    if (absent := server_checks.of_absence(spec, probe)) is not None:
        yield absent
        return
    functions = await capabilities.read_functions(session.fetch)
    version = await read_version(session.fetch) if probe["has_version"] else None
    for check in (*server_checks.of_schema(version, functions), *server_checks.of_execute(probe["role"], functions)):
        yield check
    try:
        queues = await capabilities.read_queues(session.fetch)
    except Exception as error:
        yield Check("queues", "list", Level.PROBLEM, await _refused(session, error))
        return
    found = Capabilities(probe["role"], functions, queues)
    if not found.queues:
        yield Check("queues", "none", Level.NOTE, "there is no queue yet", "absurdctl create-queue NAME")
    for queue in sorted(found.queues):
        poisoned, refused = await _looked_at(session, found, queue)
        for check in queue_checks.of_queue(queue, found, poisoned, refused):
            yield check


async def _refused(session: Session, error: Exception) -> str:
    """Say why the server did not list the queues; raises what is no refusal of its."""
    if classify(error) is not Fault.PANEL or sqlstate(error) is None:
        raise error
    return sentence(await with_holder_of_list(error, session.fetch))


async def _link(session: Session) -> Link:
    await session.fetch(health_queries.LINK)  # the first time it is also planned
    asked = time.time()
    row = (await session.fetch(health_queries.LINK))[0]
    answered = time.time()
    within = (answered - asked) / 2
    return Link(row["has_tls"], row["tls_version"], session.is_pooled, row["now"] - (asked + within), within)


async def _looked_at(session: Session, found: Capabilities, queue: str) -> tuple[Sequence[Row], Refusal | None]:
    """Look into a queue that may be read: tasks that stop it, and why it does not answer, if it does not."""
    if not queue_checks.may_read(found.queues[queue]):
        return (), None
    try:
        poisoned = await session.fetch(health_queries.poisoned(queue))
        await session.fetch(health_queries.touched(queue))
    except Exception as error:
        if classify(error) in (Fault.RECONNECT, Fault.RETRY_ONCE):
            raise
        return (), refusal(await with_holder(error, queue, session.fetch), queue, found.role)
    return [row for row in poisoned if not (may_be_read(row["max_delay"]) and may_be_read(row["max_duration"]))], None
