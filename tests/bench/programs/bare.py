"""The least that a Textual app can be: one Static. What it costs, every Textual app costs."""

from textual.app import App, ComposeResult
from textual.widgets import Static

HELLO = "hello from textual"


class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static(HELLO)


if __name__ == "__main__":
    Bare().run()
