"""The keys of a JSON document: folding, copying, finding, and five megabytes under them."""

import asyncio
import json
import time

import pytest
from json_app import JsonApp, opened, settled, shown
from screen import PATIENCE
from textual.geometry import Offset
from textual.pilot import Pilot

from absurd_tui.ui.widgets.json_view import MOST_COPIED, JsonView

DOCUMENT = '{"user": {"id": 42, "tags": ["a", "b"]}, "total": 12345678901234567890.10, "note": "Timed OUT"}'


def said(pilot: Pilot[None]) -> str:
    """What was told last."""
    app = pilot.app
    assert isinstance(app, JsonApp)
    return app.said[-1]


async def test_what_a_line_begins_is_folded_and_unfolded() -> None:
    async with opened(DOCUMENT) as (view, pilot):
        await pilot.press("down", "enter")
        assert shown(view) == [
            "{",
            '  "user": { … 5 lines … },',
            '  "total": 12345678901234567890.10,',
            '  "note": "Timed OUT"',
            "}",
        ]
        await pilot.press("down")
        assert view.cursor_line == 8, "the cursor goes over what is folded"
        await pilot.press("up", "enter", "down", "down", "down", "down")
        assert shown(view)[4] == '      "a",'
        await pilot.press("enter")
        assert (shown(view)[3], view.cursor_line) == ('    "tags": [ … 2 lines … ]', 3), (
            "of a line within, what it is in"
        )


async def test_all_is_folded_and_unfolded() -> None:
    async with opened(DOCUMENT) as (view, pilot):
        whole = shown(view)
        await pilot.press("minus")
        assert shown(view)[1] == '  "user": { … 5 lines … },'
        await pilot.press("down", "enter")
        assert shown(view)[2] == '    "id": 42,'
        await pilot.press("minus", "plus")
        assert shown(view) == whole


async def test_the_value_and_its_path_are_copied_as_they_are_stored() -> None:
    async with opened(DOCUMENT) as (view, pilot):
        await pilot.press("down", "down", "down", "y")
        assert pilot.app.clipboard == '[\n  "a",\n  "b"\n]'
        assert said(pilot) == "Copied 16 characters of the value."
        await pilot.press("down", "down", "p")
        assert pilot.app.clipboard == ".user.tags[1]"
        assert said(pilot) == "Copied the path .user.tags[1]"
        view.find("total")
        await settled(pilot)
        await pilot.press("y")
        assert pilot.app.clipboard == "12345678901234567890.10"


async def test_what_no_terminal_takes_is_not_copied_and_text_has_no_path() -> None:
    async with opened(json.dumps(["x" * (MOST_COPIED + 1)])) as (_, pilot):
        await settled(pilot)
        await pilot.press("y")
        assert said(pilot).startswith("copy: the value has 1,000,")
        assert pilot.app.clipboard == ""
    async with opened("no json") as (_, pilot):
        await pilot.press("p", "enter", "minus", "y")
        assert said(pilot) == "json: there is no JSON here."


async def test_a_text_is_found_where_it_is_folded_and_again_from_the_beginning() -> None:
    async with opened(DOCUMENT) as (view, pilot):
        await pilot.press("minus")
        view.find('"B"')
        await settled(pilot)
        assert (shown(view)[view.cursor_line].strip(), said(pilot)) == ('"b"', 'Line 6 of 11 has "B"')
        view.find("t")
        await settled(pilot)
        first = view.cursor_line
        await pilot.press("full_stop")
        await settled(pilot)
        second = view.cursor_line
        await pilot.press("comma")
        await settled(pilot)
        assert (first, second, view.cursor_line) == (8, 9, 8)
        view.find("nowhere")
        await settled(pilot)
        assert (view.cursor_line, said(pilot)) == (8, "Nothing in this document has nowhere")


async def test_a_click_puts_the_cursor_and_two_fold() -> None:
    async with opened(DOCUMENT) as (view, pilot):
        await pilot.click(JsonView, offset=Offset(4, 1))
        assert view.cursor_line == 1
        await pilot.click(JsonView, offset=Offset(4, 1), times=2)
        assert "5 lines" in shown(view)[1]


async def test_laying_out_writes_the_document_down_nowhere() -> None:
    async with opened(None) as (view, pilot):
        view.show(json.dumps(["x" * 100] * 10_000))
        assert [len(worker.description) < 100 for worker in pilot.app.workers] == [True]
        await settled(pilot)


FIRST_PAGE, STALL, SLACK = 0.2, 0.05, 5
"""Seconds that are promised, and how many times slower a test may find them on a busy machine."""


@pytest.mark.slow
@pytest.mark.usefixtures("collected_as_ever")
async def test_five_megabytes_are_opened_folded_and_scrolled_without_a_stall() -> None:
    rows = [{"id": number, "name": f"charge {number}", "paid": True} for number in range(100_000)]
    text = json.dumps(rows)
    longest, is_over = 0.0, False

    async def beat() -> None:
        nonlocal longest
        while not is_over:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - before - 0.005)

    async with opened(None) as (view, pilot):
        beating = asyncio.create_task(beat())
        await asyncio.sleep(0.05)
        longest = 0.0
        began = time.monotonic()
        view.show(text)
        assert shown(view)[1] == "  {"
        assert time.monotonic() - began < FIRST_PAGE * SLACK
        async with asyncio.timeout(PATIENCE):
            await settled(pilot)
            assert view.virtual_size.height >= 500_000
            await pilot.press("end", "home", "down", "enter", "pagedown", "minus")
            await settled(pilot)
            assert "lines …" in shown(view)[1]
            await pilot.press("pagedown", "plus")
            view.find("charge 99999")
            await settled(pilot)
            assert view.cursor_line >= 400_000
        is_over = True
        await beating
    assert longest < STALL * SLACK
