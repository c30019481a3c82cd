"""The command palette: what the keys do, found by words, and why one does not apply now."""

import pytest
from dialogs import TITLES, desk
from fakes import FakeSource
from screen import running, until_shown

from absurd_tui.observe.records import State

pytestmark = pytest.mark.slow


async def test_a_command_is_found_by_its_words_and_asks_like_its_key() -> None:
    async with desk() as seen:
        await seen.go_to(State.PENDING)
        await seen.press("ctrl+p")
        await seen.shown("Search for commands")
        await seen.press(*"undone")
        await seen.shown("Cancel the task; it cannot be undone", "key c")
        await seen.press("enter")
        await seen.shown(TITLES["c"], str(seen.tasks[State.PENDING]))
        assert seen.requests == []


async def test_what_does_not_apply_is_listed_with_the_reason() -> None:
    async with desk() as seen:
        await seen.go_to(State.COMPLETED)
        await seen.press("ctrl+p")
        await seen.shown("Search for commands")
        await seen.press(*"undone")
        await seen.shown("not now: cancel: the task is completed; only a live task can be cancelled.")


async def test_read_only_lists_activity_with_the_reason() -> None:
    async with running(FakeSource()) as pilot:
        await until_shown(pilot, "READ ONLY")
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Search for commands")
        await pilot.press(*"exact")
        await until_shown(pilot, "What was written from here", "not now: activity: read only; nothing is written")
        await pilot.press("escape")


async def test_nothing_is_offered_that_would_write_what_is_on_the_screen_to_a_file() -> None:
    async with desk() as seen:
        offered = [command.title for command in seen.pilot.app.get_system_commands(seen.pilot.app.screen)]
        assert len(set(offered)) == len(offered)
        assert "Theme" in offered
        assert not [title for title in offered if "creenshot" in title]
