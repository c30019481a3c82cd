"""A hot standby is read and never written to; once it is the primary, that is seen at the next reading."""

import asyncio
import time
from collections.abc import Iterator

import absurdctl
import asyncpg
import pytest
from screen import until, until_not_shown, until_shown
from standby import REPLICATES, Standby, standby_of

from absurd_tui.conninfo import resolve
from absurd_tui.database.faults import Fault, classify
from absurd_tui.database.session import Session
from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.observe.records import Link, LinkState
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.perform import Performer
from absurd_tui.settings import Settings
from absurd_tui.ui.app import AbsurdApp

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("standby")]


@pytest.fixture(scope="module")
def primary() -> Iterator[LocalPostgres]:
    with LocalPostgres(settings=REPLICATES) as postgres:

        async def furnish() -> None:
            admin = await asyncpg.connect(postgres.dsn())
            await admin.execute(absurdctl.BUNDLED_SCHEMA_SQL)
            for queue in ("mail", "orders"):
                await admin.execute(f"select absurd.create_queue('{queue}')")
                await admin.execute(f"select absurd.spawn_task('{queue}', 'of_{queue}', '{{}}')")
            await admin.close()

        asyncio.run(furnish())
        yield postgres


@pytest.fixture
def standby(primary: LocalPostgres) -> Iterator[Standby]:
    with standby_of(primary, max_standby_streaming_delay="200ms") as standby:
        yield standby


def app_on(standby: Standby) -> AbsurdApp:
    spec = resolve(standby.dsn(), environ={})
    return AbsurdApp(DatabaseSource(spec), Settings(every=0.5), Performer(spec, audit=Audit(None)))


@pytest.mark.fault(25, 26)
async def test_a_standby_takes_no_writes_until_it_is_the_primary(standby: Standby) -> None:
    async with app_on(standby).run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "STANDBY", "live", "of_mail")
        await pilot.press("1")
        await pilot.press("c")
        await until_shown(pilot, "cancel: this server is a standby; it takes no writes.")
        await asyncio.to_thread(standby.promote)
        await until_not_shown(pilot, "STANDBY")
        await pilot.press("c")
        await until_shown(pilot, "Cancel task")
        await asyncio.sleep(0.5)
        await pilot.press("y")
        await until_shown(pilot, "✓")


@pytest.mark.fault(27)
async def test_what_recovery_ends_is_read_again_without_a_word(primary: LocalPostgres, standby: Standby) -> None:
    app = app_on(standby)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "STANDBY", "live", "of_mail", "of_orders")
        told: list[Link] = []
        changed = app._poll._link_changed

        def listen(link: Link) -> None:
            told.append(link)
            changed(link)

        app._poll._link_changed = listen
        admin = await asyncpg.connect(primary.dsn())
        other = Session(resolve(standby.dsn(), environ={}))
        await other.open()
        sleeping = asyncio.ensure_future(other.fetch("select count(*), pg_sleep(10) from absurd.t_orders"))
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        await admin.execute("select absurd.drop_queue('orders')")
        with pytest.raises((asyncpg.PostgresError, ConnectionError)) as ended:
            await sleeping
        assert time.monotonic() - begun < 10
        assert classify(ended.value) in (Fault.RECONNECT, Fault.RETRY_ONCE)
        other.terminate()
        await until_not_shown(pilot, "of_orders")
        await until(pilot, lambda: app._watch.link.state is LinkState.LIVE)
        assert all(link.attempt == 0 for link in told), "it is back before anything is painted"
        await admin.close()
