"""The waits that the spawn form foretells are those that Absurd works out."""

import json
from itertools import product

import asyncpg
import pytest

from absurd_tui.lifecycle.options import (
    ExponentialRetry,
    FixedRetry,
    NoRetry,
    RetryStrategy,
    SpawnOptions,
    encode_options,
)
from absurd_tui.ui.dialogs.spawn_schedule import delay

STRATEGIES: list[RetryStrategy] = [
    NoRetry(),
    FixedRetry(0),
    FixedRetry(1.5),
    *(
        ExponentialRetry(base, factor, most)
        for base, factor, most in product(
            (0, 0.1, 60, 86_400), (0, 0.5, 1, 2.5, 10**6, 1e300, 1e-300), (None, 0, 3_600, 86_400)
        )
    ),
]
ATTEMPTS = (1, 2, 3, 7, 40, 1_000)


async def test_every_wait_is_the_one_of_absurd(connection: asyncpg.Connection) -> None:
    cases = list(product(STRATEGIES, ATTEMPTS))
    stored = [json.dumps(json.loads(encode_options(SpawnOptions(None, each)))["retry_strategy"]) for each, _ in cases]
    rows = await connection.fetch(
        "select absurd.retry_delay_seconds(s::jsonb, a) as seconds"
        " from unnest($1::text[], $2::int[]) with ordinality c(s, a, place) order by place",
        stored,
        [attempt for _, attempt in cases],
    )
    foretold = [delay(strategy, attempt) for strategy, attempt in cases]
    assert foretold == pytest.approx([row["seconds"] for row in rows], rel=1e-12)
