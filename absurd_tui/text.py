"""What may reach a terminal.

Every string from the database, a server message or a configuration is raw: it
may hold escape sequences, controls of the writing direction, or characters
that cannot be seen. `plain` turns it into a `Plain`, the only text the screen's
sinks take. `filter_terminal` is the net behind it, for whatever went past.

A character that could command a terminal or hide becomes a visible sign of one
cell, so that columns hold: a control character its control picture (`␛`), every
other one `�`. Three consequences are wanted:

- The joiner of emoji sequences and the skin tones are signs as well: terminals
  disagree on the width of what they join, and a joiner between letters hides.
- One variation selector after a symbol (`⚠` + U+FE0F) is dropped, because it
  only asks for another form of the same symbol, in two cells on some terminals.
  Anywhere else a variation selector is a sign.
- A base carries at most `MARKS_PER_BASE` combining marks, then one `…`; a mark
  with nothing before it stands on `◌`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter
from unicodedata import category, east_asian_width

MARKS_PER_BASE = 4

_TAB_STOPS = 8
_DELETE_SIGN = "␡"
_OTHER_SIGN = "�"
_MARK_BASE = "◌"
_CUT_SIGN = "…"


def _characters(*ranges: tuple[int, int]) -> frozenset[str]:
    """All characters of some inclusive ranges of code points."""
    return frozenset(chr(code) for first, last in ranges for code in range(first, last + 1))


# Python counts these as printable, yet nothing is drawn (Unicode's default ignorables, blank letters and symbols), or,
# for the skin tones U+1F3FB-F, terminals disagree on whether they take a cell.
_INVISIBLE = _characters(
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0x16FE4, 0x16FE4),
    (0x1D159, 0x1D159),
    (0x1F3FB, 0x1F3FF),
    (0xE0100, 0xE01EF),
)

# Vowels and final consonants of decomposed Hangul: letters by category, but drawn within the syllable before them.
_HANGUL_PARTS = _characters((0x1160, 0x11FF), (0xD7B0, 0xD7C6), (0xD7CB, 0xD7FB))

_SYMBOL_FORM = re.compile(
    "(?<=[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff])[\ufe0e\ufe0f]"
)
_LINE_END = re.compile("\r\n|\n|\r")
# Surrogates are here because they cannot be encoded: writing one would end the program.
_TERMINAL_COMMAND = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Plain:
    """Text that is safe to show: one line, no command, nothing hidden.

    Made only by the functions of this module and those that cut or join what
    is already `Plain`. It is not a `str`, so that a raw string cannot stand in
    for it unnoticed, nor it for a raw one where a key or a query needs that.
    """

    text: str

    def __add__(self, other: "Plain") -> "Plain":
        return Plain(self.text + other.text)

    def __bool__(self) -> bool:
        return bool(self.text)


def plain(raw: str) -> Plain:
    """Make one line of any string; line ends and tabs become signs too."""
    return Plain(clean(raw))


def plain_lines(raw: str) -> tuple[Plain, ...]:
    r"""Make lines of any string, split at `\n`, `\r\n` and `\r` only, with tabs expanded to stops of 8.

    A line end at the very end starts no further line; an empty string has no lines.
    """
    if not raw:
        return ()
    lines = _LINE_END.split(raw)
    if not lines[-1]:
        lines.pop()
    return tuple(Plain(clean(line.expandtabs(_TAB_STOPS))) for line in lines)


def say(template: str, /, **parts: Plain | str | int) -> Plain:
    """Fill named fields (`{queue}`) of a sentence of ours; a `str` part is raw and cleaned like any other.

    Raises `ValueError` for anything in braces but a name, `KeyError` for a name without a part.
    """
    said: list[str] = []
    for literal, field, spec, conversion in Formatter().parse(template):
        said.append(clean(literal))
        if field is None:
            continue
        if spec or conversion or not field.isidentifier():
            raise ValueError(f"only names may stand in braces: {template!r}")
        part = parts[field]
        said.append(part.text if isinstance(part, Plain) else clean(str(part)))
    return Plain("".join(said))


def clean(raw: str) -> str:
    """Replace what could command a terminal or hide: the one rule behind every `Plain`.

    Never raises, takes linear time, leaves printable ASCII as it is, gives the
    same again when applied again, and is at most one character longer than `raw`.
    """
    if raw.isascii() and raw.isprintable():
        return raw
    text = _SYMBOL_FORM.sub("", raw)
    used = set(text)
    text = text.translate({ord(char): sign for char in used if (sign := _sign(char)) != char})
    marks = {char for char in used if _attaches(char)}
    return _limit_marks(text, marks) if marks else text


def filter_terminal(text: str) -> str:
    """Remove every control character (tab and line ends included) and every bidirectional control.

    The second net: it works on what is about to be written to the terminal, whoever made it.
    """
    return text if text.isprintable() else _TERMINAL_COMMAND.sub("", text)


def for_clipboard(text: str) -> str:
    """Make text that may be pasted into a terminal: its lines stay, none of them is ended, and nothing commands."""
    return "\n".join(map(filter_terminal, _LINE_END.split(text.replace("\t", " ")))).rstrip("\n")


def to_ascii(text: str) -> str:
    """Show text on a terminal without Unicode, one ASCII character for each cell it took.

    Our own glyphs have their ASCII form; any other character becomes `?`, or `??` if it is two cells wide.
    """
    if text.isascii():
        return text
    return text.translate({ord(char): _ascii_cells(char) for char in set(text) if not char.isascii()})


def _sign(char: str) -> str:
    """The character itself if it may be shown, else the sign in its place."""
    if char.isprintable():
        return _OTHER_SIGN if char in _INVISIBLE else char
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return _DELETE_SIGN
    return char if category(char) == "Zs" else _OTHER_SIGN


def _attaches(char: str) -> bool:
    """Whether the character is drawn onto the one before it."""
    return category(char).startswith("M") or char in _HANGUL_PARTS


def _limit_marks(text: str, marks: Iterable[str]) -> str:
    """Give a leading mark a base and cut every longer row of marks."""
    kept = [_MARK_BASE] if text[:1] in marks else []
    row = 0
    for char in text:
        row = row + 1 if char in marks else 0
        if row <= MARKS_PER_BASE:
            kept.append(char)
        elif row == MARKS_PER_BASE + 1:
            kept.append(_CUT_SIGN)
    return "".join(kept)


_ASCII_GLYPHS = {
    glyph: sign
    for glyphs, signs in (
        ("◌»✗✓⊖", ".>x+-"),
        ("›‹▌•×", "><**x"),
        ("━╸─╌", "=-.:"),
        ("…·–—‘’“”", "~---''\"\""),
        ("▁▂▃▄▅▆▇█", "_.-=+*%#"),
        ("▲▼↑↓←→", "^v^v<>"),
        ("│┃╭╮╰╯┌┐└┘├┤┬┴┼", "||+++++++++++++"),
        ("▔▏▎▍▋▊▉▐▕", "-||||||||"),
    )
    for glyph, sign in zip(glyphs, signs, strict=True)
}

# Wide since Unicode 16, which rich's tables know before Python 3.11 does.
_WIDE_SINCE_16 = _characters((0x2630, 0x2637), (0x268A, 0x268F), (0x4DC0, 0x4DFF), (0x1D300, 0x1D376))


def _ascii_cells(char: str) -> str:
    """The ASCII form of one character that is not ASCII, as many characters as it has cells."""
    if sign := _ASCII_GLYPHS.get(char):
        return sign
    if _attaches(char):
        return ""
    cells = 2 if east_asian_width(char) in "WF" or char in _WIDE_SINCE_16 else 1
    return (" " if category(char) == "Zs" else "?") * cells
