"""absurd-tui: a terminal dashboard and an embedded async lifecycle layer for Absurd."""

__version__ = "0.1.0"
