"""A write that is not over after half a second is told, and what comes of it stands in its place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from dialogs import Desk, desk

from absurd_tui.observe.records import State
from absurd_tui.operations.outcomes import After, Done, NotApplied, Outcome
from absurd_tui.ui import telling
from absurd_tui.ui.widgets import outcomes as outcomes_module

pytestmark = pytest.mark.slow

CANCELLED = Done(After(State.CANCELLED, 1, None, 1_790_000_020.0))
WAITS = ("… Cancelling · mail › pending_task …00000001", "Under way; it may wait for a lock.")
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


@pytest.fixture(autouse=True)
def nothing_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told for some seconds is told for as long as a slow machine may take to look at it."""
    monkeypatch.setattr(outcomes_module, "STAYS", 600.0)


@asynccontextmanager
async def waiting(outcome: Outcome, size: tuple[int, int] = (120, 40)) -> AsyncIterator[tuple[Desk, asyncio.Event]]:
    """A cancellation is under way until the gate is opened."""
    async with desk(outcome=outcome, size=size) as seen:
        gate = seen.performer.gate = asyncio.Event()
        await seen.ask("c", State.PENDING)
        await seen.press("y")
        await seen.asked()
        yield seen, gate
        gate.set()


@SIZES
async def test_a_write_that_waits_is_told_until_its_outcome_is(size: tuple[int, int]) -> None:
    async with waiting(CANCELLED, size) as (seen, gate):
        await seen.shown(*WAITS)
        seen.performer.is_committing = True
        await seen.shown(WAITS[0], "The COMMIT was sent; no answer yet.")
        gate.set()
        await seen.shown("✓ Cancelled · mail › pending_task …00000001")
        assert "Cancelling" not in seen.text


@SIZES
async def test_a_lost_commit_is_told_while_it_is_looked_up(size: tuple[int, int]) -> None:
    async with waiting(NotApplied("The server undid it."), size) as (seen, gate):
        seen.performer.is_committing = seen.performer.is_looked_up = True
        await seen.shown("? Unknown · Connection lost cancelling …00000001", "Looking it up; do not repeat it.")
        await seen.press("x")
        await seen.look(0.3)
        assert "Unknown" in seen.text, "what is not known cannot be put away"
        gate.set()
        await seen.shown("✗ Not applied · mail › pending_task …00000001", "Nothing changed.")
        assert "Unknown" not in seen.text


async def test_a_write_is_told_half_a_second_after_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert telling.TOLD_AFTER == 0.5
    monkeypatch.setattr(telling, "TOLD_AFTER", 600.0)
    async with waiting(CANCELLED) as (seen, _):
        await seen.look(1.5)
        assert "Cancelling" not in seen.text
        monkeypatch.setattr(telling, "TOLD_AFTER", 0.5)
        await seen.shown(*WAITS)


async def test_it_is_told_without_any_reading() -> None:
    async with waiting(CANCELLED) as (seen, _):
        seen.source.fault = ConnectionRefusedError(111, "Connection refused")
        await seen.shown("LOST", *WAITS)
