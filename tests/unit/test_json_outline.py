"""Folds, paths and values of a document in lines are those of the document, whatever it is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.ui.json_lines import lay_out
from absurd_tui.ui.json_outline import Outline, around, folded_line, outline, path_of, row_of, value_of, visible

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
DOCUMENT = {"user": {"id": 42, "odd key": [1, {"x": "]"}, []]}, "n": 1.50, "e": {}, "[": "{"}


def laid_out(document: Any) -> tuple[list[str], Outline]:
    lines = lay_out(json.dumps(document, ensure_ascii=False))
    assert lines is not None
    return lines, outline(lines)


def at_path(document: Any, path: str) -> Any:
    """Follow a path as jq writes it."""
    while path not in ("", "."):
        if path.startswith(".["):
            key, end = json.JSONDecoder().raw_decode(path, 2)
            document, path = document[key], path[end + 1 :]
        elif path.startswith("["):
            number, _, path = path[1:].partition("]")
            document = document[int(number)]
        else:
            end = min((at for at in (path.find(".", 1), path.find("[", 1)) if at > 0), default=len(path))
            document, path = document[path[1:end]], path[end:]
    return document


@given(documents)
def test_the_path_of_every_line_leads_to_the_value_of_that_line(document: Any) -> None:
    lines, made = laid_out(document)
    for line in range(len(lines)):
        assert json.loads(value_of(line, lines, made)) == at_path(document, path_of(line, lines, made))


@given(documents, st.data())
def test_what_is_folded_hides_what_is_in_it_and_nothing_else(document: Any, data: st.DataObject) -> None:
    lines, made = laid_out(document)
    openings = [line for line in range(len(lines)) if made.opens(line)]
    folded = data.draw(st.sets(st.sampled_from(openings))) if openings else set()
    seen = visible(len(lines), made, folded)
    hidden = {line for start in folded for line in range(start + 1, made.ends[start] + 1)}
    assert list(seen) == [line for line in range(len(lines)) if line not in hidden]
    for line in range(len(lines)):
        shown = seen[row_of(line, seen)]
        assert shown == line or shown in folded


@given(documents.map(json.dumps), st.integers(0, 200))
def test_the_beginning_of_a_document_has_an_outline_too(text: str, length: int) -> None:
    lines = lay_out(text[:length])
    if lines is not None:
        made = outline(lines)
        for line in range(len(lines)):
            assert line <= made.ends[line] < len(lines)
            assert all(before < line for before in around(line, made))
            path_of(line, lines, made)
            value_of(line, lines, made)


@pytest.mark.parametrize(
    ("holds", "path", "value"),
    [
        ('"id": 42', ".user.id", "42"),
        ('"x": "]"', '.user.["odd key"][1].x', '"]"'),
        ("[]", '.user.["odd key"][2]', "[]"),
        ('"n": 1.5', ".n", "1.5"),
        ('"[": "{"', '.["["]', '"{"'),
        ('"user": {', ".user", None),
    ],
)
def test_paths_are_those_of_jq_and_values_have_every_lexeme(holds: str, path: str, value: str | None) -> None:
    lines, made = laid_out(DOCUMENT)
    line = next(at for at, text in enumerate(lines) if holds in text)
    assert path_of(line, lines, made) == path
    if value is not None:
        assert value_of(line, lines, made) == value


def test_a_value_is_copied_from_the_margin_on_with_its_digits() -> None:
    lines = lay_out('{"a": {"n": 1.500, "big": 12345678901234567890123}, "b": 2}')
    assert lines is not None
    assert value_of(1, lines, outline(lines)) == '{\n  "n": 1.500,\n  "big": 12345678901234567890123\n}'


def test_a_fold_says_how_much_is_in_it() -> None:
    lines, made = laid_out(DOCUMENT)
    assert folded_line(1, lines, made) == '  "user": { … 8 lines … },'
