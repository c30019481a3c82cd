"""A JSON document as it is drawn: colours, lines, sizes, and what is hostile in it."""

import asyncio
import json
import time
import unicodedata

import pytest
from json_app import COLOURS, JsonApp, opened, settled, shown
from rich.segment import Segment
from textual.geometry import Offset

from absurd_tui.text import plain
from absurd_tui.ui.json_document import LONGEST_LINE
from absurd_tui.ui.widgets.json_view import LAID_OUT_AT_ONCE, JsonView

KEY, STRING, MUTED = COLOURS.values()


def coloured(view: JsonView, y: int) -> list[tuple[str, str]]:
    """The pieces of a line with the colour of each, where it is one of ours."""

    def colour(segment: Segment) -> str:
        found = segment.style.color.get_truecolor().hex if segment.style and segment.style.color else ""
        return found if found in COLOURS.values() else ""

    return [(segment.text, colour(segment)) for segment in view.render_line(y) if segment.text.strip()]


async def test_keys_strings_and_the_rest_have_their_colours() -> None:
    async with opened('{"a": "x", "n": -1.50, "b": [true, null, "s"], "e": {}}') as (view, _):
        assert shown(view) == json.dumps({"a": "x", "n": None, "b": [True, None, "s"], "e": {}}, indent=2).replace(
            '"n": null', '"n": -1.50'
        ).split("\n")
        assert coloured(view, 1) == [('"a"', KEY), (":", ""), ('"x"', STRING), (",", "")]
        assert coloured(view, 2) == [('"n"', KEY), (":", ""), ("-1.50", ""), (",", "")]
        assert coloured(view, 6) == [('"s"', STRING)]


async def test_none_is_a_muted_dash() -> None:
    async with opened(None) as (view, _):
        assert coloured(view, 0) == [("–", MUTED)]
        assert shown(view) == ["–"]


async def test_a_document_shown_before_the_first_screen_is_there() -> None:
    app = JsonApp('{"a": 1}')
    async with app.run_test(size=(60, 13)):
        assert shown(app.view) == ["{", '  "a": 1', "}"]


async def test_the_size_note_stands_above() -> None:
    async with opened("[1]", plain("first 64 kB of 5.2 MB")) as (view, _):
        assert coloured(view, 0) == [("first 64 kB of 5.2 MB", MUTED)]
        assert shown(view)[1:] == ["[", "  1", "]"]
        view.show(None, None)
        assert shown(view) == ["–"]


@pytest.mark.parametrize("text", ["", "{]", "no json", '{"a": "x\ny"}'])
async def test_what_is_not_json_is_shown_as_it_is(text: str) -> None:
    async with opened(text) as (view, _):
        assert shown(view) == (text.split("\n") if text else [])


async def test_lines_of_text_are_split_as_text() -> None:
    async with opened("error:\r\n\tat x\rend\u2028.") as (view, _):
        assert shown(view) == ["error:", "        at x", "end�."]


async def test_a_cut_document_is_laid_out_as_far_as_it_goes() -> None:
    async with opened('{"a": [1, "unfini') as (view, _):
        assert shown(view) == ["{", '  "a": [', "    1,", '    "unfini']
        assert coloured(view, 3) == [('"unfini', STRING)]


HOSTILE = (
    "\x1b]52;c;aGFjaw==\x07 \x9b31m \u202eevil\u202c \u200b\ufeff \U000e0041 \u2028 \x7f [/red] [@click=app.quit]x[/]"
)


@pytest.mark.parametrize("text", [f"not json {HOSTILE}", json.dumps([HOSTILE], ensure_ascii=False).replace("\x7f", "")])
async def test_nothing_hostile_reaches_the_screen(text: str) -> None:
    async with opened(text, columns=150) as (view, _):
        painted = [segment for y in range(view.size.height) for segment in view.render_line(y)]
        assert "evil" in "".join(segment.text for segment in painted)
        for segment in painted:
            assert not {unicodedata.category(char) for char in segment.text} & {
                "Cc",
                "Cf",
                "Cs",
                "Co",
                "Cn",
                "Zl",
                "Zp",
            }
            assert not segment.control
            assert not (segment.style and segment.style.meta)


async def test_escapes_stay_as_written_and_real_controls_become_signs() -> None:
    async with opened('["\\u202e\\u001b[31m", "\u202e"]') as (view, _):
        assert shown(view) == ["[", '  "\\u202e\\u001b[31m",', '  "�"', "]"]


async def test_numbers_of_any_length_are_unchanged() -> None:
    digits = "1234567890" * 500
    async with opened(f'{{"n":{digits},"f":1e400,"d":0.10}}', columns=120) as (view, pilot):
        line = f'  "n": {digits},'[: LONGEST_LINE - 1] + "…"
        assert shown(view)[1] == line[: view.size.width - 1] + "…"
        assert shown(view)[2:4] == ['  "f": 1e400,', '  "d": 0.10']
        seen = ""
        for left in range(0, LONGEST_LINE, 100):
            view.scroll_to(x=left, animate=False, force=True)
            await pilot.pause()
            seen = seen[: view.scroll_offset.x] + view.render_line(1).text[:-1]
        assert seen + view.render_line(1).text[-1] == line


