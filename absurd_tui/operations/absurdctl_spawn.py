"""The line by which absurdctl spawns what a request asks for, where it can.

It spawns one task at a time, without a key, and its params are an object. Headers
are texts to it and seconds whole numbers; fractions in params, and the factor, are
what Python's `float` makes of them.
"""

import json
import shlex

from absurd_tui.lifecycle.json_values import Json, encode_json
from absurd_tui.lifecycle.options import ExponentialRetry, FixedRetry, NoRetry, SpawnOptions
from absurd_tui.operations.requests import SpawnTask

MOST_BYTES = 120_000
"""Of params: it hands them to psql as one argument, of which Linux takes 128 KiB."""


def line(request: SpawnTask) -> str | None:
    """Give the line, with the params to be put into $PARAMS; None where it would spawn something else, or not run."""
    flags = _flags(request.options)
    if request.count > 1 or request.options.headers is not None or flags is None or not _carries(request.params):
        return None
    name = [request.task_name] if not request.task_name.startswith("-") else ["--", request.task_name]
    told = shlex.join([*flags, *name])
    return f'absurdctl spawn-task -q {shlex.quote(request.queue)} --params "$PARAMS" {told}'


def _carries(params: Json) -> bool:
    if not isinstance(params, dict):
        return False
    read = json.loads(encode_json(params, "params"))
    return read == params and len(json.dumps(read)) <= MOST_BYTES


def _flags(options: SpawnOptions) -> list[str] | None:
    """Give the options as flags, None where one of them has none."""
    whole: list[tuple[str, float | None]] = [("--max-attempts", options.max_attempts)]
    kind: str | None = None
    factor: float | None = None
    match options.retry_strategy:
        case NoRetry():
            kind = "none"
        case FixedRetry(base):
            kind = "fixed"
            whole.append(("--retry-base", base))
        case ExponentialRetry(base, factor, most):
            kind = "exponential"
            whole += [("--retry-base", base), ("--retry-max", most)]
    if (limits := options.cancellation) is not None:
        whole += [("--max-duration", limits.max_duration), ("--max-delay", limits.max_delay)]
    numbers = [(flag, value) for flag, value in whole if value is not None]
    if any(value != int(value) for _, value in numbers) or (factor is not None and float(factor) != factor):
        return None
    said = [] if kind is None else ["--retry-kind", kind]
    said += [] if factor is None else ["--retry-factor", str(float(factor))]
    return said + [word for flag, value in numbers for word in (flag, str(int(value)))]
