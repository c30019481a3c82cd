"""The whole scene under the dashboard: server, schema, queues, history, workers and spawner."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random

from absurd_tui.demo.children import Child
from absurd_tui.demo.queues import DATABASE, FRAGILE, QUEUES
from absurd_tui.errors import CannotStart

SLOWEST_RATE, FASTEST_RATE = 0.1, 200.0
LOG = "workers.log"
CLEAN_UP_LIMIT = 5_000


@dataclass(frozen=True, slots=True)
class Stage:
    """What is running: the connection string of its database, and the log of its workers and its spawner."""

    dsn: str
    log: Path


@contextmanager
def stage(*, rate: float, keep: Path | None, workers: bool = True) -> Iterator[Stage]:
    """Set everything up, say where it is, and take everything down.

    `rate` is in tasks per second; `keep` a folder whose data outlive the run;
    without `workers` tasks are spawned and nobody claims them. Raises
    CannotStart with one line when something is missing or refused.
    """
    _check_requirements(rate)
    from absurd_tui.demo.postgres import LocalPostgres

    with LocalPostgres(keep) as postgres, ExitStack() as children:
        dsn = asyncio.run(_prepare(postgres.dsn(), postgres.dsn(DATABASE), rate))
        log = postgres.folder / LOG
        log.touch(mode=0o600)
        output = children.enter_context(log.open("ab"))

        def start(module: str, *arguments: str) -> None:
            children.callback(Child(f"absurd_tui.demo.{module}", dsn, str(rate), *arguments, log=output).stop)

        if workers:
            start("workers", *(queue.name for queue in QUEUES if queue is not FRAGILE))
            start("fragile")
        start("spawner")
        yield Stage(dsn, log)


def _check_requirements(rate: float) -> None:
    if sys.platform == "win32":
        raise CannotStart("the demo needs Linux, macOS or WSL; on Windows connect to a database with --dsn")
    if not SLOWEST_RATE <= rate <= FASTEST_RATE:
        raise CannotStart(f"--rate must lie between {SLOWEST_RATE:g} and {FASTEST_RATE:g} tasks a second")
    if not all(find_spec(name) for name in ("absurd_sdk", "absurdctl")):
        raise CannotStart("the demo needs packages that are not installed: pip install 'absurd-tui[demo]'")


async def _prepare(admin_dsn: str, dsn: str, rate: float) -> str:
    import asyncpg

    from absurd_tui.demo.history import write_history
    from absurd_tui.lifecycle import Lifecycle

    admin = await asyncpg.connect(admin_dsn)
    is_new = not await admin.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", DATABASE)
    if is_new:
        await admin.execute(f"CREATE DATABASE {DATABASE}")
    await admin.close()
    connection = await asyncpg.connect(dsn)
    if not await connection.fetchval("SELECT to_regclass('absurd.queues') IS NOT NULL"):
        from absurdctl import BUNDLED_SCHEMA_SQL

        await connection.execute(BUNDLED_SCHEMA_SQL)
    lifecycle = Lifecycle(connection)
    for queue in QUEUES:
        await lifecycle.create_queue(queue.name, queue.storage_mode)
        await lifecycle.set_queue_policy(queue.name, cleanup_ttl=queue.kept(rate), cleanup_limit=CLEAN_UP_LIMIT)
    await lifecycle.ensure_partitions()
    if is_new:
        await write_history(connection, Random(7))
    await connection.close()
    return dsn
