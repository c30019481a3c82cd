"""The header by which a copy names the task it was made from."""

import json
from uuid import UUID

import pytest

from absurd_tui.operations.copies import HEADER
from absurd_tui.ui.lineage import with_lineage

TASK = UUID("019a32d3-8425-7ae2-a5af-2f177be2d48a")
FROM = f"pay'ments/{TASK}"


@pytest.mark.parametrize("headers", [None, "", "{}", "null", " {} "])
def test_without_headers_it_is_the_only_one(headers: str | None) -> None:
    made = with_lineage(headers, "pay'ments", TASK)
    assert made is not None
    assert json.loads(made) == {HEADER: FROM}


def test_other_headers_stay_with_every_digit() -> None:
    made = with_lineage('{"n": 12345678901234567890.10, "a": {"b": []}}', "pay'ments", TASK)
    assert made is not None
    assert '"n": 12345678901234567890.10' in made
    assert json.loads(made) == {HEADER: FROM, "n": 12345678901234567890.10, "a": {"b": []}}


def test_a_copy_of_a_copy_names_the_copy() -> None:
    made = with_lineage(json.dumps({"a": 1, HEADER: 'o"ld/1'}), "pay'ments", TASK)
    assert made is not None
    assert json.loads(made) == {"a": 1, HEADER: FROM}
    assert made.count(HEADER) == 1


def test_a_queue_of_any_name_makes_json() -> None:
    made = with_lineage(None, 'q"\\\n', TASK)
    assert made is not None
    assert json.loads(made) == {HEADER: f'q"\\\n/{TASK}'}


def test_headers_that_are_no_object_stay_as_they_are() -> None:
    assert with_lineage("[1]", "q", TASK) == "[1]"
