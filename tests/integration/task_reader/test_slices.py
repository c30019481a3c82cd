"""A document of any size is read to its end in short statements, and told where it changes meanwhile."""

import json

import asyncpg
import pytest
from absurd_server import Database
from integration.task_reader.stored_task import QUEUE, spawned

from absurd_tui.conninfo import resolve
from absurd_tui.database.session import Session
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import slices as slices_module
from absurd_tui.observe.slices import FIRST_CHARACTERS, NotWhole, document_at, payload_at
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.observe.task_reader import TaskReader
from absurd_tui.observe.task_records import PARAMS, checkpoint_part, failure_part

LARGE = {"text": 'é"\\\u202e' * 400_000, "end": 1.50}


async def test_it_is_what_is_stored_in_slices_that_grow(
    lifecycle: Lifecycle, connection: asyncpg.Connection, reader: TaskReader
) -> None:
    task_id = await spawned(lifecycle, params=LARGE)
    stored = await connection.fetchval(f'select params::text from absurd."t_{QUEUE.replace(chr(34), chr(34) * 2)}"')
    pieces = [piece async for piece in reader.slices(document_at(QUEUE, task_id, PARAMS))]
    assert "".join(piece.text for piece in pieces) == stored
    assert json.loads(stored) == LARGE
    assert len(pieces[0].text) == FIRST_CHARACTERS
    assert len(pieces[1].text) > FIRST_CHARACTERS
    assert [piece.characters for piece in pieces] == [len(stored)] * len(pieces)
    assert pieces[-1].read == len(stored)


async def test_failures_checkpoints_and_payloads_too(lifecycle: Lifecycle, database: Database) -> None:
    await spawned(lifecycle)
    (taken,) = await lifecycle.claim(QUEUE, "w", 60)
    await lifecycle.set_checkpoint(QUEUE, taken.task_id, "step", [1], taken.run_id)
    await lifecycle.fail(QUEUE, taken.run_id, {"name": "Boom"})
    await lifecycle.emit_event(QUEUE, "paid", {"by": "card"})
    source = DatabaseSource(resolve(database.dsn, environ={}))

    async def read(part: str) -> str:
        return "".join([piece.text async for piece in source.slices(document_at(QUEUE, taken.task_id, part))])

    assert await read(failure_part(taken.run_id)) == '{"name": "Boom"}'
    assert await read(checkpoint_part("step")) == "[1]"
    assert [one.text async for one in source.slices(payload_at(QUEUE, "paid"))] == ['{"by": "card"}']
    with pytest.raises(NotWhole, match="no longer"):
        await read("result")
    source.close()


async def test_a_document_that_changes_meanwhile_is_not_given_as_one(lifecycle: Lifecycle, reader: TaskReader) -> None:
    await spawned(lifecycle)
    (taken,) = await lifecycle.claim(QUEUE, "w", 60)

    async def save(letter: str) -> None:
        await lifecycle.set_checkpoint(QUEUE, taken.task_id, "step", letter * 600_000, taken.run_id)

    await save("a")
    read = reader.slices(document_at(QUEUE, taken.task_id, checkpoint_part("step")))
    await anext(read)
    await save("b")
    with pytest.raises(NotWhole, match="changed"):
        await anext(read)


async def test_a_document_that_takes_the_server_too_long_is_given_up_at_once(
    lifecycle: Lifecycle, session: Session, reader: TaskReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = await spawned(lifecycle, params=["x" * 3_000_000] * 10)
    asked: list[str] = []
    fetch = session.fetch

    async def counting(statement: str, *arguments: object) -> object:
        asked.append(statement)
        return await fetch(statement, *arguments)

    await session.open()
    await session.fetch("select set_config('statement_timeout', '1', false)")
    monkeypatch.setattr(session, "fetch", counting)
    with pytest.raises(asyncpg.QueryCanceledError):
        await anext(reader.slices(document_at(QUEUE, task_id, PARAMS)))
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("wanted", "sent_in", "then"),
    [(250_000, 0.0, 1_000_000), (1_000_000, 0.5, 1_000_000), (1_000_000, 2.0, 250_000), (4_000_000, 0.01, 8_000_000)],
)
def test_a_slice_takes_what_is_sent_in_half_a_second(wanted: int, sent_in: float, then: int) -> None:
    assert slices_module._next(wanted, sent_in) == then
