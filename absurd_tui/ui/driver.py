"""The terminal's driver, made to survive a stop that it was not told of.

A `SIGTSTP` lets Textual leave the terminal before the process stops; a `SIGSTOP`
does not. On the `SIGCONT` after either, Textual's driver enters the terminal: after
a `SIGSTOP` that is a second time, with a second thread that reads the keys, and
with the modes of its own first entry taken for the user's, to be left behind at
the end.
"""

from typing import Any

from textual.driver import Driver


def steady(driver: type[Driver]) -> type[Driver]:
    """Make a driver of this class that leaves the terminal before it enters it again."""

    class SteadyDriver(driver):  # type: ignore[misc, valid-type]  # Textual chooses the class at run time
        _must_signal_resume: bool

        def _sigcont_application(self, *arguments: Any) -> None:
            if self._auto_restart and not self._must_signal_resume:
                self.suspend_application_mode()
                self._must_signal_resume = True
            super()._sigcont_application(*arguments)

    return SteadyDriver if hasattr(driver, "_sigcont_application") else driver
