"""What the user chose, from flags and environment."""

from dataclasses import dataclass

THEMES = ("absurd-dark", "absurd-light", "absurd-ansi")


@dataclass(frozen=True, slots=True)
class Settings:
    """How the dashboard looks and how often it reads.

    `every` is in seconds; `queue` is the queue chosen at the start, None for all; `theme`
    is any of Textual's themes or of ours, None for the one that suits the terminal;
    `is_ascii` draws without Unicode.
    """

    every: float = 1.0
    queue: str | None = None
    theme: str | None = None
    is_ascii: bool = False
    utc: bool = False
