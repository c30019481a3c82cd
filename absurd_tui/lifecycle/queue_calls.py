"""Queues: creation, policy, clean-up, partitions."""

from datetime import timedelta

import asyncpg

from absurd_tui.errors import QueueMissing
from absurd_tui.lifecycle import arguments, statements
from absurd_tui.lifecycle.calls import Calls
from absurd_tui.lifecycle.json_values import Json, encode_json
from absurd_tui.lifecycle.records import CleanupCount, CronEntry, DetachCandidate, Interval, QueuePolicy


class QueueCalls(Calls):
    """Calls on queues and on the schema."""

    async def create_queue(self, queue_name: str, storage_mode: str = "unpartitioned") -> None:
        """Create a queue, or leave the one that is there (absurd.create_queue).

        `storage_mode`: unpartitioned or partitioned. A name has at most 57 bytes. Raises `InvalidRequest` for another
        mode, a longer name, or a queue that exists in the other mode.
        """
        name, mode = arguments.text(queue_name, "queue_name"), arguments.text(storage_mode, "storage_mode")
        if mode == "unpartitioned":  # older schemas know no other
            await self._rows(statements.CREATE_QUEUE, name)
        else:
            await self._rows(statements.CREATE_QUEUE_STORED_AS, name, mode)

    async def drop_queue(self, queue_name: str) -> None:
        """Delete a queue with everything in it, for good; an unknown name is no error (absurd.drop_queue).

        Raises `Denied` unless the role owns the queue's tables.
        """
        await self._rows(statements.DROP_QUEUE, arguments.text(queue_name, "queue_name"))

    async def list_queues(self) -> list[str]:
        """The names of all queues, in the database's order (absurd.list_queues)."""
        return [row["queue_name"] for row in await self._rows(statements.LIST_QUEUES)]

    async def get_queue_policy(self, queue_name: str) -> QueuePolicy:
        """How a queue is stored and maintained (absurd.get_queue_policy). Raises `QueueMissing`."""
        rows = await self._rows(statements.GET_QUEUE_POLICY, arguments.text(queue_name, "queue_name"))
        if not rows:
            raise QueueMissing(f"Queue {queue_name!r} does not exist")
        return _policy(rows[0])

    async def set_queue_policy(
        self,
        queue_name: str,
        *,
        partition_lookahead: Interval | None = None,
        partition_lookback: Interval | None = None,
        cleanup_ttl: Interval | None = None,
        cleanup_limit: int | None = None,
        detach_mode: str | None = None,
        detach_min_age: Interval | None = None,
        default_partition: str | None = None,
    ) -> None:
        """Change a queue's policy; what is None stays as it is (absurd.set_queue_policy).

        Intervals are `timedelta` or PostgreSQL's text. `default_partition`, for partitioned queues only, makes or drops
        the default partitions at once. Raises `QueueMissing`, and `InvalidRequest` for a value Absurd refuses or for a
        default partition that still holds rows.
        """
        intervals = {
            "partition_lookahead": partition_lookahead,
            "partition_lookback": partition_lookback,
            "cleanup_ttl": cleanup_ttl,
            "detach_min_age": detach_min_age,
        }
        modes = {"detach_mode": detach_mode, "default_partition": default_partition}
        policy: dict[str, Json] = {
            **{name: arguments.interval(value, name) for name, value in intervals.items() if value is not None},
            **{name: arguments.text(value, name) for name, value in modes.items() if value is not None},
        }
        if cleanup_limit is not None:
            policy["cleanup_limit"] = arguments.whole(cleanup_limit, "cleanup_limit", least=1)
        await self._rows(
            statements.SET_QUEUE_POLICY, arguments.text(queue_name, "queue_name"), encode_json(policy, "policy")
        )

    async def cleanup_tasks(self, queue_name: str, ttl_seconds: int, limit: int = 1000) -> int:
        """Delete up to `limit` tasks that ended more than `ttl_seconds` ago; how many went (absurd.cleanup_tasks)."""
        return await self._deleted(statements.CLEANUP_TASKS, queue_name, ttl_seconds, limit)

    async def cleanup_events(self, queue_name: str, ttl_seconds: int, limit: int = 1000) -> int:
        """Forget up to `limit` events older than `ttl_seconds`; how many went (absurd.cleanup_events).

        A forgotten name can be emitted again. Names that are awaited, but were never emitted, count as old.
        """
        return await self._deleted(statements.CLEANUP_EVENTS, queue_name, ttl_seconds, limit)

    async def _deleted(self, statement: str, queue_name: str, ttl_seconds: int, limit: int) -> int:
        row = await self._row(
            statement,
            arguments.text(queue_name, "queue_name"),
            arguments.whole(ttl_seconds, "ttl_seconds", least=0),
            arguments.whole(limit, "limit", least=1),
        )
        return int(row["deleted"])

    async def cleanup_all_queues(self, queue_name: str | None = None) -> list[CleanupCount]:
        """One clean-up batch by policy, in every queue or in one (absurd.cleanup_all_queues).

        Raises `QueueMissing`.
        """
        rows = await self._rows(statements.CLEANUP_ALL_QUEUES, arguments.optional_text(queue_name, "queue_name"))
        return [CleanupCount(row["queue_name"], int(row["tasks_deleted"]), int(row["events_deleted"])) for row in rows]

    async def get_schema_version(self) -> str:
        """The release of Absurd's schema; development builds say "main" (absurd.get_schema_version)."""
        version: str = (await self._row(statements.GET_SCHEMA_VERSION))["version"]
        return version

    async def ensure_partitions(self, queue_name: str | None = None) -> None:
        """Make the weekly partitions that the policy asks for, in every partitioned queue or in one.

        The function is absurd.ensure_partitions. Raises `QueueMissing`.
        """
        await self._rows(statements.ENSURE_PARTITIONS, arguments.optional_text(queue_name, "queue_name"))

    async def list_detach_candidates(self, queue_name: str | None = None) -> list[DetachCandidate]:
        """Old, empty partitions of queues whose detach mode is `empty` (absurd.list_detach_candidates).

        Raises `QueueMissing`.
        """
        rows = await self._rows(statements.LIST_DETACH_CANDIDATES, arguments.optional_text(queue_name, "queue_name"))
        return [DetachCandidate(*row.values()) for row in rows]

    async def enable_cron(
        self,
        queue_name: str | None = None,
        partition_schedule: str = "5 * * * *",
        cleanup_schedule: str = "17 * * * *",
        detach_schedule: str = "29 * * * *",
    ) -> list[CronEntry]:
        """Let pg_cron maintain every queue, or one; entries made before are replaced (absurd.enable_cron).

        Schedules are in cron's syntax. Raises `QueueMissing`, `InvalidRequest` when pg_cron is not installed.
        """
        rows = await self._rows(
            statements.ENABLE_CRON,
            arguments.optional_text(queue_name, "queue_name"),
            arguments.text(partition_schedule, "partition_schedule"),
            arguments.text(cleanup_schedule, "cleanup_schedule"),
            arguments.text(detach_schedule, "detach_schedule"),
        )
        return [_cron_entry(row) for row in rows]

    async def disable_cron(self, queue_name: str | None = None) -> list[CronEntry]:
        """Remove pg_cron's entries for every queue together, or for one; those removed (absurd.disable_cron).

        An unknown queue is no error. Raises `InvalidRequest` when pg_cron is not installed.
        """
        rows = await self._rows(statements.DISABLE_CRON, arguments.optional_text(queue_name, "queue_name"))
        return [_cron_entry(row) for row in rows]


def _cron_entry(row: asyncpg.Record) -> CronEntry:
    return CronEntry(row["job_name"], int(row["job_id"]))


def _policy(row: asyncpg.Record) -> QueuePolicy:
    return QueuePolicy(
        queue_name=row["queue_name"],
        storage_mode=row["storage_mode"],
        default_partition=row["default_partition"],
        partition_lookahead=_interval(row, "partition_lookahead"),
        partition_lookback=_interval(row, "partition_lookback"),
        cleanup_ttl=_interval(row, "cleanup_ttl"),
        cleanup_limit=int(row["cleanup_limit"]),
        detach_mode=row["detach_mode"],
        detach_min_age=_interval(row, "detach_min_age"),
    )


def _interval(row: asyncpg.Record, column: str) -> Interval:
    """A `timedelta` when it keeps days and hours apart as PostgreSQL does and knows no months, else the text."""
    fields: str | None = row[f"{column}_fields"]
    text: str = row[f"{column}_text"]
    if fields is None:
        return text
    years, months, days, hours, minutes, microseconds = map(int, fields.split())
    if years or months or not 0 <= hours < 24:
        return text
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, microseconds=microseconds)
    except OverflowError:
        return text
