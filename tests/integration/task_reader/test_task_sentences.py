"""Each sentence of a task's page on a real database: the situation is made, its words are read, cured they are gone.

`told` is all that the head of the page and its facts say, as one text.
"""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import pytest
from integration.task_reader.stored_task import QUEUE, claim, claimed, read, spawned

from absurd_tui.lifecycle import Cancellation, FixedRetry, Lifecycle, SpawnOptions
from absurd_tui.observe.queries import table
from absurd_tui.observe.task_reader import TaskReader
from absurd_tui.observe.task_rows import row_of
from absurd_tui.observe.why import Clock, why
from absurd_tui.ui.widgets.task_facts import fact_lines

LONG_AGO = "now() - interval '10 minutes'"
LIMITED = SpawnOptions(max_attempts=2, cancellation=Cancellation(max_duration=600))


async def told(reader: TaskReader, task_id: UUID, last_claim: float | None = None) -> str:
    page = await read(reader, task_id)
    row, clock = row_of(page), Clock(page.now, utc=True)
    assert row is not None
    facts = [span for line in fact_lines(page, page.last_run, clock, 200) for span, _ in line.spans]
    return " ".join(
        " ".join([*(said.text for said in why(row, clock, last_claim)), "".join(piece.text for piece in facts)]).split()
    )


async def change(connection: asyncpg.Connection, letter: str, what: str, task_id: UUID) -> None:
    """Set columns of the task, or of its runs."""
    await connection.execute(f"update {table(letter, QUEUE)} set {what} where task_id = $1", task_id)


def says(text: str, *pieces: str) -> bool:
    missing = [piece for piece in pieces if piece not in text]
    assert not missing, f"{missing} in: {text}"
    return True


def says_none(text: str, pieces: Sequence[str]) -> None:
    assert [piece for piece in pieces if piece in text] == []


async def test_due_and_nobody_claims(lifecycle: Lifecycle, reader: TaskReader, connection: asyncpg.Connection) -> None:
    task_id = await spawned(lifecycle)
    await change(connection, "r", f"available_at = {LONG_AGO}", task_id)
    now = (await read(reader, task_id)).now
    words = ("Due for 10m.", "No claim was seen in ", "is next")
    says(await told(reader, task_id), "Due for 10m.", "It runs when a worker of this queue claims it")
    says(await told(reader, task_id, now - 300), *words)
    says(
        await told(reader, task_id, now - 10),
        "The last claim in ",
        " was seen 10s ago; the oldest due is claimed first",
    )
    await claim(lifecycle)
    says_none(await told(reader, task_id, now), words)


async def test_a_run_its_lease_and_its_end(
    lifecycle: Lifecycle, reader: TaskReader, connection: asyncpg.Connection
) -> None:
    taken = await claimed(lifecycle)
    runs = "without a heartbeat, the next claim ends attempt 1 of 2."
    says(await told(reader, taken.task_id), "Runs for ", " on pay-a:1. The lease ends in ", runs, "claim pay-a:1, ")
    await change(connection, "r", f"claim_expires_at = {LONG_AGO}", taken.task_id)
    expired = (
        "The lease expired 10m ago on pay-a:1.",
        "It may still run; the next claim in this queue ends attempt 1 of 2.",
    )
    says(await told(reader, taken.task_id), *expired, "claim pay-a:1, expired 10m")
    await lifecycle.extend_claim(QUEUE, taken.run_id, 60)
    says_none(await told(reader, taken.task_id), expired)
    await change(connection, "r", "claim_expires_at = 'infinity'", taken.task_id)
    says(await told(reader, taken.task_id), "The lease never ends: nothing will end this run but its worker.")
    await lifecycle.complete(QUEUE, taken.run_id, {})
    ended = await told(reader, taken.task_id)
    says(ended, "Completed 0s ago at attempt 1.", " from spawn to end.")
    says_none(ended, (runs, "The lease", "Runs for", "claim pay-a:1"))


async def test_a_run_without_a_lease_until_it_gets_one(lifecycle: Lifecycle, reader: TaskReader) -> None:
    taken = await claimed(lifecycle, lease=0)
    words = ("claimed without a lease. Nothing will end this run but its worker.", "claim pay-a:1, no lease")
    says(await told(reader, taken.task_id), *words)
    await lifecycle.complete(QUEUE, taken.run_id)
    says_none(await told(reader, taken.task_id), words)


