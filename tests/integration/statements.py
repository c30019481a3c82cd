"""The statements that reading sessions run, as they run them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from absurd_tui.database import session


class Statements:
    """What was run since it was cleared."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __len__(self) -> int:
        return len(self.texts)

    def clear(self) -> None:
        self.texts.clear()


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    """Take note of every statement of every session."""
    ran, fetch = Statements(), session.Session.fetch

    async def noted(self: session.Session, statement: str, *arguments: object) -> object:
        ran.texts.append(statement)
        return await fetch(self, statement, *arguments)

    monkeypatch.setattr(session.Session, "fetch", noted)
    yield ran
