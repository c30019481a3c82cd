"""Rates of a real queue: runs by the minute of their claim, and how long the latest waited and ran."""

import asyncpg
import pytest
from absurd_server import Database
from integration.statements import statements
from seeding import put, reading

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import rate_queries
from absurd_tui.observe import rates as rates_module
from absurd_tui.observe.records import State, View


@pytest.fixture
async def queue(connection: asyncpg.Connection) -> None:
    await Lifecycle(connection).create_queue("mail")
    await Lifecycle(connection).create_queue("orders")
    whole = "date_trunc('minute', now()) - {} * interval '1 minute' + interval '1 s'"
    for state, ago, number in (("completed", 3, 7), ("completed", 10, 2), ("failed", 3, 4), ("running", 1, 3)):
        at = whole.format(ago)
        ended = {"completed": {"completed_at": f"{at} + n * interval '1 s'"}, "failed": {"failed_at": at}}.get(
            state, {}
        )
        run = {"available_at": at, "started_at": at, **ended}
        task = {"enqueue_at": f"{at} - interval '5 s'", "first_started_at": at}
        await put(connection, "mail", state, number=number, run=run, task=task)
    await put(
        connection, "mail", "completed", run={"available_at": "now() - interval '2 h'", "completed_at": "'infinity'"}
    )


async def test_runs_are_counted_by_the_minute_of_their_claim(queue: None, database: Database) -> None:
    async with reading(database.dsn) as reader:
        rates = (await reader.snapshot(View("mail"))).rates
        assert rates is not None
        assert (rates.completed[-4], rates.failed[-4], rates.claimed[-4], rates.claimed[-2]) == (7, 4, 11, 3)
        assert (sum(n or 0 for n in rates.claimed), len(rates.claimed)) == (16, 30)
        assert rates.waited == (5.0, 5.0)
        assert rates.ran is not None
        assert rates.ran[0] == pytest.approx(3.0)
        assert rates.sample == 10, "one that ended never is counted and not measured"


async def test_only_a_chosen_queue_has_rates_and_not_under_a_page(
    queue: None, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(database.dsn) as reader:
        assert (await reader.snapshot(View())).rates is None
        assert (await reader.snapshot(View("orders"))).rates is not None
        with statements(monkeypatch) as ran:
            covered = await reader.snapshot(View("mail", panels=()))
            assert not any("percentile_cont" in text for text in ran.texts)
        assert covered.rates is None
        assert (await reader.snapshot(View("mail", panels=(State.PENDING,)))).rates is not None


async def test_minutes_that_the_cap_cut_off_are_not_known(
    queue: None, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (rate_queries, rates_module):
        monkeypatch.setattr(module, "MINUTE_CAP", 8)
    async with reading(database.dsn) as reader:
        rates = (await reader.snapshot(View("mail"))).rates
    assert rates is not None
    assert (rates.completed[-4], rates.completed[-3], rates.completed[-11]) == (7, 0, None)
    assert rates.failed[-4] == 4
    assert rates.claimed[-11] is None
