"""Three queues with a task each, of which a reading is told what it cannot read."""

import asyncpg
import pytest

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import resting


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    await connection.execute("set application_name = 'migration'")
    lifecycle = Lifecycle(connection)
    for queue in ("mail", "orders", "secret"):
        await lifecycle.create_queue(queue)
        await lifecycle.spawn(queue, f"of {queue}", {})
    return lifecycle


@pytest.fixture
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a queue that refused again at once."""
    monkeypatch.setattr(resting, "REST_SECONDS", 0.0)