@pytest.mark.parametrize("step", ["$awaitEvent:paid", "$await:paid"])
async def test_a_wait_for_an_event_until_it_is_emitted(lifecycle: Lifecycle, reader: TaskReader, step: str) -> None:
    taken = await claimed(lifecycle)
    await lifecycle.await_event(QUEUE, taken.task_id, taken.run_id, step, "paid")
    words = (
        "Waits for the event paid without a limit. Only that event, or cancel, ends the wait.",
        "waits for event paid",
    )
    says(await told(reader, taken.task_id), *words, "at most until no limit")
    await lifecycle.emit_event(QUEUE, "paid", 1)
    woken = await told(reader, taken.task_id)
    says(woken, "Woken by paid; due for 0s. It runs when a worker of this queue claims it", "waits for nothing")
    says_none(woken, words)
    await claim(lifecycle)
    says_none(await told(reader, taken.task_id), ("Woken by",))


async def test_a_wait_with_a_limit(lifecycle: Lifecycle, reader: TaskReader) -> None:
    taken = await claimed(lifecycle)
    await lifecycle.await_event(QUEUE, taken.task_id, taken.run_id, "s", "paid", timeout=300)
    words = ("Waits for the event paid, at most until ", " wakes the task.")
    says(await told(reader, taken.task_id), *words)
    await lifecycle.cancel(QUEUE, taken.task_id)
    says_none(await told(reader, taken.task_id), words)


async def test_a_backoff_until_its_attempt_starts(
    lifecycle: Lifecycle, reader: TaskReader, connection: asyncpg.Connection
) -> None:
    taken = await claimed(lifecycle, SpawnOptions(max_attempts=2, retry_strategy=FixedRetry(110)))
    says(await told(reader, taken.task_id), "if it fails now attempt 2 after 110s, at ")
    await lifecycle.fail(QUEUE, taken.run_id, {"name": "HTTPError", "message": "503"})
    words = ("Attempt 1 failed (HTTPError). Attempt 2 of 2 starts in 1m ", "Only time wakes it: ")
    says(await told(reader, taken.task_id), *words, "next attempt", "1 failed; attempt 2 of 2 is next")
    await change(connection, "r", "available_at = least(available_at, now())", taken.task_id)
    await claim(lifecycle)
    running = await told(reader, taken.task_id)
    says(running, "if it fails now the task fails: it is the last attempt")
    says_none(running, words)


async def test_a_timer_and_a_task_that_no_worker_knows(
    lifecycle: Lifecycle, reader: TaskReader, connection: asyncpg.Connection
) -> None:
    taken = await claimed(lifecycle)
    await lifecycle.schedule_run(QUEUE, taken.run_id, 90)
    unknown = ("Put off by a worker without a checkpoint; it starts in ", "is a deployment missing?")
    says(await told(reader, taken.task_id), *unknown)
    await change(connection, "r", "available_at = now()", taken.task_id)
    again = await claim(lifecycle)
    await lifecycle.set_checkpoint(QUEUE, taken.task_id, "until_noon", 1, again.run_id)
    await lifecycle.schedule_run(QUEUE, again.run_id, 90)
    timer = ("Sleeps until ", "set by step until_noon. It starts in ", "waits for a time")
    asleep = await told(reader, taken.task_id)
    says(asleep, *timer)
    says_none(asleep, unknown)
    await change(connection, "r", "available_at = now()", taken.task_id)
    await claim(lifecycle)
    says_none(await told(reader, taken.task_id), timer)


