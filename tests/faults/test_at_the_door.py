"""What a server says to who connects: not yet, no room, a password, no TLS; and whether it is who it should be."""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import absurdctl
import asyncpg
import pytest
from fault_proxy import FaultProxy
from faults.watching import refused
from screen import until_shown
from tls_proxy import certificate, needs_openssl, tls_proxy

from absurd_tui.conninfo import resolve
from absurd_tui.demo.binaries import server_account
from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.settings import Settings
from absurd_tui.ui.app import AbsurdApp

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("door")]

ROOM = 3
TASK = "send_letter"


@dataclass(frozen=True, slots=True)
class Door:
    """A server with room for few, which can be held in its start as by a long recovery.

    `operator` may come in, `locked` needs a password.
    """

    postgres: LocalPostgres
    gate: Path

    def dsn(self, user: str = "operator") -> str:
        return self.postgres.dsn().replace("//postgres@", f"//{user}@")

    @property
    def socket(self) -> Path:
        return self.postgres.folder / "socket" / ".s.PGSQL.5432"

    def logged(self, text: str) -> int:
        """How often the server's log says something."""
        return (self.postgres.folder / "log").read_text(errors="replace").count(text)

    def hold(self) -> None:
        """Have the next start wait until the gate is away: it restores what nobody has archived."""
        signal = self.postgres.folder / "data" / "recovery.signal"
        for path in (self.gate, signal):
            path.touch()
        if account := server_account():
            os.chown(signal, account.uid, account.gid)


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    parent = Path(tempfile.mkdtemp(prefix="door-", dir="/tmp"))
    parent.chmod(0o711)
    gate = parent / "gate"
    settings = {
        "max_connections": str(ROOM + 3),
        "superuser_reserved_connections": "3",
        "log_connections": "on",
        "wal_level": "replica",
        "restore_command": f"while test -e {gate}; do sleep 0.05; done; false",
    }
    postgres = LocalPostgres(parent / "kept", settings={"fsync": "off", **settings})
    try:
        postgres.start()
        rules = "local all locked scram-sha-256\nlocal all all trust\n"
        (postgres.folder / "data" / "pg_hba.conf").write_text(rules)
        asyncio.run(_furnish(postgres))
        yield Door(postgres, gate)
    finally:
        postgres.stop()
        shutil.rmtree(parent)


async def _furnish(postgres: LocalPostgres) -> None:
    admin = await asyncpg.connect(postgres.dsn())
    await admin.execute(absurdctl.BUNDLED_SCHEMA_SQL)
    await admin.execute("SELECT absurd.create_queue('mail')")
    await admin.execute(f"SELECT absurd.spawn_task('mail', '{TASK}', '{{}}')")
    await admin.execute("CREATE ROLE locked LOGIN PASSWORD 'secret'")
    await admin.execute("CREATE ROLE operator LOGIN")
    await admin.execute("GRANT USAGE ON SCHEMA absurd TO operator")
    await admin.execute("GRANT SELECT ON ALL TABLES IN SCHEMA absurd TO operator")
    await admin.execute("SELECT pg_reload_conf()")
    await admin.close()
    while True:
        try:
            (await asyncpg.connect(postgres.dsn().replace("//postgres@", "//locked@"), password="wrong")).terminate()
            await asyncio.sleep(0.02)
        except asyncpg.InvalidPasswordError:
            return  # the rules are in force


def dashboard(dsn: str) -> AbsurdApp:
    return AbsurdApp(DatabaseSource(resolve(dsn, environ={})), Settings(every=0.2))


@pytest.mark.fault(4)
async def test_a_server_that_is_starting_up_says_so_and_is_waited_for(door: Door) -> None:
    door.postgres.stop()
    door.hold()
    starting = asyncio.create_task(asyncio.to_thread(door.postgres.start))
    try:
        async with dashboard(door.dsn()).run_test(size=(130, 40)) as pilot:
            await until_shown(pilot, "the database system is starting up. Attempt ")
            door.gate.unlink()
            await until_shown(pilot, " live ", TASK)
    finally:
        door.gate.unlink(missing_ok=True)
        await starting


@pytest.mark.fault(15)
async def test_without_a_password_where_one_is_asked_for_it_says_where_to_put_one(door: Door) -> None:
    failed = 'password authentication failed for user "locked"'
    before = door.logged(failed)
    said = await refused(door.dsn("locked"))
    assert said.startswith('the server asks for a password for user "locked", and none was given')
    assert "~/.pgpass" in said
    assert "PGPASSWORD" in said
    assert "\n" not in said
    assert door.logged(failed) == before + 1


@pytest.mark.fault(17)
async def test_where_tls_is_demanded_a_server_without_it_is_not_logged_in_to(door: Door) -> None:
    before = door.logged("connection authorized: user=operator")
    with FaultProxy(door.socket) as proxy:
        dsn = f"postgresql://operator@127.0.0.1:{proxy.port}/postgres"
        assert await refused(f"{dsn}?sslmode=require") == "The server refused TLS, and sslmode demands it."
        assert door.logged("connection authorized: user=operator") == before
        async with dashboard(dsn).run_test() as pilot:
            await until_shown(pilot, " live ")
        assert door.logged("connection authorized: user=operator") > before


@needs_openssl
@pytest.mark.fault(18)
async def test_a_certificate_for_another_name_or_of_a_stranger_is_not_logged_in_with(
    door: Door, tmp_path: Path
) -> None:
    other, right = certificate(tmp_path, "other.example"), certificate(tmp_path, "localhost")
    for shown, trusted, why in (
        (other, other, "Hostname mismatch, certificate is not valid for 'localhost'."),
        (right, other, "self.signed certificate."),
    ):
        async with tls_proxy(door.socket, shown) as proxy:
            dsn = f"postgresql://operator@localhost:{proxy.port}/postgres?sslmode=verify-full"
            said = await refused(f"{dsn}&sslrootcert={trusted.path}")
            assert (proxy.asked, proxy.spoken, proxy.plain) == (1, 0, 0)
            assert re.fullmatch(f"The server's certificate is not trusted: {why}", said)
    async with tls_proxy(door.socket, right) as proxy:
        dsn = f"postgresql://operator@localhost:{proxy.port}/postgres?sslmode=verify-full&sslrootcert={right.path}"
        async with dashboard(dsn).run_test() as pilot:
            await until_shown(pilot, " live ")
        assert (proxy.spoken, proxy.plain) == (1, 0)


@pytest.mark.fault(19)
async def test_a_server_without_room_says_so_and_is_asked_again_after_a_while(door: Door) -> None:
    others = [await asyncpg.connect(door.dsn()) for _ in range(ROOM)]
    refusals = door.logged("FATAL:  remaining connection slots")
    async with dashboard(door.dsn()).run_test(size=(150, 40)) as pilot:
        await until_shown(pilot, "Too many connections: remaining connection slots are reserved", "Attempt 2 in 3s")
        assert door.logged("FATAL:  remaining connection slots") == refusals + 1
        for other in others:
            await other.close()
        await pilot.press("R")
        await until_shown(pilot, " live ", TASK)