async def test_a_long_line_ends_in_a_sign_and_can_be_shifted() -> None:
    async with opened(json.dumps(["abcdefgh" * 10 + "END"]), columns=40) as (view, pilot):
        assert len(shown(view)[1]) == view.size.width
        assert shown(view)[1].endswith("…")
        await pilot.press(*["shift+right"] * 9)
        assert shown(view)[1].endswith('END"')
        assert shown(view)[0] == ""
        await pilot.press(*["shift+left"] * 9)
        assert shown(view)[0] == "["


async def test_wide_characters_keep_the_line_in_its_width() -> None:
    async with opened(json.dumps(["東京" * 40, "x" * 200], ensure_ascii=False), columns=40) as (view, pilot):
        for _ in range(10):
            assert [view.render_line(y).cell_length for y in (1, 2)] == [view.size.width] * 2
            await pilot.press("shift+right")


async def test_keys_move_and_left_and_right_are_free() -> None:
    async with opened(json.dumps(list(range(100)))) as (view, pilot):
        page = view.size.height
        places = []
        for key in ("down", "j", "up", "k", "pagedown", "pageup", "end", "home", "G", "g"):
            await pilot.press(key)
            assert view.scroll_offset.y <= view.cursor_line < view.scroll_offset.y + page
            places.append(view.cursor_line)
        assert places == [1, 2, 1, 0, page, 0, 101, 0, 101, 0]
        await pilot.press("left", "right")
        assert pilot.app.noted == ["left", "right"]  # type: ignore[attr-defined]  # a Pilot does not know its app's class
        assert view.scroll_offset == Offset(0, 0)


async def test_the_same_text_keeps_the_place_and_another_starts_at_the_top() -> None:
    text = json.dumps(list(range(100)))
    async with opened(text) as (view, pilot):
        await pilot.press("pagedown")
        place = view.scroll_offset
        view.show("".join(text))
        await pilot.pause()
        assert view.scroll_offset == place != Offset(0, 0)
        view.show(json.dumps(list(range(1, 101))))
        await pilot.pause()
        assert view.scroll_offset == Offset(0, 0)
        assert shown(view)[1] == "  1,"


@pytest.mark.slow
async def test_five_megabytes_show_their_beginning_at_once_and_their_end_soon() -> None:
    rows = [{"id": number, "name": f"charge {number}", "paid": True} for number in range(100_000)]
    text = json.dumps(rows)
    assert len(text) > 5_000_000
    async with opened(None) as (view, pilot):
        start = time.process_time()
        view.show(text)
        assert time.process_time() - start < 1
        assert shown(view)[:3] == ["[", "  {", '    "id": 0,']
        assert view.virtual_size.height > LAID_OUT_AT_ONCE // 100
        await settled(pilot)
        await pilot.press("end")
        assert shown(view)[-4:] == ['    "name": "charge 99999",', '    "paid": true', "  }", "]"]


async def test_while_the_rest_is_coming_the_end_says_so() -> None:
    async with opened(None) as (view, pilot):
        view.show(json.dumps([1] * LAID_OUT_AT_ONCE))
        view.scroll_end(animate=False, immediate=True)
        assert coloured(view, view.max_scroll_y - view.scroll_offset.y + view.size.height - 1) == [("…", MUTED)]
        await settled(pilot)
        await pilot.press("end")
        assert shown(view)[-1] == "]"


@pytest.mark.parametrize("follower", ["[2]", json.dumps([2] * 100_000)], ids=["short", "long"])
async def test_a_document_replaced_while_it_is_laid_out_does_not_come_back(follower: str) -> None:
    async with opened(None) as (view, pilot):
        view.show(json.dumps([1] * 1_000_000))
        await asyncio.sleep(0.05)
        view.show(json.dumps([3] * 1_000_000))
        view.show(follower)
        await settled(pilot)
        assert view.virtual_size.height == len(json.loads(follower)) + 2
        assert shown(view)[1].startswith("  2")


async def test_the_app_ends_at_once_while_a_document_is_laid_out() -> None:
    text = json.dumps([1] * 10_000_000)
    async with opened(None) as (view, _):
        view.show(text)
        await asyncio.sleep(0.1)
        start = time.monotonic()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert time.monotonic() - start < 12, "all of it takes twice as long"


async def test_a_late_error_turns_the_whole_into_raw_text() -> None:
    text = json.dumps(list(range(50_000))) + "]"
    async with opened(text) as (view, pilot):
        await settled(pilot)
        assert shown(view) == [text[: view.size.width - 1] + "…"]


async def test_nesting_of_ten_thousand_opens() -> None:
    depth = 10_000
    async with opened('{"a":' * depth + "1" + "}" * depth) as (view, pilot):
        assert shown(view)[:2] == ["{", '  "a": {']
        await pilot.press("end")
        assert shown(view)[-2:] == ["  }", "}"]
        assert view.virtual_size.height == 2 * depth + 1
