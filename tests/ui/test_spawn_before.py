"""What was spawned from here is offered again in the form, newest first."""

from pathlib import Path
from uuid import UUID

import pytest
from dialogs import Desk, desk
from fakes import START
from textual.widgets import TextArea

from absurd_tui.observe.records import State
from absurd_tui.operations.outcomes import After, Done
from absurd_tui.ui.dialogs.spawn import SpawnDialog

pytestmark = pytest.mark.slow

SPAWNED = Done(After(State.PENDING, 1, None, START), spawned=(UUID(int=77),))


async def opened(seen: Desk) -> TextArea:
    await seen.press("1", "s")
    await seen.until(lambda: isinstance(form := seen.pilot.app.screen, SpawnDialog) and form.is_awake)
    return seen.pilot.app.screen.query_one(TextArea)


async def spawn(seen: Desk, params: str) -> None:
    editor = await opened(seen)
    editor.text = params
    editor.is_typed = True  # type: ignore[attr-defined]  # as a key does
    await seen.until_not_struck("spawn pending_task")
    before = len(seen.requests)
    await seen.press("ctrl+s")
    await seen.until(lambda: len(seen.requests) == before + 1)


async def test_what_was_spawned_from_here_comes_back_with_a_key() -> None:
    async with desk(outcome=SPAWNED) as seen:
        await spawn(seen, '{"n": 1}')
        await spawn(seen, '{"n": 2}')
        editor = await opened(seen)
        own = editor.text
        await seen.shown("f3 2 spawned from here")
        for number, place in ((2, "1 of 2"), (1, "2 of 2")):
            await seen.press("f3")
            await seen.until(lambda number=number: f'"n": {number}' in editor.text)  # type: ignore[misc]
            await seen.shown(f"ago ({place}; f3)")
        await seen.press("f3")
        await seen.until(lambda: editor.text == own)
        await seen.press("f3", "ctrl+s")
        await seen.until(lambda: len(seen.requests) == 3)
        assert seen.requests[2].params == {"n": 2}


async def test_a_name_that_was_never_spawned_from_here_has_nothing_to_go_through() -> None:
    async with desk(outcome=SPAWNED) as seen:
        editor = await opened(seen)
        own = editor.text
        await seen.press("f3")
        await seen.look(0.2)
        assert editor.text == own
        assert "spawned from here" not in seen.text


async def test_a_spawn_that_was_refused_is_not_remembered(tmp_path: Path) -> None:
    async with desk() as seen:
        await spawn(seen, '{"n": 1}')
        await opened(seen)
        assert "spawned from here" not in seen.text
