"""JSON that a person typed: what is refused, where, and in which words."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.errors import InvalidRequest, Undecodable
from absurd_tui.lifecycle.json_values import decode_json, encode_json
from absurd_tui.ui.dialogs.json_errors import Wrong, read_json

PLACES = [
    ('{\n  "cents": 4200\n  "currency": "EUR"\n}', (3, 3), 'a comma is missing before "currency"'),
    ("[1 2]", (1, 4), "a comma is missing before 2"),
    ('{"a": {"b": 1} {"c": 2}}', (1, 16), 'a comma is missing before "{"'),
    ('{"a":1;"b":2}', (1, 7), 'a comma or "}" is missing before ";"'),
    ('{"a" 1}', (1, 6), "a colon is missing after the key, before 1"),
    ('{"a": 1,\n}', (1, 8), "nothing follows this comma; take it away"),
    ("[1,]", (1, 3), "nothing follows this comma; take it away"),
    ("[1,,2]", (1, 4), 'a value is missing before ","'),
    ('{"a": }', (1, 7), 'a value is missing before "}"'),
    ("{'a': 1}", (1, 2), 'text stands in double quotes ("), not in single ones'),
    ("{\"a\": 'b'}", (1, 7), 'text stands in double quotes ("), not in single ones'),
    ("{a: 1}", (1, 2), 'the key a must stand in double quotes (")'),
    ('{"a": EUR}', (1, 7), 'text must stand in double quotes ("): EUR'),
    ('{"a": True}', (1, 7), "JSON writes true, not True"),
    ('{"a": None}', (1, 7), "JSON writes null, not None"),
    ('{"a": 1 // why\n}', (1, 9), "JSON has no comments"),
    ('{"a": +1}', (1, 7), 'a number in JSON begins with a digit or a minus: "+1"'),
    ('{"a": 01}', (1, 8), "a number in JSON does not begin with 0"),
    ("[1}", (1, 3), '"}" stands where "]" should'),
    ('{"a": [1', (1, 8), 'the JSON ends here, and "]" is missing'),
    ("", (1, 1), "nothing stands here; write {} for none"),
    (" \n ", (1, 1), "nothing stands here; write {} for none"),
    ('{"a": 1}\n{"b": 2}', (2, 1), 'the JSON is complete before "{"; only one value is sent'),
    ('["abc', (1, 2), "the text that begins here has no closing quote"),
    ('["ab\ncd"]', (1, 5), "this text is not closed on its line; a line break inside text is written \\n"),
    ('["a\tb"]', (1, 4), "inside text this character is written \\t"),
    ('["a\x1bb"]', (1, 4), "inside text this character is written \\u001b"),
    ('["\\x"]', (1, 3), "\\x is no escape of JSON; a backslash is written \\\\"),
    ('["\\u12"]', (1, 3), "\\u needs four hexadecimal digits"),
    ('{"a": NaN}', (1, 7), "JSON has no NaN"),
    ('["NaN", -Infinity]', (1, 9), "JSON has no -Infinity"),
    ('{"a": 1, "b": {"a": 2}, "a": 3}', (1, 25), 'the key "a" stands here a second time'),
    ('{"a": 1, "\\u0061": 2}', (1, 10), 'the key "\\u0061" stands here a second time'),
    ('["ok", "\\ud800"]', (1, 8), "this text holds a NUL or half a character, which cannot be stored"),
    ('{"ok": 1, "\\u0000": 2}', (1, 11), "this text holds a NUL or half a character, which cannot be stored"),
    (f"[1, {'9' * 4301}]", (1, 5), "this number has more than 4,300 digits"),
    ('{"a": 1.5,\n "b": 1e-99999}', (2, 7), "written out, this number has more than 4,300 digits"),
    ("[1e5, -1e99999]", (1, 7), "written out, this number has more than 4,300 digits"),
    ("[7, 1e99999999999999999999]", (1, 5), "written out, this number has more than 4,300 digits"),
]


@pytest.mark.parametrize(("text", "place", "said"), PLACES)
def test_an_error_is_told_with_its_line_its_column_and_what_to_do(text: str, place: tuple[int, int], said: str) -> None:
    wrong = read_json(text, "params")
    assert isinstance(wrong, Wrong)
    assert wrong.text.text == f"Line {place[0]}, column {place[1]}: {said}."
    assert wrong.place == place


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_what_is_nested_too_deeply_is_refused_where_it_is_deepest(depth: int) -> None:
    """Python's own reader gives up on the deeper one, the writer on both."""
    wrong = read_json('{"a": [1],\n"b": ' + "[" * depth + "]" * depth + "}", "params")
    assert isinstance(wrong, Wrong)
    assert wrong.text.text == f"Line 2, column {4 + 1 + depth:d}: this is nested too deeply to be sent."
    assert wrong.place == (2, 5 + depth)


def test_the_same_key_in_different_objects_is_no_repetition() -> None:
    assert read_json('[{"a": 1}, {"a": {"a": 2}}]', "params") == [{"a": 1}, {"a": {"a": 2}}]


def test_an_error_quotes_a_long_piece_cut_and_a_hostile_one_with_signs() -> None:
    wrong = read_json('[1 "\x9b' + "x" * 5_000 + '"]', "params")
    assert isinstance(wrong, Wrong)
    assert "\x9b" not in wrong.text.text
    assert len(wrong.text.text) < 90


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, st.sampled_from([None, 2]))
def test_what_is_read_is_what_the_database_layer_reads(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    read = read_json(text, "params")
    if isinstance(read, Wrong):
        with pytest.raises(InvalidRequest):
            encode_json(value, "params")
    else:
        assert read == decode_json(text, "params")


@given(json_values, st.data())
def test_a_text_is_refused_with_a_place_in_it_exactly_when_the_judge_refuses_it(
    value: Any, data: st.DataObject
) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    at = data.draw(st.integers(0, len(text)))
    broken = text[:at] + data.draw(st.text(alphabet='{}[]",:\\tn1e- \n', max_size=2)) + text[at + 1 :]
    wrong = read_json(broken, "params")
    try:
        encode_json(decode_json(broken, "params"), "params")
    except (Undecodable, InvalidRequest):
        assert isinstance(wrong, Wrong)
    if isinstance(wrong, Wrong):
        assert wrong.place is not None
        line, column = wrong.place
        lines = broken.split("\n")
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1
