"""One frame as plain text without a terminal: the truth of the dashboard, or one line and the exit code 2."""

import asyncio
import sys
from collections.abc import Callable

import asyncpg
import pytest
from absurd_server import Database
from attacks import SIGNS, commands_in, hidden_in, rotated
from seeding import put, role

from absurd_tui.cli import main
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.queries import quoted

Said = tuple[object, str, str]
Run = Callable[..., Said]


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process, which has no terminal: exit code, standard output, standard error."""

    def run_here(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["absurd-tui", "--once", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        return (left.value.code, *capsys.readouterr())

    return run_here


async def frame(once: Run, dsn: str, *arguments: str) -> str:
    """What a run that went well has written."""
    code, out, err = await asyncio.to_thread(once, "--dsn", dsn, *arguments)
    assert (code, err) == (0, "")
    return out


def section(out: str, name: str) -> list[str]:
    """The lines of a panel or of the queues, its title first."""
    return next(part.splitlines() for part in out.split("\n\n") if name in part.splitlines()[0])


@pytest.fixture
async def queues(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    for name in ("mail", "orders"):
        await lifecycle.create_queue(name)
    return lifecycle


async def test_the_frame_has_the_verdict_the_counts_and_the_rows_of_every_panel(
    queues: Lifecycle, connection: asyncpg.Connection, database: Database, once: Run
) -> None:
    await put(
        connection,
        "orders",
        "running",
        task={"task_name": "'charge'"},
        run={"claimed_by": "'host-3'", "claim_expires_at": "now() - interval '1 hour'"},
    )
    ((failed, _),) = await put(
        connection,
        "mail",
        "failed",
        task={"task_name": "'welcome'"},
        run={
            "available_at": "now() - interval '1 hour'",
            "failed_at": "now()",
            "failure_reason": """'{"name": "SMTPError"}'""",
        },
    )
    await put(connection, "mail", "pending", number=25, run={"available_at": "now() - interval '20 minutes'"})
    out = await frame(once, database.dsn)
    assert "WEDGED" in out
    assert "mail: nobody has claimed for 1h 00m; 25 tasks are due." in out
    assert "No worker seems to poll this queue. Start one; the tasks will wait." in out
    assert "orders: 1 lease has expired, the oldest 1h 00m ago" in out, "every finding stands there, not the worst only"
    assert "all queues" in section(out, "Queues  2")[1]
    assert "mail" in section(out, "Queues  2")[2]
    assert " 25 " in section(out, "Queues  2")[2]
    pending = section(out, "Pending  25")
    assert len(pending) == 1 + 10 + 1
    assert pending[-1].strip() == "…and more, the first 10 are above"
    assert "charge" in section(out, "Claimed  1  1 expired")[1]
    assert "expired" in section(out, "Claimed  1")[1]
    assert str(failed)[-8:] in section(out, "Failed  1")[1]
    assert "SMTPError" in section(out, "Failed  1")[1]
    assert section(out, "Completed")[1].strip() == "Nothing completed yet."


async def test_one_queue_is_shown_alone_and_one_that_is_not_there_is_refused(
    queues: Lifecycle, database: Database, once: Run
) -> None:
    await queues.spawn("mail", "welcome", {})
    await queues.spawn("orders", "charge", {})
    out = await frame(once, database.dsn, "--queue", "mail")
    assert "welcome" in out
    assert "charge" not in out
    assert section(out, "Queues  2")[2].lstrip("›! ").startswith("mail")
    said = await asyncio.to_thread(once, "--dsn", database.dsn, "-q", "mial\x1b[31m")
    line = 'absurd-tui: There is no queue "mial␛[31m" in this database. It has: mail, orders.\n'
    assert said == (2, "", line)


async def test_a_queue_that_is_refused_is_told_of_beside_the_others(
    queues: Lifecycle,
    connection: asyncpg.Connection,
    database: Database,
    once: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await queues.spawn("mail", "welcome", {})
    async with role(connection, database) as seen:
        monkeypatch.setenv("PGPASSWORD", "secret")
        dsn = seen.dsn.replace(":secret@", "@")
        all_refused = await frame(once, dsn)
        assert "UNKNOWN" in all_refused
        assert "No queue is readable." in all_refused
        for letter in "trcew":
            await connection.execute(f'grant select on absurd."{letter}_mail" to {quoted(seen.name)}')
        out = await frame(once, dsn)
        alone = await frame(once, dsn, "--queue", "orders")
    assert "DEGRADED" in out
    assert "orders cannot be read." in out
    assert "welcome" in section(out, "Pending  1+")[1]
    assert "1 of 2 queues" in section(out, "Pending")[0]
    reason = f"role {seen.name} may not SELECT on absurd.t_orders, r_orders"
    assert f"refused: {reason}" in section(out, "Queues  2")[2]
    assert f"Refused: {reason}." in alone
    for shown in (out, alone):
        assert "GRANT SELECT ON absurd.t_orders, absurd.r_orders" in shown
        assert "? shows" not in shown, "there is no key to press"
        assert "again" not in shown, "there is no next reading"


async def test_nothing_in_the_database_can_hurt_the_terminal(
    queues: Lifecycle, connection: asyncpg.Connection, database: Database, once: Run
) -> None:
    for attack in rotated():
        await queues.create_queue(attack[:14])
        await put(
            connection,
            "mail",
            "failed",
            task={"task_name": literal(attack)},
            run={"failure_reason": f"jsonb_build_object('name', {literal(attack)})", "failed_at": "now()"},
        )
    out = await frame(once, database.dsn)
    assert commands_in(out.replace("\n", "\r\n").encode()) == set()
    assert hidden_in(out.encode()) == set()
    assert all(sign[:4] in out for sign in SIGNS)
    assert (await frame(once, database.dsn, "--ascii")).isascii()


async def test_without_a_connection_it_is_one_line_and_two(database: Database, once: Run) -> None:
    unheard = await asyncio.to_thread(once, "--dsn", "postgresql://operator@127.0.0.1:1/orders")
    assert unheard == (2, "", "absurd-tui: Connection refused: no PostgreSQL listens at this address.\n")
    nowhere = await asyncio.to_thread(once, "--dsn", database.dsn.replace(database.name, "nowhere"))
    assert nowhere == (2, "", 'absurd-tui: database "nowhere" does not exist\n')


async def test_a_database_without_absurd_is_refused_as_such(
    connection: asyncpg.Connection, database: Database, once: Run
) -> None:
    await connection.execute("drop schema absurd cascade")
    code, out, err = await asyncio.to_thread(once, "--dsn", database.dsn)
    assert (code, out) == (2, "")
    assert err.startswith(f"absurd-tui: There is no Absurd schema in database {database.name}.")


def test_it_is_for_the_dashboard_only(once: Run) -> None:
    assert once("doctor") == (2, "", "absurd-tui: --once is for the dashboard; leave it out, or doctor.\n")


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
