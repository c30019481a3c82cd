"""The documents of a task: of any JSON, digit for digit, and large ones only on request."""

import json
from typing import Any

import asyncpg
import pytest
from integration.task_reader.stored_task import HOSTILE, QUEUE, claim, read, spawned

from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe.task_reader import TaskReader
from absurd_tui.observe.task_records import PARAMS, RESULT, WHOLE_CHARACTERS, failure_part


@pytest.mark.parametrize("value", [None, 5, [], "text", {}, True, 1.5])
async def test_documents_of_any_json_type(lifecycle: Lifecycle, reader: TaskReader, value: Any) -> None:
    await lifecycle.spawn(QUEUE, "t", value, SpawnOptions(max_attempts=1))
    taken = await claim(lifecycle)
    await lifecycle.fail(QUEUE, taken.run_id, value)
    page = await read(reader, taken.task_id)
    assert page.params.text == json.dumps(value)
    reason = page.runs[0].reason
    assert reason is not None
    assert reason.text == json.dumps(value)


async def test_documents_keep_every_digit_and_escape(connection: asyncpg.Connection, reader: TaskReader) -> None:
    await connection.execute("select absurd.create_queue($1)", QUEUE)
    stored = '{"amount": 12345678901234567890.1200, "text": "\\u202e\\u001b[2J"}'
    row = await connection.fetchrow("select task_id from absurd.spawn_task($1, $2, $3)", QUEUE, HOSTILE, stored)
    assert row is not None
    page = await read(reader, row["task_id"])
    assert page.task_name == HOSTILE
    assert page.params.text is not None
    assert "12345678901234567890.1200" in page.params.text


async def test_five_megabytes_are_fetched_only_on_request(
    connection: asyncpg.Connection, lifecycle: Lifecycle, reader: TaskReader
) -> None:
    noise = "select string_agg(md5(n::text), '') from generate_series(1, 160000) n"
    value = json.dumps({"noise": await connection.fetchval(noise)})
    task_id = await spawned(lifecycle, SpawnOptions(max_attempts=1), json.loads(value))
    page = await read(reader, task_id)
    assert page.params.text is None
    assert 3_000_000 < page.params.size < 6_000_000
    whole = await reader.document(QUEUE, task_id, PARAMS)
    assert whole is not None
    assert whole.is_whole
    assert whole.text == value
    taken = await claim(lifecycle)
    await lifecycle.fail(QUEUE, taken.run_id, json.loads(value))
    reason = (await read(reader, task_id)).runs[0].reason
    assert reason is not None
    assert reason.text is None
    loaded = await reader.document(QUEUE, task_id, failure_part(taken.run_id))
    assert loaded is not None
    assert loaded.text == value
    assert await reader.document(QUEUE, task_id, RESULT) is None


async def test_a_text_that_is_small_only_when_compressed_is_cut(lifecycle: Lifecycle, reader: TaskReader) -> None:
    task_id = await spawned(lifecycle, params={"a": "x" * 1_000_000})
    params = (await read(reader, task_id)).params
    assert params.text is not None
    assert params.is_cut
    assert not params.is_whole
    assert len(params.text) < 100_000
    whole = await reader.document(QUEUE, task_id, PARAMS)
    assert whole is not None
    assert whole.is_whole


async def test_even_a_whole_document_has_an_end(lifecycle: Lifecycle, reader: TaskReader) -> None:
    task_id = await spawned(lifecycle, params="x" * (WHOLE_CHARACTERS + 10))
    whole = await reader.document(QUEUE, task_id, PARAMS)
    assert whole is not None
    assert whole.is_cut
    assert whole.text is not None
    assert len(whole.text) == WHOLE_CHARACTERS
