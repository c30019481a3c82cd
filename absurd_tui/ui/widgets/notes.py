"""What stands in a table in place of rows: a few sentences, broken into the lines that there are."""

from collections.abc import Sequence

from absurd_tui.text import Plain, plain
from absurd_tui.ui.cells import cut_end, wrap


def laid_out(notes: Sequence[Plain], cells: int, rows: int) -> list[Plain]:
    """Break notes into lines. Where there is no room, empty ones go first, then what ends the longest."""
    broken = [wrap(note, max(1, cells)) for note in notes]
    if sum(map(len, broken)) > rows:
        broken = [lines for lines, note in zip(broken, notes, strict=True) if note]
    over = sum(map(len, broken)) - rows
    if over > 0 and broken:
        longest = max(broken, key=len)
        kept = max(1, len(longest) - over)
        longest[kept - 1 :] = [cut_end(plain(longest[kept - 1].text.rstrip() + " …"), cells)]
    return [line for lines in broken for line in lines][: max(0, rows)]
