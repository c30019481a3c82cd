"""The other side of a write about a whole queue."""

from dataclasses import dataclass

import asyncpg
from integration.operations.stage import QUEUE, Stage

from absurd_tui.operations.queue_requests import CreateQueue, DropQueue, QueueRequest, SetQueuePolicy

NEW_QUEUE = "reports"
QUEUE_CALLS = {
    "create queue": "absurd.create_queue",
    "drop queue": "absurd.drop_queue",
    "set policy": "absurd.set_queue_policy",
}
"""The operations on queues, and the function that each calls."""

QUEUE_OPERATIONS = tuple(QUEUE_CALLS)
TTL = (("cleanup_ttl", "7 days"),)
DEFAULT_TTL = (("cleanup_ttl", "30 days"),)

_CREATED = "select date_part('epoch', created_at) from absurd.queues where queue_name = $1"


@dataclass(frozen=True)
class QueueStage:
    """Does to queues what somebody else does, and tells what is true of them."""

    stage: Stage

    @property
    def connection(self) -> asyncpg.Connection:
        return self.stage.connection

    async def created_at(self, queue: str) -> float | None:
        made: float | None = await self.connection.fetchval(_CREATED, queue)
        return made

    async def request(self, operation: str) -> QueueRequest:
        """A request that would be done if nobody interfered."""
        if operation == "create queue":
            return CreateQueue(NEW_QUEUE)
        made = await self.created_at(QUEUE)
        assert made is not None
        if operation == "drop queue":
            return DropQueue(QUEUE, made, "1 pending")
        return SetQueuePolicy(QUEUE, made, TTL, DEFAULT_TTL)

    async def is_done(self, request: QueueRequest) -> bool:
        """Whether the database shows what was asked for."""
        is_there = await self.created_at(request.queue) is not None
        match request:
            case CreateQueue():
                return is_there and await self.table("t", request.queue)
            case DropQueue():
                return not is_there and not await self.table("t", request.queue)
            case SetQueuePolicy():
                policy = await self.stage.lifecycle.get_queue_policy(request.queue)
                return policy.cleanup_ttl.days == 7  # type: ignore[union-attr]  # it has no months

    async def table(self, letter: str, queue: str) -> bool:
        return bool(await self.connection.fetchval("select to_regclass($1) is not null", f'absurd."{letter}_{queue}"'))

    async def make_anew(self, queue: str) -> None:
        """Drop a queue and make it again."""
        await self.stage.lifecycle.drop_queue(queue)
        await self.stage.lifecycle.create_queue(queue)