async def test_a_failure_and_what_a_retry_in_place_would_run_again(
    lifecycle: Lifecycle, reader: TaskReader, connection: asyncpg.Connection
) -> None:
    taken = await claimed(lifecycle, SpawnOptions(max_attempts=1))
    await lifecycle.fail(QUEUE, taken.run_id, {"name": "KeyError", "message": "no such customer"})
    only = ("The only attempt failed, 0s ago. KeyError: no such customer. A retry in place keeps its checkpoints.",)
    everything = "a retry in place runs everything again: no checkpoint"
    says(await told(reader, taken.task_id), *only, everything, "1 failed of 1")
    await lifecycle.retry(QUEUE, taken.task_id)
    says_none(await told(reader, taken.task_id), (*only, "a retry in place"))
    again = await claim(lifecycle)
    for step in ("reserve", "charge"):
        await lifecycle.set_checkpoint(QUEUE, taken.task_id, step, 1, again.run_id)
    await lifecycle.fail(QUEUE, again.run_id, {"name": "KeyError"})
    says(await told(reader, taken.task_id), "All 2 attempts failed, the last 0s ago.")
    says(await told(reader, taken.task_id), "a retry in place keeps 2 steps; again after charge")
    await change(
        connection, "t", f"first_started_at = {LONG_AGO}, cancellation = '{{\"max_duration\": 60}}'", taken.task_id
    )
    says(await told(reader, taken.task_id), "a retry in place would be lost: max_duration is over")
    await change(connection, "t", 'cancellation = \'{"max_duration": "soon"}\'', taken.task_id)
    says(await told(reader, taken.task_id), "a retry in place would stop every claim of the queue: its cancellation")


async def test_a_cancellation_by_an_operator(lifecycle: Lifecycle, reader: TaskReader) -> None:
    task_id = await spawned(lifecycle)
    words = (
        "likely by an operator. A cancelled task cannot be retried; n spawns a copy.",
        "cancelled by likely operator",
    )
    says_none(await told(reader, task_id), words)
    await lifecycle.cancel(QUEUE, task_id)
    says(await told(reader, task_id), "Cancelled 0s ago after ", *words)


async def test_a_policy_that_strikes_and_how_much_of_it_is_left(
    lifecycle: Lifecycle, reader: TaskReader, connection: asyncpg.Connection
) -> None:
    taken = await claimed(lifecycle, LIMITED)
    says(await told(reader, taken.task_id), "cancellation max_duration 10m 00s: ", " left")
    await change(connection, "t", "first_started_at = now() - interval '11 minutes'", taken.task_id)
    over = "cancellation max_duration 10m 00s: over; the next claim cancels it"
    says(await told(reader, taken.task_id), over)
    await lifecycle.claim(QUEUE, "pay-b:2", 60)
    struck = await told(reader, taken.task_id)
    says(struck, "after 11m, likely by max_duration 10m.", "cancelled by likely max_duration")
    says_none(struck, (over, "operator"))


async def test_a_task_that_was_never_started_in_time(
    lifecycle: Lifecycle, reader: TaskReader, connection: asyncpg.Connection
) -> None:
    task_id = await spawned(lifecycle, SpawnOptions(cancellation=Cancellation(max_delay=60)))
    says(await told(reader, task_id), "cancellation max_delay 60s: ", " left", "first started not yet")
    await change(connection, "t", f"enqueue_at = {LONG_AGO}", task_id)
    await lifecycle.claim(QUEUE, "pay-b:2", 60)
    struck = await told(reader, task_id)
    says(struck, "after 10m, likely by max_delay 1m.", "cancelled by likely max_delay")
    says_none(struck, ("operator", " left"))


async def test_a_cancellation_because_the_next_attempt_would_start_too_late(
    lifecycle: Lifecycle, reader: TaskReader
) -> None:
    late = SpawnOptions(max_attempts=5, retry_strategy=FixedRetry(2000), cancellation=Cancellation(max_duration=1000))
    taken = await claimed(lifecycle, late)
    foretold = "if it fails now the task is cancelled: the next attempt would begin beyond max_duration"
    says(await told(reader, taken.task_id), foretold)
    await lifecycle.fail(QUEUE, taken.run_id, {"message": "once"})
    struck = await told(reader, taken.task_id)
    says(struck, "Cancelled 0s ago: attempt 2 would start beyond max_duration 16m.", "cancelled by max_duration")
    says_none(struck, (foretold, "likely"))


async def test_a_policy_that_stops_every_claim_until_it_is_cancelled(
    lifecycle: Lifecycle, reader: TaskReader, connection: asyncpg.Connection
) -> None:
    task_id = await spawned(lifecycle)
    await change(connection, "t", 'cancellation = \'{"max_delay": "soon"}\'', task_id)
    says(await told(reader, task_id), 'cancellation max_delay "soon": no claim in this queue can read it')
    with pytest.raises(Exception, match="bigint"):
        await claim(lifecycle)
    await lifecycle.cancel(QUEUE, task_id)
    says(await told(reader, task_id), "likely by an operator")
    assert await lifecycle.claim(QUEUE, "pay-a:1", 60) == []
