import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from absurd_tui import text
from absurd_tui.text import MARKS_PER_BASE, Plain, filter_terminal, for_clipboard, plain, plain_lines, say, to_ascii

FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b\u180e\u180f\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\u206a\u2800"
    "\u3164\ufe00\ufe0f\ufeff\uffa0\ufff9\U0001d159\U0001d173\U000e0001\U000e0061\U000e0100\U000e01ef"
)
UNASSIGNED_OR_PRIVATE = "\ue000\uf8ff\ufdd0\ufffe\uffff\U000f0000\U0010ffff\U0001fffe\u0378"

any_character = st.characters(codec=None, exclude_categories=())
nasty_character = st.sampled_from(
    "\x00\t\n\r\x1b\x7f\x85\x9b\u2028\ud800\u0301\u0e47\u1161❤⚠👍\U0001f3fd한aA 1\u3000" + BIDI + INVISIBLE
)
any_text = st.text(any_character | nasty_character)


@given(any_text)
def test_nothing_that_commands_or_hides_is_left(raw: str) -> None:
    shown = plain(raw).text
    assert not {unicodedata.category(char) for char in shown} & FORBIDDEN
    assert not set(shown) & set(BIDI + INVISIBLE)
    shown.encode()


@given(any_text)
def test_showing_what_is_shown_changes_nothing(raw: str) -> None:
    shown = plain(raw)
    assert plain(shown.text) == shown


@given(any_text)
def test_text_grows_by_one_base_at_most(raw: str) -> None:
    assert len(plain(raw).text) <= len(raw) + 1


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_printable_ascii_is_unchanged(raw: str) -> None:
    assert plain(raw).text == raw


@pytest.mark.parametrize(
    "raw", ["é", "Größe", "東京", "한국어", "ไทย", "עברית", "🇩🇪 🎉", "naïve – “x” …", "e\u0301", "a\u00a0b\u3000c"]
)
def test_writing_of_the_world_is_unchanged(raw: str) -> None:
    assert plain(raw).text == raw


@pytest.mark.parametrize("code", range(0x20))
def test_control_becomes_its_picture(code: int) -> None:
    assert plain(f"a{chr(code)}b").text == f"a{chr(0x2400 + code)}b"


@pytest.mark.parametrize(
    "char", ["\x80", "\x85", "\x9b", "\x9f", "\u2028", "\u2029", "\ud800", *BIDI, *INVISIBLE, *UNASSIGNED_OR_PRIVATE]
)
def test_every_other_one_becomes_one_sign(char: str) -> None:
    assert plain(f"a{char}b").text == "a�b"


def test_signs_take_one_cell() -> None:
    raw = "".join(map(chr, range(0x20))) + "\x7f\x80\x9b" + BIDI + INVISIBLE + UNASSIGNED_OR_PRIVATE
    assert cell_len(plain(raw).text) == len(raw)


def test_delete_and_escape_sequence_are_spelled_out() -> None:
    assert plain("\x1b]52;c;aGFjaw==\x07\x7f").text == "␛]52;c;aGFjaw==␇␡"


def test_markup_is_left_alone() -> None:
    assert plain("[@click=app.quit]x[/] [red] \\[").text == "[@click=app.quit]x[/] [red] \\["


def test_emoji_sequences_are_taken_apart_and_symbols_keep_one_form() -> None:
    assert plain("👩\u200d💻").text == "👩�💻"
    assert plain("👍\U0001f3fd").text == "👍�"
    assert plain("⚠\ufe0f ❤\ufe0e").text == "⚠ ❤"
    assert plain("⚠\ufe0f\ufe0f").text == "⚠�"
    assert plain("a\ufe0f").text == "a�"


@given(st.integers(0, 50))
def test_marks_on_one_base_are_limited(marks: int) -> None:
    shown = plain("o" + "\u0302" * marks + "k").text
    kept = min(marks, MARKS_PER_BASE)
    assert shown == "o" + "\u0302" * kept + ("…" if marks > kept else "") + "k"


@given(st.integers(1, 50))
def test_hangul_vowels_are_limited_as_marks(vowels: int) -> None:
    assert len(plain("\u1112" + "\u1161" * vowels).text) <= 2 + MARKS_PER_BASE


@pytest.mark.parametrize("mark", ["\u0301", "\u20dd", "\u1161"])
def test_leading_mark_stands_on_a_base(mark: str) -> None:
    assert plain(mark + "a").text == f"◌{mark}a"


