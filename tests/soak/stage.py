"""The stage: a server whose data outlive a stop, queues whose every change of state is noted, workers, a proxy."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from absurdctl import BUNDLED_SCHEMA_SQL
from fault_proxy import FaultProxy
from psycopg import sql

from absurd_tui.demo.postgres import LocalPostgres

DATABASE = "soaked"
QUEUES = ("mail", "payments", "media", "\x1b]0;PWNED\x07[red]odd\u202e")
OURS = "from pg_stat_activity where application_name like 'absurd-tui/%'"
WORKER = Path(__file__).parent / "programs" / "work.py"
SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}

# at commit, because nobody sees a change before that; no state is the end of a row
NOTES = """
create schema soak;
create table soak.changes (
    number bigint generated always as identity,
    queue text, task_id uuid, short text, was text, state text, at timestamptz);
create index on soak.changes (short);
create index on soak.changes (at);
create function soak.note() returns trigger language plpgsql as $$
declare
    changed record := coalesce(new, old);
begin
    if tg_op = 'UPDATE' and new.state = old.state then
        return null;
    end if;
    insert into soak.changes (queue, task_id, short, was, state, at)
    values (tg_argv[0], changed.task_id, right(replace(changed.task_id::text, '-', ''), 8),
            case when tg_op <> 'INSERT' then old.state end, case when tg_op <> 'DELETE' then new.state end,
            clock_timestamp());
    return null;
end $$;
"""
WATCH = """
create constraint trigger soak after insert or update or delete on {table}
    deferrable initially deferred for each row execute function soak.note({queue})
"""
END_OF_ALL = """
insert into soak.changes (queue, task_id, short, was, state, at)
select {queue}, task_id, right(replace(task_id::text, '-', ''), 8), state, null, clock_timestamp() from {table}
"""


@dataclass
class Stage:
    """What the program runs on. `dsn` is what the program is given, by way of the proxy; we ask the server itself."""

    postgres: LocalPostgres
    proxy: FaultProxy
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    silenced_until: float = 0.0
    """Until when, by the monotonic clock, the server cannot learn that a connection was given up."""

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.proxy.port}/{DATABASE}"

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """A connection of our own, past the proxy."""
        with psycopg.connect(self.postgres.dsn(DATABASE), autocommit=True, connect_timeout=10) as connection:
            yield connection

    def backends(self) -> list[int]:
        """The server's processes that serve the program."""
        with self.connected() as connection:
            return [pid for (pid,) in connection.execute(f"select pid {OURS}")]

    def create_queue(self, name: str) -> None:
        with self.connected() as connection, connection.transaction():
            connection.execute("select absurd.create_queue(%s)", (name,))
            connection.execute(sql.SQL(WATCH).format(table=table(name), queue=sql.Literal(name)))

    def drop_queue(self, name: str) -> None:
        with self.connected() as connection, connection.transaction():
            connection.execute(sql.SQL("lock table {} in access exclusive mode").format(table(name)))
            connection.execute(sql.SQL(END_OF_ALL).format(table=table(name), queue=sql.Literal(name)))
            connection.execute("select absurd.drop_queue(%s)", (name,))

    def queues(self) -> list[str]:
        with self.connected() as connection:
            return [name for (name,) in connection.execute("select queue_name from absurd.queues order by 1")]

    def stop(self, *, at_once: bool) -> None:
        """Stop the server: fast, or as if it had crashed."""
        if at_once:
            folder = self.postgres.folder
            os.kill(int((folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
            while (folder / "socket" / ".s.PGSQL.5432").exists():
                time.sleep(0.01)
        self.postgres.stop()

    def signal_workers(self, number: signal.Signals) -> None:
        for worker in self.workers:
            worker.send_signal(number)


def table(queue: str, prefix: str = "t") -> sql.Identifier:
    """The name of one of a queue's tables."""
    return sql.Identifier("absurd", f"{prefix}_{queue}")


@contextmanager
def stage(workers: int) -> Iterator[Stage]:
    """Set the stage, and take everything down."""
    parent = Path(tempfile.mkdtemp(prefix="soak-", dir="/tmp"))
    parent.chmod(0o711)
    postgres = LocalPostgres(parent / "kept", settings=SETTINGS)
    try:
        postgres.start()
        with psycopg.connect(postgres.dsn(), autocommit=True) as admin:
            admin.execute(f"create database {DATABASE}")
        with FaultProxy(postgres.folder / "socket" / ".s.PGSQL.5432") as proxy:
            made = Stage(postgres, proxy)
            with made.connected() as connection:
                for script in (BUNDLED_SCHEMA_SQL, NOTES):
                    connection.execute(script)
            for name in QUEUES:
                made.create_queue(name)
            with _working(postgres.dsn(DATABASE), [f"worker-{number}:7" for number in range(workers)]) as running:
                made.workers = running
                yield made
    finally:
        postgres.stop()
        shutil.rmtree(parent, ignore_errors=True)


@contextmanager
def _working(dsn: str, names: Sequence[str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    running = [subprocess.Popen([sys.executable, WORKER, dsn, name]) for name in names]
    try:
        yield running
    finally:
        for worker in running:
            with contextlib.suppress(ProcessLookupError):
                worker.send_signal(signal.SIGCONT)
            worker.kill()
            worker.wait()
