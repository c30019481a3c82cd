"""What the user chose, from flags and environment."""

from dataclasses import dataclass
from pathlib import Path

THEMES = ("absurd-dark", "absurd-light", "absurd-ansi")


@dataclass(frozen=True, slots=True)
class Settings:
    """How the dashboard looks and how often it reads.

    `every` is in seconds; `queue` is the queue chosen at the start, None for all; `theme`
    is any of Textual's themes or of ours, None for the one that suits the terminal;
    `is_ascii` draws without Unicode. `is_read_only` makes no connection that could write,
    `is_production` asks for more before an act that cannot be undone, `asks_reason` for
    the reason of every write; `is_expert` lets a run be failed by hand. `rings` rings the
    terminal's bell once whenever the verdict gets worse. `history_file` keeps what is
    spawned from the form, None for this run only.
    """

    every: float = 1.0
    queue: str | None = None
    theme: str | None = None
    is_ascii: bool = False
    utc: bool = False
    is_read_only: bool = False
    is_production: bool = False
    rings: bool = False
    asks_reason: bool = False
    is_expert: bool = False
    history_file: Path | None = None
