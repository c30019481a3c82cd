"""Events as they are read from a real database: page by page, each once; and who waits, in either spelling."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from absurd_server import Database

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import event_reader
from absurd_tui.observe.event_records import EventsReading, EventsWanted, Waiter
from absurd_tui.observe.queries import table
from absurd_tui.observe.source import DatabaseSource

QUEUES = ("bills", "mail", "orders")
EMIT = """
insert into {} (event_name, payload, emitted_at)
select 'event:' || lpad(n::text, 4, '0'), '{{}}', now() - (n / {}) * interval '1 s' from generate_series(1, {}) n"""


@pytest.fixture
async def source(connection: asyncpg.Connection, database: Database) -> AsyncIterator[DatabaseSource]:
    for queue in QUEUES:
        await Lifecycle(connection).create_queue(queue)
    source = DatabaseSource(resolve(database.dsn, environ={}))
    await source.open()
    yield source
    source.close()


async def walk(source: DatabaseSource, wanted: EventsWanted) -> list[EventsReading]:
    pages = [(await source.event_list(wanted)).found]
    while (after := pages[-1].after) is not None:
        pages.append((await source.event_list(EventsWanted(wanted.queue, wanted.prefix, after))).found)
        assert len(pages) < 100
    return pages


@pytest.mark.parametrize("queue", [None, "mail"])
async def test_each_event_stands_on_a_page_whatever_shares_its_instant(
    source: DatabaseSource, connection: asyncpg.Connection, queue: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_reader, "PAGE", 20)
    for number, name in enumerate(QUEUES):
        await connection.execute(EMIT.format(table("e", name), 7 + number, 60 + 40 * number))
    pages = await walk(source, EventsWanted(queue))
    assert len(pages) > 3
    seen = [event.key for page in pages for event in page.emitted]
    names = [name for name in QUEUES if queue in (None, name)]
    assert len(set(seen)) == sum(60 + 40 * QUEUES.index(name) for name in names)
    for page in pages:
        ats = [event.at for event in page.emitted]
        assert ats == sorted(ats, reverse=True)
        assert len({event.key for event in page.emitted}) == len(page.emitted)


async def test_a_rare_name_is_looked_for_piece_by_piece(
    source: DatabaseSource, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_reader, "SCANNED", 50)
    monkeypatch.setattr(event_reader, "LEAST_SCANNED", 50)
    await connection.execute(EMIT.format(table("e", "mail"), 1, 300))
    await connection.execute(f"insert into {table('e', 'mail')} values ('rare%_', '1', now() - interval '1 h')")
    pages = await walk(source, EventsWanted("mail", "rare%"))
    assert pages[0].emitted == ()
    assert pages[0].after is not None
    assert [event.name for page in pages for event in page.emitted] == ["rare%_"]


async def test_an_event_of_1970_is_awaited_and_one_without_a_waiter_is_nothing(
    source: DatabaseSource, connection: asyncpg.Connection
) -> None:
    await connection.execute(f"insert into {table('e', 'mail')} values ('left over', null, 'epoch')")
    found = (await source.event_list(EventsWanted("mail"))).found
    assert (found.emitted, found.awaited) == ((), ())


@pytest.mark.parametrize(
    ("step", "shown"),
    [("$awaitEvent:paid", "paid"), ("$await:paid", "paid"), ("$awaitEvent:paid#2", "paid#2"), ("x", "x")],
)
async def test_a_wait_is_told_in_either_spelling_with_its_limit(
    source: DatabaseSource, connection: asyncpg.Connection, step: str, shown: str
) -> None:
    lifecycle = Lifecycle(connection)
    task_id = (await lifecycle.spawn("mail", "letter", {})).task_id
    (claim,) = await lifecycle.claim("mail", "w", 60)
    await lifecycle.await_event("mail", task_id, claim.run_id, step, "paid", 600)
    (awaited,) = (await source.event_list(EventsWanted(None))).found.awaited
    assert (awaited.name, awaited.waiters, awaited.endless) == ("paid", 1, 0)
    assert awaited.first_timeout is not None
    waiter = await only_waiter(source)
    assert (waiter.step, waiter.timeout_at) == (shown, awaited.first_timeout)
    await lifecycle.emit_event("mail", "paid", 1)
    assert (await source.event_list(EventsWanted(None))).found.awaited == ()
    assert (await source.waiters("mail", "paid")).found.emitted_at is not None


async def only_waiter(source: DatabaseSource) -> Waiter:
    (waiter,) = (await source.waiters("mail", "paid")).found.waiters
    return waiter


async def test_a_large_payload_has_no_beginning_until_it_is_opened(
    source: DatabaseSource, connection: asyncpg.Connection
) -> None:
    await connection.execute(f"""
        insert into {table("e", "mail")} values
          ('large', (select jsonb_agg(md5(n::text)) from generate_series(1, 150000) n), now())""")
    (event,) = (await source.event_list(EventsWanted("mail"))).found.emitted
    assert (event.preview, event.size > 4_000_000) == (None, True)
    carried = (await source.payload("mail", "large")).found
    assert (len(carried.text or ""), carried.is_whole) == (150_000 * 36, True)
