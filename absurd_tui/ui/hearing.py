"""Which key presses count: only those made on a screen that could be seen, and not the repeats of a held key.

Textual looks a key up in the bindings of the screen that is current when it gets round to it. What was typed ahead,
or while this program was busy, would then act on a screen that its user had not seen yet.
"""

import time
from typing import Any, Protocol, runtime_checkable

from textual.events import Key
from textual.screen import Screen

DEAF_SECONDS = 0.3
_ALWAYS = frozenset({"escape", "ctrl+c", "ctrl+q"})


@runtime_checkable
class DeadAtFirst(Protocol):
    """A screen whose keys are dead for a moment. `awake_at` is the client's monotonic clock."""

    @property
    def awake_at(self) -> float:
        """When the keys begin to count."""
        ...

    def sleep(self) -> None:
        """Let the keys be dead for a moment from now on."""
        ...


class Hearing:
    """What the app remembers in order to tell a press that counts from one that does not."""

    def __init__(self) -> None:
        self._screen: Screen[Any] | None = None
        self._since = 0.0
        self._key = ""
        self._pressed_on: Screen[Any] | None = None
        self._deaf_until = 0.0

    def shown(self, screen: Screen[Any]) -> None:
        """From now on this screen is what its user sees."""
        if screen is not self._screen:
            self._screen, self._since = screen, time.monotonic()

    def hidden(self, screen: Screen[Any]) -> None:
        """Its user does not see what this screen says now: a dialog is answered only once it was shown again."""
        if isinstance(screen, DeadAtFirst):
            self._screen = None

    def counts(self, event: Key, screen: Screen[Any]) -> bool:
        """Whether a press counts on the screen that is current; it is judged by when it was made, however late."""
        if self._repeats(event, screen):
            return False
        if event.key in _ALWAYS:
            return True
        if screen is not self._screen or event.time < self._since:
            return False
        if isinstance(screen, DeadAtFirst) and event.time < screen.awake_at:
            screen.sleep()
            return False
        return True

    def _repeats(self, event: Key, screen: Screen[Any]) -> bool:
        """Whether this is a key that led to another screen and is still held, or was pressed twice."""
        if event.key == self._key and screen is not self._pressed_on and event.time < self._deaf_until:
            self._deaf_until = event.time + DEAF_SECONDS
            return True
        if not event.is_forwarded:
            self._key, self._pressed_on, self._deaf_until = event.key, screen, event.time + DEAF_SECONDS
        return False
