"""JSON between Python and the database, without losing a digit and without coercing anything.

An integer is `int`. A number with a fraction or an exponent is `float` when the
float says exactly the same number (`Decimal(repr(float(x))) == Decimal(x)`), else
`Decimal`. What cannot be carried both ways is refused: more than 4,300 digits,
nesting beyond Python's recursion limit, NaN, infinities, NUL, lone surrogates.
"""

import json
import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from absurd_tui.errors import InvalidRequest, Undecodable
from absurd_tui.lifecycle import arguments

Json: TypeAlias = Any
"""None, bool, int, float, Decimal, str, a list of such values, or a dict from str to such values. Tuples are sent as
lists. Floats whose shortest form is a whole number with an exponent (1e16) come back from the database as `int`."""

MAX_DIGITS = 4300
"""The most digits a number may have: CPython's default limit for reading an `int`."""

_FIRST_TOO_LONG = 10**MAX_DIGITS


def encode_json(value: Json, name: str) -> str:
    """JSON text of `value`, compact, keys in their own order, Decimals digit for digit.

    Raises `InvalidRequest`, which begins with `name`, for what JSON or PostgreSQL's jsonb cannot hold.
    """
    parts: list[str] = []
    try:
        _write(value, name, parts.append)
    except RecursionError as error:
        raise InvalidRequest(f"{name} is nested too deeply, or contains itself") from error
    return "".join(parts)


def decode_json(text: str, name: str) -> Json:
    """The value of JSON text from the database; raises `Undecodable`, which carries the text."""
    try:
        return json.loads(text, parse_int=_integer, parse_float=_fraction, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise Undecodable(f"{name} is nested too deeply for Python", text=text) from error
    except (ValueError, InvalidOperation) as error:
        raise Undecodable(f"{name} cannot be read: {error}", text=text) from error


def decode_optional(text: str | None, name: str) -> Json:
    """As `decode_json`; SQL NULL is None, and so is a JSON null."""
    return None if text is None else decode_json(text, name)


def _write(value: Json, name: str, put: Callable[[str], None]) -> None:
    if value is None:
        put("null")
    elif isinstance(value, bool):
        put("true" if value else "false")
    elif isinstance(value, str):
        put(json.dumps(arguments.text(value, name), ensure_ascii=False))
    elif isinstance(value, int | float | Decimal):
        put(_number_text(value, name))
    elif isinstance(value, list | tuple):
        put("[")
        for position, element in enumerate(value):
            if position:
                put(",")
            _write(element, name, put)
        put("]")
    elif isinstance(value, dict):
        put("{")
        for position, (key, element) in enumerate(value.items()):
            if not isinstance(key, str):
                raise InvalidRequest(f"{name} has a key of type {type(key).__name__}; JSON keys are text")
            put("," if position else "")
            _write(key, name, put)
            put(":")
            _write(element, name, put)
        put("}")
    else:
        raise InvalidRequest(f"{name} contains a {type(value).__name__}, which has no JSON form")


def _number_text(value: int | float | Decimal, name: str) -> str:
    if isinstance(value, int):
        if abs(value) >= _FIRST_TOO_LONG:
            raise InvalidRequest(f"{name} contains a number of more than {MAX_DIGITS} digits")
        return int.__repr__(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidRequest(f"{name} contains NaN or an infinity, which JSON does not have")
        return float.__repr__(value)
    if not value.is_finite():
        raise InvalidRequest(f"{name} contains NaN or an infinity, which JSON does not have")
    _sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # only NaN and infinities have another one
    if max(len(digits), len(digits) + exponent, -exponent) > MAX_DIGITS:
        raise InvalidRequest(f"{name} contains a number of more than {MAX_DIGITS} digits")
    return str(value)


def _integer(lexeme: str) -> int:
    _check_length(lexeme)
    return int(lexeme)


def _fraction(lexeme: str) -> float | Decimal:
    _check_length(lexeme)
    exact = Decimal(lexeme)
    number = float(lexeme)
    return number if Decimal(repr(number)) == exact else exact


def _check_length(lexeme: str) -> None:
    if sum(map(str.isdigit, lexeme)) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS} digits")


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
