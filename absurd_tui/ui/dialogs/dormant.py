"""A dialog whose keys are dead at first, so that nothing that was meant for the screen below confirms anything."""

import time
from typing import Generic, TypeVar

from textual.screen import ModalScreen

from absurd_tui.ui.widgets.too_small import is_too_small

DEAD_SECONDS = 0.3

Answer = TypeVar("Answer")


class DormantDialog(ModalScreen[Answer], Generic[Answer]):
    """A dialog that wakes a moment after it was shown. `ui.hearing` drops the keys that were pressed before."""

    def __init__(self) -> None:
        super().__init__()
        self._awake_at = time.monotonic() + DEAD_SECONDS

    @property
    def awake_at(self) -> float:
        """When the keys begin to count, by the client's monotonic clock."""
        return self._awake_at

    @property
    def is_awake(self) -> bool:
        """Whether the keys count: not at first, and not where the terminal is too small to show what is asked."""
        return time.monotonic() >= self._awake_at and not is_too_small(self.app.size)

    def sleep(self) -> None:
        """Let the keys be dead for a moment from now on: a key that is held, or typed ahead, keeps them so."""
        self._awake_at = time.monotonic() + DEAD_SECONDS
        self.set_timer(DEAD_SECONDS, self.wake)

    def wake(self) -> None:
        """Show that the keys count from now on."""
        raise NotImplementedError

    def on_screen_resume(self) -> None:
        """Begin to wake when it is shown."""
        self.sleep()
