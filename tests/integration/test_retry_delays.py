"""The pauses that a task page foretells are those that the database would make."""

import json
from typing import Any

import asyncpg
import pytest

from absurd_tui.observe.retry_delays import rest_after, strategy_of

STRATEGIES: tuple[Any, ...] = (
    None,
    {},
    {"kind": None},
    {"kind": "none"},
    {"kind": "fixed"},
    {"kind": "fixed", "base_seconds": 0},
    {"kind": "fixed", "base_seconds": 2.5},
    {"kind": "fixed", "base_seconds": "7"},
    {"kind": "fixed", "base_seconds": 86_401},
    {"kind": "fixed", "base_seconds": True},
    {"kind": "fixed", "base_seconds": [1]},
    {"kind": "exponential"},
    {"kind": "exponential", "base_seconds": 0, "factor": 3},
    {"kind": "exponential", "base_seconds": 2, "factor": 2, "max_seconds": 60},
    {"kind": "exponential", "base_seconds": 1, "factor": 0.5},
    {"kind": "exponential", "base_seconds": 5, "factor": 1e300},
    {"kind": "exponential", "base_seconds": 5, "factor": 0},
    {"kind": "exponential", "base_seconds": 5, "factor": -1},
    {"kind": "exponential", "base_seconds": 5, "max_seconds": -1},
    {"kind": "exponential", "base_seconds": 5, "max_seconds": 90_000},
    {"kind": "linear"},
    {"kind": ["fixed"]},
    [],
    5,
)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=json.dumps)
async def test_a_pause_is_what_the_database_makes_of_the_strategy(
    connection: asyncpg.Connection, strategy: Any
) -> None:
    stored = None if strategy is None else json.dumps(strategy)
    read = strategy_of(stored)
    for attempt in (1, 2, 5, 400):
        try:
            delay = await connection.fetchval("select absurd.retry_delay_seconds($1::jsonb, $2)", stored, attempt)
        except asyncpg.PostgresError:
            delay = None
        told = rest_after(attempt, read) if read is not None else None
        assert told == (delay if delay is None else pytest.approx(delay)), attempt
