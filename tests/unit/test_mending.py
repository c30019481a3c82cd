from collections.abc import Callable

from absurd_tui.observe.records import Link, LinkState
from absurd_tui.ui.mending import MENDED_WITHIN, Mending

LIVE = Link(LinkState.LIVE, 1.0)
LOST = Link(LinkState.LOST, 2.0, "The connection is closed.")
STILL_LOST = Link(LinkState.LOST, 2.0, "Connection refused.", attempt=1, retry_at=3.0)


class Bell:
    """A timer that rings when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.rings: Callable[[], None] | None = None

    def ring(self, seconds: float, rings: Callable[[], None]) -> "Bell":
        self.seconds, self.rings = seconds, rings
        return self

    def stop(self) -> None:
        self.rings = None


def test_a_loss_that_is_mended_at_once_is_never_told() -> None:
    bell, told = Bell(), list[Link]()
    mending = Mending(bell.ring, told.append)
    for link in (LIVE, LOST, LIVE):
        mending.link_changed(link)
    assert told == [LIVE, LIVE]
    assert bell.rings is None


def test_a_loss_that_lasts_a_moment_is_told_and_one_that_cannot_be_mended_at_once() -> None:
    bell, told = Bell(), list[Link]()
    mending = Mending(bell.ring, told.append)
    mending.link_changed(LOST)
    assert bell.seconds == MENDED_WITHIN
    assert bell.rings is not None
    bell.rings()
    assert told == [LOST]
    mending.link_changed(STILL_LOST)
    assert told == [LOST, STILL_LOST]
    assert bell.rings is None
