"""Ids are found in whatever they were pasted with, and what is none is refused in one line."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.observe.ids import IdRange, id_range, ids_in, tail_of
from absurd_tui.text import Plain

ID = UUID("0197c3d2-4e5f-7a6b-8c9d-0e1f2a3b4c5d")
OTHER = UUID("0197c3d2-4e60-7000-8000-00000000beef")
WHOLE = (IdRange(ID, ID),)
uuids = st.uuids()
FORMS = [
    "{}",
    " {} ",
    "{{{}}}",
    '"{}"',
    "'{}',",
    "urn:uuid:{}",
    "https://habitat.example/tasks/{}?tab=runs#top",
    "https://habitat.example/?task=%7B{}%7D",
    "2026-11-29T09:32:41.123456Z INFO worker-3 pid=4711 feed-{}: claimed",
    "…id {}",
    "task_id={};attempt=2",
    "({})",
    "<{}>",
    "\ufeff{}\u200b",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("written", [str(ID), ID.hex, str(ID).upper(), str(ID).replace("-", "\u2011")])
def test_a_whole_id_is_found_however_it_is_pasted(form: str, written: str) -> None:
    assert ids_in(form.format(written)) == WHOLE


def test_an_id_that_a_terminal_has_broken_is_put_together() -> None:
    assert ids_in("0197c3d2-4e5f-7a6b-\n  8c9d-0e1f2a3b4c5d") == WHOLE


def test_several_ids_are_found_each_once_in_their_order() -> None:
    assert ids_in(f"run {OTHER} of task {ID} ({ID})") == (IdRange(OTHER, OTHER), *WHOLE)


@given(uuids, st.integers(10, 31), st.booleans(), st.sampled_from(FORMS[:6]))
def test_the_first_ten_digits_or_more_are_the_range_of_all_that_begin_so(
    id: UUID, number: int, has_dashes: bool, form: str
) -> None:
    digits = id.hex[:number]
    written = digits
    if has_dashes:
        at = [8, 12, 16, 20]
        written = "-".join(
            digits[start:end] for start, end in zip([0, *at], [*at, 32], strict=True) if digits[start:end]
        )
    found = ids_in(form.format(written))
    assert found == (id_range(digits),)
    (range_,) = found
    assert range_.low <= id <= range_.high
    assert range_.low.hex[:number] == range_.high.hex[:number] == digits
    assert not range_.is_whole
    assert range_.text.removesuffix("…").replace("-", "").startswith(digits)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    found = ids_in(text)
    assert isinstance(found, Plain) or all(range_.low <= range_.high for range_ in found)
    assert tail_of(text) is None or 4 <= len(tail_of(text) or "") <= 9


@given(uuids)
def test_what_is_told_of_an_id_finds_it_again(id: UUID) -> None:
    assert ids_in(IdRange(id, id).text) == (IdRange(id, id),)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "There is no id in this. An id has 32 hex digits; its first ten will do."),
        ("feed the cat", "There is no id in this. An id has 32 hex digits; its first ten will do."),
        ("0197c3d2-4", "0197c3d24 has 9 digits; it takes the first ten digits of an id, or more."),
        (ID.hex + "0", f"{ID.hex}0 has 33 digits; an id has 32."),
        (f"{ID}0", f"{ID.hex}0 has 33 digits; an id has 32."),
        ("0" * 90, f"{'0' * 40}… has 90 digits; an id has 32."),
        ("%'; drop table x; --", "There is no id in this. An id has 32 hex digits; its first ten will do."),
        ("01-97-c3-d2-4e-5f", "0197c3d24e5f is not grouped as an id is."),
    ],
)
def test_what_is_no_id_is_refused_in_one_line(typed: str, said: str) -> None:
    assert ids_in(typed) == Plain(said)


@pytest.mark.parametrize(
    ("typed", "digits"), [("2a3b4c5d", "2a3b4c5d"), ("…4C5D", "4c5d"), ("4c5", None), ("2a3b4c5d0e", None)]
)
def test_the_end_of_an_id_as_lists_show_it_is_told_from_its_beginning(typed: str, digits: str | None) -> None:
    assert tail_of(typed) == digits
