"""A slow machine is not a slow database: what the tests do in this process is cut short by no limit of time.

A test that is about a limit sets it itself, or takes back what `patience` has set.
"""

import pytest

from absurd_tui.database import session, writing

LONG = 120.0
"""Seconds."""


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let statements take as long as a slow machine needs; a lock is still waited for as briefly as ever to read."""
    monkeypatch.setitem(session.READING_SETTINGS, "statement_timeout", f"{LONG * 1000:.0f}")
    for module in (session, writing):
        monkeypatch.setattr(module, "CLIENT_SECONDS", LONG + 30)
        monkeypatch.setattr(module, "CONNECT_SECONDS", LONG)
