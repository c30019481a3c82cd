"""A connection that has just ended is made anew at once: that is worth a word only where it takes a moment."""

from collections.abc import Callable
from typing import Protocol

from absurd_tui.observe.records import Link, LinkState

MENDED_WITHIN = 0.5
"""Seconds that a loss is kept back: a server that ends idle sessions does so again and again."""


class Stops(Protocol):
    """A timer."""

    def stop(self) -> None:
        """Do not ring."""
        ...


class Mending:
    """Hands on each change of the connection; a loss that is being mended only after a moment, if it still lasts.

    `ring` calls back after some seconds, unless it is stopped.
    """

    def __init__(self, ring: Callable[[float, Callable[[], None]], Stops], take: Callable[[Link], None]) -> None:
        self._ring = ring
        self._take = take
        self._kept_back: Stops | None = None

    def link_changed(self, link: Link) -> None:
        """Take a change of the connection."""
        if self._kept_back is not None:
            self._kept_back.stop()
            self._kept_back = None
        if link.state is LinkState.LOST and not link.attempt:
            self._kept_back = self._ring(MENDED_WITHIN, lambda: self._take(link))
        else:
            self._take(link)
