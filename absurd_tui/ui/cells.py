"""Cutting safe text to a number of terminal cells.

A cut never parts a character from its combining marks, and what is cut is
still `Plain`. A character two cells wide that does not fit is left out, so a
cut text may be a cell short of the room; only `fit` fills it.
"""

from rich.cells import cell_len, get_character_cell_size

from absurd_tui.text import Plain

_CUT = "…"
_NOTHING = Plain("")


def width(plain: Plain) -> int:
    """Count the cells of a text."""
    return cell_len(plain.text)


def cut_end(plain: Plain, cells: int) -> Plain:
    """Cut at the end, for names, reasons and JSON: `charge_ca…`."""
    text = plain.text
    if _fits(text, cells):
        return plain
    return Plain(text[: _head(text, cells - 1)] + _CUT) if cells > 0 else _NOTHING


def cut_middle(plain: Plain, cells: int) -> Plain:
    """Cut in the middle, for workers and every other id, whose both ends count: `billing…9d:4211`."""
    text = plain.text
    if _fits(text, cells):
        return plain
    if cells <= 0:
        return _NOTHING
    kept = cells - 1
    return Plain(text[: _head(text, kept - kept // 2)] + _CUT + text[_tail(text, kept // 2) :])


def cut_words(plain: Plain, cells: int) -> Plain:
    """Cut a sentence after its last whole word that leaves room for ` …`, or within its first word."""
    text = plain.text
    if _fits(text, cells):
        return plain
    head = text[: _head(text, max(0, cells - 1))]
    words = head.rpartition(" ")[0].rstrip()
    return Plain(f"{words} {_CUT}") if words else cut_end(plain, cells)


def fit(plain: Plain, cells: int, *, right: bool = False) -> Plain:
    """Cut at the end or fill with blanks to exactly `cells`; the text stands at the left, or at the `right`."""
    cut = cut_end(plain, cells)
    blanks = Plain(" " * max(0, cells - width(cut)))
    return blanks + cut if right else cut + blanks


def wrap(text: Plain, cells: int, *, keeps_words: bool = False) -> list[Plain]:
    """Break a text into lines of at most some cells, after a blank where there is one in the second half.

    With `keeps_words` a blank anywhere in the line will do: only a word that is longer than a line is broken.
    """
    pieces: list[Plain] = []
    start = taken = 0
    space = -1
    for at, char in enumerate(text.text):
        size = get_character_cell_size(char)
        if taken + size > cells:
            least = start if keeps_words else (start + at) // 2
            end = space + 1 if space > least else at
            pieces.append(Plain(text.text[start:end]))
            start, space = end, -1
            taken = cell_len(text.text[end:at])
        if char == " ":
            space = at
        taken += size
    return [*pieces, Plain(text.text[start:])]


def _fits(text: str, cells: int) -> bool:
    """Whether a text takes no more than `cells`; looks no further than it must."""
    return len(text) <= cells if text.isascii() else _head(text, cells) == len(text)


def _head(text: str, cells: int) -> int:
    """Where the longest beginning of at most `cells` ends, its last combining marks included."""
    taken = 0
    for index, char in enumerate(text):
        taken += get_character_cell_size(char)
        if taken > max(0, cells):
            return index
    return len(text)


def _tail(text: str, cells: int) -> int:
    """Where the longest ending of at most `cells` begins; never at a combining mark."""
    start, taken = len(text), 0
    for index in range(len(text) - 1, -1, -1):
        size = get_character_cell_size(text[index])
        taken += size
        if taken > cells:
            break
        if size:
            start = index
    return start
