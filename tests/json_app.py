"""A small app around one JSON document, and what is read from it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Static

from absurd_tui.text import Plain
from absurd_tui.ui.widgets.json_view import JsonView

COLOURS = {"state-running": "#0000ff", "state-completed": "#00ff00", "text-muted": "#808080"}


class JsonApp(App[None]):
    """One document, and a place that also wants the arrow keys."""

    BINDINGS = [Binding("left", "note('left')"), Binding("right", "note('right')")]

    def __init__(self, first: str | None = None) -> None:
        super().__init__()
        self.first = first
        self.noted: list[str] = []
        self.said: list[str] = []
        self.view = JsonView()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return COLOURS

    def get_css_variables(self) -> dict[str, str]:
        return super().get_css_variables() | COLOURS

    def compose(self) -> ComposeResult:
        yield Static("above", id="above")
        yield self.view
        self.view.show(self.first)

    def on_mount(self) -> None:
        self.view.focus()

    def action_note(self, key: str) -> None:
        self.noted.append(key)

    def on_json_view_said(self, message: JsonView.Said) -> None:
        self.said.append(message.said.text)


@asynccontextmanager
async def opened(
    text: str | None, size_note: Plain | None = None, *, columns: int = 60
) -> AsyncIterator[tuple[JsonView, Pilot[None]]]:
    app = JsonApp()
    app.animation_level = "none"
    async with app.run_test(size=(columns, 13)) as pilot:
        app.view.show(text, size_note)
        await pilot.pause()
        yield app.view, pilot


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the document shown last is laid out in its thread."""
    await asyncio.gather(*(worker.wait() for worker in pilot.app.workers if not worker.is_cancelled))
    await pilot.pause()


def shown(view: JsonView) -> list[str]:
    """The lines on the screen, without the blanks at their end."""
    lines = [view.render_line(y).text.rstrip() for y in range(view.size.height)]
    while lines and not lines[-1]:
        lines.pop()
    return lines
