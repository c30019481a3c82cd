"""Textual parses its widgets' style sheets for each app anew; the tests make a thousand apps, and parse a sheet once.

An app keeps what it has parsed for as long as its colours stay, and only reads it; this keeps it for all apps.
"""

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation

_parse = Stylesheet._parse_rules
_parsed: dict[tuple[object, ...], list[RuleSet]] = {}


def parse_style_sheets_once() -> None:
    """Have every app of this process take the rules that an earlier one has parsed, with the same colours."""
    pytest.MonkeyPatch().setattr(Stylesheet, "_parse_rules", _parse_once)


def _parse_once(
    self: Stylesheet,
    css: str,
    read_from: CSSLocation,
    is_default_rules: bool = False,
    tie_breaker: int = 0,
    scope: str = "",
) -> list[RuleSet]:
    key = (css, read_from, is_default_rules, tie_breaker, scope, *self._variables.items())
    if key not in _parsed:
        _parsed[key] = _parse(self, css, read_from, is_default_rules, tie_breaker, scope)
    return _parsed[key]
