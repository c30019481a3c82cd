"""JSON to and from the database: exact, and nothing coerced."""

import json
import sys
from collections import OrderedDict, UserDict
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.errors import InvalidRequest, Undecodable
from absurd_tui.lifecycle.json_values import decode_json, decode_optional, encode_json

storable_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
exact_decimals = st.decimals(allow_nan=False, allow_infinity=False)


def json_values(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | st.booleans() | numbers | storable_text,
        lambda children: st.lists(children) | st.dictionaries(storable_text, children),
        max_leaves=20,
    )


native_numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


def as_read(value: Any) -> Any:
    """The value with every Decimal that a float can say made that float."""
    if isinstance(value, Decimal):
        return decode_json(str(value), "result")
    if isinstance(value, list):
        return [as_read(element) for element in value]
    if isinstance(value, dict):
        return {key: as_read(element) for key, element in value.items()}
    return value


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Pair(NamedTuple):
    left: int
    right: str


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@given(json_values(native_numbers | exact_decimals))
def test_what_was_encoded_comes_back(value: Any) -> None:
    assert decode_json(encode_json(value, "params"), "params") == as_read(value)


@given(json_values(native_numbers))
def test_the_text_is_what_the_standard_library_reads(value: Any) -> None:
    assert json.loads(encode_json(value, "params")) == value


@given(exact_decimals)
def test_a_decimal_keeps_every_digit(value: Decimal) -> None:
    assert Decimal(encode_json(value, "params")) == value


@given(st.from_regex(r"\A-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?\Z"))
def test_a_number_is_read_as_exactly_what_it_says(lexeme: str) -> None:
    number = decode_json(lexeme, "result")
    whole = not set(lexeme) & set(".eE")
    if whole:
        assert type(number) is int
        assert number == int(lexeme)
    else:
        is_exact_float = Decimal(repr(float(lexeme))) == Decimal(lexeme)
        assert type(number) is (float if is_exact_float else Decimal)
        assert (Decimal(repr(number)) if is_exact_float else number) == Decimal(lexeme)


@pytest.mark.parametrize(
    ("lexeme", "expected"),
    [
        ("1", 1),
        ("1.0", 1.0),
        ("-0.0", -0.0),
        ("0.1", 0.1),
        ("1e400", Decimal("1e400")),
        ("1e-400", Decimal("1e-400")),
        ("9007199254740993", 9007199254740993),
        ("9007199254740993.0", Decimal("9007199254740993.0")),
        ("0.1000000000000000055511151231257827", Decimal("0.1000000000000000055511151231257827")),
    ],
)
def test_a_number_has_the_type_that_can_say_it(lexeme: str, expected: Any) -> None:
    number = decode_json(lexeme, "result")
    assert (type(number), number) == (type(expected), expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (1.0, "1.0"),
        (1e300, "1e+300"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+5"), "1E+5"),
        ((1, "a"), '[1,"a"]'),
        (Pair(1, "b"), '[1,"b"]'),
        (Colour.RED, '"red"'),
        (Level.HIGH, "3"),
        (OrderedDict(b=1, a=[]), '{"b":1,"a":[]}'),
        ({Colour.RED: {}}, '{"red":{}}'),
        ('é\n"\x7f\u2028😀', '"é\\n\\"\x7f\u2028😀"'),
    ],
)
def test_the_text_is_compact_and_keeps_the_order(value: Any, expected: str) -> None:
    assert encode_json(value, "params") == expected


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        float("-inf"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("-Infinity"),
        "\0",
        "a\ud800",
        "\udfff",
        {"\0": 1},
        {"\udc80": 1},
        {1: 1},
        {None: 1},
        {True: 1},
        {1.5: 1},
        {(): 1},
        b"bytes",
        {1, 2},
        1j,
        object(),
        datetime(2026, 1, 1),
        UserDict(a=1),
        iter([1]),
        10**4300,
        -(10**5000),
        Decimal("1E+4300"),
        Decimal("1E-4301"),
        Decimal("1E+999999"),
        Decimal("1." + "1" * 4300),
    ],
    ids=lambda value: f"{type(value).__name__}",
)
@pytest.mark.parametrize("place", [lambda value: value, lambda value: [0, value], lambda value: {"a": (value,)}])
def test_what_json_or_postgresql_cannot_hold_is_refused(value: Any, place: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"^params ") as caught:
        encode_json(place(value), "params")
    assert len(str(caught.value).splitlines()) == 1


def test_the_longest_numbers_pass_both_ways() -> None:
    for value in (10**4300 - 1, -(10**4300 - 1), Decimal("1E-4300"), Decimal("1." + "1" * 4299)):
        assert decode_json(encode_json(value, "params"), "params") == value


def test_the_limit_is_not_the_interpreters(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(0)
        with pytest.raises(Undecodable):
            decode_json("1" * 4301, "result")
        sys.set_int_max_str_digits(640)
        with pytest.raises(Undecodable):
            decode_json("1" * 641, "result")
    finally:
        sys.set_int_max_str_digits(before)


def test_too_deep_a_nesting_is_refused() -> None:
    looped: list[Any] = []
    looped.append(looped)
    for value in (nested(100_000), looped):
        with pytest.raises(InvalidRequest, match="nested too deeply"):
            encode_json(value, "params")
    assert decode_json(encode_json(nested(500), "params"), "params") == nested(500)


@pytest.mark.parametrize(
    "text",
    [
        "9" * 4301,
        "-" + "9" * 4301,
        "0." + "1" * 4301,
        '{"a":[1,' + "9" * 4301 + "]}",
        "[" * 100_000 + "]" * 100_000,
        "",
        "{",
        "NaN",
        "[Infinity]",
        "1e99999999999999999999999",
    ],
    ids=range(10),
)
def test_what_python_cannot_hold_carries_its_text(text: str) -> None:
    with pytest.raises(Undecodable, match=r"^result ") as caught:
        decode_json(text, "result")
    assert caught.value.text == text
    assert len(str(caught.value)) < 200


def test_sql_null_is_none() -> None:
    assert decode_optional(None, "result") is None
    assert decode_optional("null", "result") is None
    assert decode_optional("0", "result") == 0
