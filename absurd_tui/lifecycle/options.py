"""What can be asked for when a task is spawned or retried, and the JSON that Absurd reads.

Options are plain values and may be built freely; what Absurd would refuse, or
would accept and then choke on, is refused by `encode_options`, which every call
uses before anything is sent.
"""

from dataclasses import dataclass, fields, replace
from typing import TypeAlias

from absurd_tui.errors import InvalidRequest
from absurd_tui.lifecycle import arguments
from absurd_tui.lifecycle.json_values import Json, encode_json

LONGEST_DELAY = 86400
"""Seconds: the largest base or maximum delay that Absurd accepts (absurd.retry_delay_seconds)."""


@dataclass(frozen=True, slots=True)
class NoRetry:
    """The next attempt follows at once. (How often is for `max_attempts` to say.)"""


@dataclass(frozen=True, slots=True)
class FixedRetry:
    """Every attempt follows the failed one after `base_seconds`, 0 to 86,400."""

    base_seconds: float


@dataclass(frozen=True, slots=True)
class ExponentialRetry:
    """Attempt n + 1 follows attempt n after `base_seconds * factor ** (n - 1)` seconds.

    `max_seconds` caps the delay (None: one day). Base and cap lie between 0 and 86,400, the factor is not negative.
    """

    base_seconds: float
    factor: float
    max_seconds: float | None = None


RetryStrategy: TypeAlias = NoRetry | FixedRetry | ExponentialRetry
"""The delay between attempts."""


@dataclass(frozen=True, slots=True)
class Cancellation:
    """When Absurd cancels the task by itself; limits are whole seconds, 0 to 2^31 - 1, None for no limit.

    `max_duration` counts from the task's first start, `max_delay` from its spawning until that start. Both are
    enforced only while somebody claims from the queue; with `max_delay=0` the first claim cancels the task unrun.
    Anything but whole numbers is refused: Absurd would store it, and then every claim on the queue would fail.
    """

    max_duration: int | None = None
    max_delay: int | None = None


@dataclass(frozen=True, slots=True)
class SpawnOptions:
    """Options of `spawn`; None means not set.

    `max_attempts`: at least 1; unset, the task is tried for ever. `headers`: any JSON value, handed to the worker with
    the claim. `idempotency_key`: a second spawn with it in the same queue creates nothing and returns the first task.
    """

    max_attempts: int | None = None
    retry_strategy: RetryStrategy | None = None
    cancellation: Cancellation | None = None
    headers: Json = None
    idempotency_key: str | None = None

    def with_max_attempts(self, value: int) -> "SpawnOptions":
        """These options with another `max_attempts`."""
        return replace(self, max_attempts=value)

    def with_retry_strategy(self, value: RetryStrategy) -> "SpawnOptions":
        """These options with another `retry_strategy`."""
        return replace(self, retry_strategy=value)

    def with_cancellation(self, value: Cancellation) -> "SpawnOptions":
        """These options with another `cancellation`."""
        return replace(self, cancellation=value)

    def with_headers(self, value: Json) -> "SpawnOptions":
        """These options with other `headers`."""
        return replace(self, headers=value)

    def with_idempotency_key(self, value: str) -> "SpawnOptions":
        """These options with another `idempotency_key`."""
        return replace(self, idempotency_key=value)


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """Options of `retry`.

    `max_attempts`: unset, an in-place retry allows one more attempt than before and a new task keeps the old number;
    set, an in-place retry needs more than the attempts already made. `spawn_new`: copy the task instead of adding an
    attempt to it; the copy gets neither the checkpoints nor the idempotency key, and each call makes another copy.
    """

    max_attempts: int | None = None
    spawn_new: bool = False


def new_options() -> SpawnOptions:
    """Options with nothing set."""
    return SpawnOptions()


def encode_options(options: SpawnOptions) -> str:
    """The JSON object that absurd.spawn_task reads: only the keys that are set, in the order of the fields.

    Raises `InvalidRequest` for a value that Absurd refuses or that would stop the queue (see `Cancellation`).
    """
    if not isinstance(options, SpawnOptions):
        raise InvalidRequest("options must be SpawnOptions")
    chosen: dict[str, Json] = {}
    if options.max_attempts is not None:
        chosen["max_attempts"] = arguments.whole(options.max_attempts, "max_attempts", least=1)
    if options.retry_strategy is not None:
        chosen["retry_strategy"] = _strategy_values(options.retry_strategy)
    if options.cancellation is not None and (limits := _cancellation_values(options.cancellation)):
        chosen["cancellation"] = limits
    if options.headers is not None:
        chosen["headers"] = options.headers
    if options.idempotency_key is not None:
        chosen["idempotency_key"] = arguments.text(options.idempotency_key, "idempotency_key")
    return encode_json(chosen, "options")


def encode_retry_options(options: RetryOptions | SpawnOptions) -> str:
    """The JSON object that absurd.retry_task reads.

    `SpawnOptions` are accepted when nothing but `max_attempts` is set; otherwise `InvalidRequest` names what Absurd
    would ignore.
    """
    if isinstance(options, SpawnOptions):
        ignored = [
            field.name
            for field in fields(options)
            if field.name != "max_attempts" and getattr(options, field.name) is not None
        ]
        if ignored:
            raise InvalidRequest(f"a retry would ignore {', '.join(ignored)}: only max_attempts can be changed")
        options = RetryOptions(max_attempts=options.max_attempts)
    if not isinstance(options, RetryOptions):
        raise InvalidRequest("options must be RetryOptions")
    chosen: dict[str, Json] = {}
    if options.max_attempts is not None:
        chosen["max_attempts"] = arguments.whole(options.max_attempts, "max_attempts", least=1)
    if arguments.flag(options.spawn_new, "spawn_new"):
        chosen["spawn_new"] = True
    return encode_json(chosen, "options")


def _strategy_values(strategy: object) -> dict[str, Json]:
    match strategy:
        case NoRetry():
            return {"kind": "none"}
        case FixedRetry():
            return {"kind": "fixed", "base_seconds": _delay(strategy.base_seconds, "base_seconds")}
        case ExponentialRetry():
            values: dict[str, Json] = {
                "kind": "exponential",
                "base_seconds": _delay(strategy.base_seconds, "base_seconds"),
                "factor": arguments.real(strategy.factor, "factor"),
            }
            if strategy.max_seconds is not None:
                values["max_seconds"] = float(_delay(strategy.max_seconds, "max_seconds"))
            return values
    raise InvalidRequest("retry_strategy must be NoRetry, FixedRetry or ExponentialRetry")


def _delay(value: float, name: str) -> float:
    arguments.real(value, name, most=LONGEST_DELAY)
    return value


def _cancellation_values(cancellation: object) -> dict[str, Json]:
    if not isinstance(cancellation, Cancellation):
        raise InvalidRequest("cancellation must be a Cancellation")
    limits = {
        "max_duration": arguments.optional_whole(cancellation.max_duration, "max_duration", least=0),
        "max_delay": arguments.optional_whole(cancellation.max_delay, "max_delay", least=0),
    }
    return {name: limit for name, limit in limits.items() if limit is not None}
