"""How long Absurd lets a task rest after an attempt that failed, as its newest schema reckons it. Pure.

The source of these facts is absurd.retry_delay_seconds of schema 0.5; older schemas have no limit of one day.
"""

import json
from collections.abc import Mapping
from typing import Any

LONGEST = 86_400.0
_FIXED, _EXPONENTIAL = 60.0, 30.0
_KINDS = ("none", "fixed", "exponential")


def strategy_of(stored: str | None) -> Mapping[str, Any] | None:
    """Read a stored strategy; that there is none is one that rests for no time, None is what is no strategy."""
    if stored is None:
        return {}
    try:
        read = json.loads(stored)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) and kind_of(read) in _KINDS else None


def kind_of(strategy: Mapping[str, Any]) -> Any:
    """Give the kind of a strategy; without one it is none."""
    kind = strategy.get("kind")
    return "none" if kind is None else kind


def rest_after(attempt: int, strategy: Mapping[str, Any]) -> float | None:
    """Give the seconds between the failure of an attempt and the next; None where the strategy does not say."""
    kind = kind_of(strategy)
    if kind == "none":
        return 0.0
    base = _number(strategy.get("base_seconds"), _FIXED if kind == "fixed" else _EXPONENTIAL)
    factor, most = _number(strategy.get("factor"), 2.0), _number(strategy.get("max_seconds"), LONGEST)
    if base is None or not 0 <= base <= LONGEST:
        return None
    if kind == "fixed" or base == 0:
        return base
    if factor is None or most is None or factor < 0 or not 0 <= most <= LONGEST:
        return None
    try:
        return min(base * factor ** max(attempt - 1, 0), most)
    except OverflowError:
        return most


def _number(value: Any, absent: float) -> float | None:
    """Read a number of a strategy as PostgreSQL would, or give what stands for an absent one."""
    if value is None:
        return absent
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) <= 1e300 else None
