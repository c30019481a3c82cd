"""Textual's DataTable, kept up to date in the obvious way: every second the cell that changed, of every row.

It is let off lightly: its columns have fixed widths, its rows never change places, and nothing is added or removed.
"""

import sys
from typing import Any

from bench.programs.rows import COLUMNS, ROWS_SHOWN, cells, left
from textual.app import App, ComposeResult
from textual.widgets import DataTable


class DataTableApp(App[None]):
    CSS = f"DataTable {{ height: {ROWS_SHOWN + 1}; }}"

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        yield DataTable[str](cursor_type="row")

    def on_mount(self) -> None:
        table = self._table()
        for name, width in COLUMNS.items():
            table.add_column(name, key=name, width=width)
        for number in range(self._rows):
            table.add_row(*cells(number), key=str(number))
        table.focus()
        self.set_interval(1.0, self._refresh)

    def _refresh(self) -> None:
        table = self._table()
        for number in range(self._rows):
            table.update_cell(str(number), "left", left(number))

    def _table(self) -> "DataTable[Any]":
        return self.query_one(DataTable)


if __name__ == "__main__":
    DataTableApp(int(sys.argv[1])).run()
