"""The dashboard's table alone, shown as many rows: every second all of them anew, as after a reading."""

import sys
import time
from collections.abc import Sequence

from bench.programs.rows import COLUMNS, ROWS_SHOWN, cells
from textual.app import App, ComposeResult

from absurd_tui.observe.why import Clock
from absurd_tui.styles import stylesheets
from absurd_tui.text import Plain, plain
from absurd_tui.ui.content import Span
from absurd_tui.ui.theme import THEMES, meanings
from absurd_tui.ui.widgets.columns import Column, Sight, text
from absurd_tui.ui.widgets.record_table import RecordTable, Sheet, Title
from absurd_tui.ui.widgets.roles import Roles

Row = tuple[str, ...]


class RecordTableApp(App[None]):
    CSS_PATH = [str(path) for path in stylesheets()]
    CSS = f"RecordTable {{ height: {ROWS_SHOWN + 1}; }}"

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "absurd-dark"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return meanings(self.current_theme)

    def compose(self) -> ComposeResult:
        columns = tuple(_column(at, name) for at, name in enumerate(COLUMNS))
        yield Roles()
        yield RecordTable[Row](Sheet(lambda row: row[0], lambda width, shows_queue: columns), id="table")

    def on_mount(self) -> None:
        self._refresh()
        self.query_one(RecordTable).focus()
        self.set_interval(1.0, self._refresh)

    def _refresh(self) -> None:
        rows = [cells(number) for number in range(self._rows)]
        title = Title("2", Plain("»"), "running", plain("Claimed"), plain(f"{self._rows:,}"))
        self.query_one(RecordTable).show(rows, Sight(Clock(time.time())), title)


def _column(at: int, name: str) -> Column[Row]:
    def draw(row: Row, _: Sight) -> Sequence[Span]:
        return text(row[at])

    return Column(name, COLUMNS[name], draw)


if __name__ == "__main__":
    RecordTableApp(int(sys.argv[1])).run()
