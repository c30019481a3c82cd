import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.ui.json_lines import DEEPEST_INDENT, INDENT, lay_out

LEXEME = re.compile(r'"(?:[^"\\]|\\.)*"|[-+.\w]+|[{}\[\],:]')

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
documents = st.builds(
    json.dumps,
    values,
    ensure_ascii=st.booleans(),
    indent=st.sampled_from([None, 0, 1, "\t", "\r\n"]),
    separators=st.sampled_from([None, (",", ":"), (" , ", " : ")]),
)


def laid_out(text: str) -> list[str]:
    lines = lay_out(text)
    assert lines is not None
    return lines


@given(values, st.booleans())
def test_looks_as_json_dumps_would_write_it(value: object, ensure_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=ensure_ascii)
    assert laid_out(text) == json.dumps(value, ensure_ascii=ensure_ascii, indent=len(INDENT)).split("\n")


@given(documents)
def test_every_lexeme_is_kept(text: str) -> None:
    assert LEXEME.findall("\n".join(laid_out(text))) == LEXEME.findall(text)


@given(documents)
def test_the_value_is_kept(text: str) -> None:
    assert json.loads("\n".join(laid_out(text))) == json.loads(text)


@given(documents, st.data())
def test_the_beginning_of_a_document_is_laid_out_as_far_as_it_goes(text: str, data: st.DataObject) -> None:
    beginning = text[: data.draw(st.integers(0, len(text)))]
    lines = lay_out(beginning)
    if beginning.strip():
        assert lines is not None
        assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", beginning)
    else:
        assert lines is None


def refuse(constant: str) -> None:
    raise ValueError(constant)


@given(st.text() | st.text('{}[],:"\\ 01-.eE+truefalsn'))
def test_whatever_python_reads_is_laid_out(text: str) -> None:
    lines = lay_out(text)
    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return
    assert lines is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "{]",
        "[}",
        "[1 2]",
        "[1,,2]",
        "[1,]",
        "[,1]",
        "[]]",
        "{} {}",
        '{"a" 1}',
        '{"a": 1,}',
        '{"a": }',
        "{1: 2}",
        "{'a': 1}",
        "[01]",
        "[1.]",
        "[.5]",
        "[+1]",
        "[1e]",
        "[1x]",
        "[truer]",
        "[NaN]",
        '["a\nb"]',
        '["\x1b[31m"]',
        "[\u00a01]",
        "not json at all",
    ],
)
def test_what_is_not_json(text: str) -> None:
    assert lay_out(text) is None


@pytest.mark.parametrize(
    "number", ["1.0", "-0", "1e400", "9007199254740993", "0.1000000000000000055511151231257827", "7" * 5_000]
)
def test_numbers_keep_every_digit(number: str) -> None:
    assert laid_out(f'{{"n":{number}}}') == ["{", f'  "n": {number}', "}"]


def test_escapes_and_hostile_strings_are_kept_as_written() -> None:
    strings = [r'"\u202e\u001b]52\"\\"', '"\u202e\u200b"', '"[red]{},:"']
    assert laid_out(f"[{', '.join(strings)}]") == ["[", *(f"  {s}," for s in strings[:2]), f"  {strings[2]}", "]"]


def test_empty_ones_stay_on_one_line() -> None:
    assert laid_out('{"a": {}, "b": [ ]}') == ["{", '  "a": {},', '  "b": []', "}"]


def test_nesting_of_any_depth_is_indented_only_so_far() -> None:
    lines = laid_out("[" * 100_000 + "]" * 100_000)
    assert len(lines) == 199_999
    assert lines[100_000 - 1] == INDENT * DEEPEST_INDENT + "[]"
    assert max(map(len, lines)) == len(INDENT) * DEEPEST_INDENT + 2


@pytest.mark.parametrize(
    "text",
    [
        "[" + "1," * 500_000 + "1]",
        '["' + r"\"" * 1_000_000 + '"]',
        '["' + r"\n" * 1_000_000,
        "[" + "1" * 2_000_000,
        " " * 2_000_000,
        "[" + " " * 2_000_000 + "]" + "\n" * 2_000_000,
        "{" * 1_000_000,
        '["' + "a" * 2_000_000 + "\x00",
    ],
    ids=["list", "escapes", "no end", "digits", "blank", "blanks", "braces", "late error"],
)
def test_two_million_characters_take_linear_time(text: str) -> None:
    start = time.process_time()
    lay_out(text)
    assert time.process_time() - start < 20
