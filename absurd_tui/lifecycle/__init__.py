"""Typed, asynchronous calls on Absurd's stored functions, for any asyncio program.

A worker's turn, from the spawning of a task to its result:

    from absurd_tui.lifecycle import ExponentialRetry, SpawnOptions, connect

    async def main(dsn: str) -> None:
        async with connect(dsn) as lifecycle:
            await lifecycle.create_queue("mail")
            options = SpawnOptions(max_attempts=5, retry_strategy=ExponentialRetry(30, 2.0))
            spawned = await lifecycle.spawn("mail", "welcome", {"user": 42}, options)
            for claim in await lifecycle.claim("mail", "worker-1", claim_timeout=60):
                await lifecycle.set_checkpoint("mail", claim.task_id, "rendered", {"bytes": 512}, claim.run_id)
                await lifecycle.complete("mail", claim.run_id, {"sent": claim.params["user"]})
            result = await lifecycle.get_result("mail", spawned.task_id)
            print(result.state, result.result)

`Lifecycle(connection)` does the same over an asyncpg connection that you have,
inside your transaction if you are in one: the task is spawned if, and only if, your
own rows are committed.

Every error of a call is an `AbsurdError` with the `sqlstate` PostgreSQL gave.
`TimedOut` says that nothing changed, `ConnectionLost` that the outcome is unknown.
`connect` and `Lifecycle` load asyncpg when they are first used; options, records and
errors do without.
"""

from typing import TYPE_CHECKING, Any

from absurd_tui.errors import (
    AbsurdError,
    AlreadyFailed,
    Cancelled,
    CannotConnect,
    ConnectionLost,
    Denied,
    InvalidConnection,
    InvalidRequest,
    NoActiveClaim,
    NotFound,
    QueueMissing,
    TimedOut,
    Undecodable,
    WrongState,
)
from absurd_tui.lifecycle.json_values import Json
from absurd_tui.lifecycle.options import (
    Cancellation,
    ExponentialRetry,
    FixedRetry,
    NoRetry,
    RetryOptions,
    RetryStrategy,
    SpawnOptions,
    encode_options,
    new_options,
)
from absurd_tui.lifecycle.records import (
    AwaitResult,
    Checkpoint,
    Claim,
    CleanupCount,
    CronEntry,
    DetachCandidate,
    Interval,
    QueuePolicy,
    SpawnInfo,
    TaskResult,
)

if TYPE_CHECKING:
    from absurd_tui.lifecycle.client import Lifecycle
    from absurd_tui.lifecycle.connecting import connect
    from absurd_tui.lifecycle.failures import ClaimUndecodable

__all__ = [
    "AbsurdError",
    "AlreadyFailed",
    "AwaitResult",
    "Cancellation",
    "Cancelled",
    "CannotConnect",
    "Checkpoint",
    "Claim",
    "ClaimUndecodable",
    "CleanupCount",
    "ConnectionLost",
    "CronEntry",
    "Denied",
    "DetachCandidate",
    "ExponentialRetry",
    "FixedRetry",
    "Interval",
    "InvalidConnection",
    "InvalidRequest",
    "Json",
    "Lifecycle",
    "NoActiveClaim",
    "NoRetry",
    "NotFound",
    "QueueMissing",
    "QueuePolicy",
    "RetryOptions",
    "RetryStrategy",
    "SpawnInfo",
    "SpawnOptions",
    "TaskResult",
    "TimedOut",
    "Undecodable",
    "WrongState",
    "connect",
    "encode_options",
    "new_options",
]

_NEED_ASYNCPG = {"Lifecycle": "client", "connect": "connecting", "ClaimUndecodable": "failures"}


def __getattr__(name: str) -> Any:
    if name not in _NEED_ASYNCPG:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_NEED_ASYNCPG[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
