"""Somebody who holds a task's row."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import asyncpg
from integration.keys.side import Side


@contextmanager
def held(side: Side, task_id: UUID) -> Iterator[None]:
    """Somebody's transaction that holds a task's row."""
    with asyncio.Runner() as runner:
        holder = runner.run(asyncpg.connect(side.dsn))
        try:
            runner.run(holder.execute("begin"))
            runner.run(holder.execute(f"select from absurd.t_mail where task_id = '{task_id}' for update"))
            yield
        finally:
            runner.run(holder.close())