@given(any_text, any_text)
def test_joining_needs_no_second_look(left: str, right: str) -> None:
    joined = plain(left) + plain(right)
    assert plain(joined.text) == joined


def test_plain_is_true_when_it_says_something() -> None:
    assert plain("x")
    assert not plain("")


def test_plain_is_not_a_string_and_shows_itself_in_one() -> None:
    assert not isinstance(plain("x"), str)
    assert f"{plain('x')}" == "Plain(text='x')"


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\nb\r\nc\rd", ["a", "b", "c", "d"]),
        ("a\n", ["a"]),
        ("\n\n", ["", ""]),
        ("a\u2028b\x85c\x0bd\x0ce\x1cf", ["a�b�c␋d␌e␜f"]),
        ("\tx\ty", ["        x       y"]),
        ("a\x1b\n\u0301b", ["a␛", "◌\u0301b"]),
    ],
)
def test_lines(raw: str, lines: list[str]) -> None:
    assert [line.text for line in plain_lines(raw)] == lines


@given(any_text)
def test_lines_are_plain(raw: str) -> None:
    assert all(plain(line.text) == line for line in plain_lines(raw))


def test_a_sentence_takes_raw_and_plain_parts() -> None:
    said = say("{queue}: {n} tasks wait for {event}{{}}", queue="a\nb", n=3, event=plain("x"))
    assert said == Plain("a␊b: 3 tasks wait for x{}")


def test_a_part_is_never_read_as_a_template() -> None:
    assert say("{a}{b}", a="{b}", b="[x]").text == "{b}[x]"


@pytest.mark.parametrize("template", ["{}", "{0}", "{a.text}", "{a[0]}", "{a!r}", "{a:>9}"])
def test_a_sentence_takes_names_only(template: str) -> None:
    with pytest.raises(ValueError, match="only names"):
        say(template, a="x")


def test_a_sentence_with_a_part_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("{a}{b}", a="x")


@given(any_text)
def test_the_rule_can_be_replaced_to_prove_the_net_behind_it(raw: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "clean", lambda untouched: untouched)
        assert plain(raw).text == raw
        assert say("{raw}", raw=raw).text == raw


TERMINAL_COMMAND = re.compile(f"[\x00-\x1f\x7f-\x9f{BIDI}\ud800-\udfff]")


@given(any_text)
def test_filter_removes_commands_and_nothing_else(raw: str) -> None:
    assert filter_terminal(raw) == TERMINAL_COMMAND.sub("", raw)


@given(any_text)
def test_filter_finds_nothing_behind_plain(raw: str) -> None:
    assert filter_terminal(plain(raw).text) == plain(raw).text


@given(any_text)
def test_what_is_pasted_commands_nothing_and_ends_no_line(raw: str) -> None:
    pasted = for_clipboard(raw)
    assert not pasted.endswith("\n")
    assert filter_terminal(pasted) == pasted.replace("\n", "")
    pasted.encode()


def test_what_is_pasted_keeps_its_lines() -> None:
    assert for_clipboard('{\r\n\t"a": "\x1b[2Jx"\r}\n\n') == '{\n "a": "[2Jx"\n}'


def test_our_glyphs_in_ascii() -> None:
    assert to_ascii("◌ » ✗ ✓ ⊖ › ▌ ━ ╸ ─ … · –") == ". > x + - > * = - . ~ - -"
    assert to_ascii("▁▂▃▄▅▆▇█").isascii()
    assert to_ascii("z!?=%[red]\\") == "z!?=%[red]\\"


def test_text_in_ascii_keeps_its_cells() -> None:
    assert to_ascii("␛é東\u00a0한e\u0301�") == "??" + "??" + " " + "??" + "e" + "?"


@given(any_text)
def test_ascii_has_one_character_for_each_cell(raw: str) -> None:
    shown = plain(raw).text
    drawn = to_ascii(shown)
    assert drawn.isascii()
    assert len(drawn) == cell_len(shown)


@pytest.mark.parametrize(
    "raw",
    [
        "a" * 1_000_000,
        "\x1b[31m" * 200_000,
        "o" + "\u0302" * 1_000_000,
        "\u202e東" * 500_000,
        "⚠\ufe0f" * 500_000,
        "".join(map(chr, range(0x20, 0x4E220))),
    ],
    ids=["ascii", "escapes", "marks", "bidi", "variation", "all different"],
)
def test_a_megabyte_takes_no_time_to_speak_of(raw: str) -> None:
    start = time.process_time()
    plain(raw)
    filter_terminal(raw)
    assert time.process_time() - start < 10
