import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.text import Plain, plain
from absurd_tui.ui.cells import cut_end, cut_middle, cut_words, fit, width
from absurd_tui.ui.content import assemble, content

any_plain = st.text(st.characters() | st.sampled_from("aé東\u0301\u1161🎉 \x1b")).map(plain)
rooms = st.integers(-1, 40)


@given(any_plain, rooms)
def test_what_is_cut_fits_and_is_still_plain(text: Plain, cells: int) -> None:
    for cut in (cut_end(text, cells), cut_middle(text, cells), cut_words(text, cells)):
        assert width(cut) <= max(0, cells)
        assert plain(cut.text) == cut
        if width(text) <= cells:
            assert cut == text
        elif cells > 0:
            assert "…" in cut.text


@given(any_plain, rooms)
def test_a_cut_wastes_a_cell_at_most_for_each_side(text: Plain, cells: int) -> None:
    if width(text) > cells:
        assert width(cut_end(text, cells)) >= cells - 1
        assert width(cut_middle(text, cells)) >= cells - 2


@given(any_plain, rooms, st.booleans())
def test_what_is_fitted_has_exactly_its_width(text: Plain, cells: int, right: bool) -> None:
    fitted = fit(text, cells, right=right)
    assert width(fitted) == max(0, cells)
    assert plain(fitted.text) == fitted


@pytest.mark.parametrize(
    ("raw", "cells", "cut"),
    [
        ("charge_card", 11, "charge_card"),
        ("charge_card", 10, "charge_ca…"),
        ("東京都", 6, "東京都"),
        ("東京都", 5, "東京…"),
        ("東京都", 4, "東…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("charge_card", 1, "…"),
        ("charge_card", 0, ""),
        ("charge_card", -1, ""),
    ],
)
def test_cut_at_the_end(raw: str, cells: int, cut: str) -> None:
    assert cut_end(plain(raw), cells).text == cut


@pytest.mark.parametrize(
    ("raw", "cells", "cut"),
    [
        ("billing-7b9d:4211", 15, "billing…9d:4211"),
        ("billing-7b9d:4211", 2, "b…"),
        ("billing-7b9d:4211", 1, "…"),
        ("東京都大阪府", 7, "東…府"),
        ("abce\u0301fe\u0301", 4, "ab…e\u0301"),
    ],
)
def test_cut_in_the_middle(raw: str, cells: int, cut: str) -> None:
    assert cut_middle(plain(raw), cells).text == cut


@pytest.mark.parametrize(
    ("cells", "cut"),
    [
        (24, "Due for 12m. No workers."),
        (23, "Due for 12m. No …"),
        (17, "Due for 12m. No …"),
        (16, "Due for 12m. …"),
        (5, "Due …"),
        (4, "Due…"),
        (2, "D…"),
    ],
)
def test_cut_at_a_word(cells: int, cut: str) -> None:
    assert cut_words(plain("Due for 12m. No workers."), cells).text == cut


def test_fitted_left_and_right() -> None:
    assert fit(plain("9.84M"), 8, right=True).text == "   9.84M"
    assert fit(plain("東京都"), 6).text == "東京都"
    assert fit(plain("東京都大"), 6).text == "東京… "


def test_content_takes_text_as_it_is() -> None:
    hostile = plain("[@click=app.quit]x[/] [red]\x1b")
    assert content(hostile).plain == "[@click=app.quit]x[/] [red]␛"
    assert not content(hostile).spans


def test_content_of_several_spans_keeps_each_style() -> None:
    line = assemble((plain("ab"), "bold"), (plain("[c]"), ""), (plain("d"), "$state-failed"))
    assert line.plain == "ab[c]d"
    assert line.spans == [(0, 2, "bold"), (5, 6, "$state-failed")]


def test_content_of_one_text_has_one_style() -> None:
    assert content(plain("ab"), "bold").spans == [(0, 2, "bold")]
