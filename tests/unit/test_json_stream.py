"""What a pager is given: JSON laid out slice by slice, every line safe and none of them long."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.text import clean
from absurd_tui.ui.json_lines import lay_out
from absurd_tui.ui.json_stream import LONGEST_LINE, JsonStream

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def streamed(text: str, *cuts: int, is_ascii: bool = False) -> str:
    stream = JsonStream(is_ascii=is_ascii)
    ends = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    return "".join(stream.feed(text[start:end]) for start, end in pairwise(ends)) + stream.end()


@given(JSON, st.lists(st.integers(0, 200), max_size=6), st.booleans())
def test_wherever_it_is_cut_it_is_laid_out_as_on_the_screen_and_safe(
    value: object, cuts: list[int], escaped: bool
) -> None:
    text = json.dumps(value, ensure_ascii=escaped)
    lines = lay_out(text)
    assert lines is not None
    assert streamed(text, *cuts) == "".join(clean(line) + "\n" for line in lines)


def test_digits_and_escapes_stay_and_nothing_commands() -> None:
    shown = streamed('{"n": 12345678901234567890.1200, "t": "\\u001b[2J \x9b31m\x7f\u202e"}', 9)
    assert shown == '{\n  "n": 12345678901234567890.1200,\n  "t": "\\u001b[2J �31m␡�"\n}\n'


def test_a_long_line_goes_on_in_the_next_one() -> None:
    inside = "x" * (3 * LONGEST_LINE)
    lines = streamed(json.dumps([inside, 1]), *range(0, 3 * LONGEST_LINE, 1_000)).splitlines()
    assert max(map(len, lines)) <= LONGEST_LINE + 2
    assert "".join(line.removeprefix("… ") for line in lines) == f'[  "{inside}",  1]'


def test_a_terminal_without_unicode_gets_none() -> None:
    assert streamed('"naïve…"', is_ascii=True) == '"na?ve~"\n'
