"""The terminal's driver, made to survive a stop that it was not told of, and a terminal that takes nothing.

A `SIGTSTP` lets Textual leave the terminal before the process stops; a `SIGSTOP`
does not. On the `SIGCONT` after either, Textual's driver enters the terminal: after
a `SIGSTOP` that is a second time, with a second thread that reads the keys, and
with the modes of its own first entry taken for the user's, to be left behind at
the end. A terminal that is lost brings a `SIGCONT` too, perhaps once the app has
left: then there is nothing to enter. A signal that comes while the terminal is
being entered or left, which may wait for seconds, has its turn after that.

Textual waits in its event loop for a terminal that is behind, and for ever for one
that is lost. This driver never waits there: what is written goes to a thread, and
while the terminal is behind no frame is made.
"""

import os
import signal
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from textual.driver import Driver

from absurd_tui.ui.outlet import Outlet

HUNG_UP = 129
"""Exit code: that of a `SIGHUP`, which does not always come where a terminal is lost."""

MOST_WAITING = 30
"""Writes that the terminal may be behind; a frame is up to three of them."""

TAKES_WITHIN, WRITTEN_WITHIN = 2.0, 10.0
"""Seconds that leaving waits for a terminal to take something, and all that is still to be written."""

_KEEP_TITLE, _GIVE_TITLE_BACK, _TITLE = "\x1b[22;2t", "\x1b[23;2t", "\x1b]2;{}\x07"


def steady(driver: type[Driver]) -> type[Driver]:
    """Make a driver of this class that leaves the terminal before it enters it again, and never waits for it.

    While the terminal is lent to another program, nothing is written to it.
    """

    class SteadyDriver(driver):  # type: ignore[misc, valid-type]  # Textual chooses the class at run time
        _must_signal_resume: bool
        _file: TextIO

        def __init__(self, *arguments: Any, **options: Any) -> None:
            self._is_entered = False
            self._is_turning = False
            self._signals: deque[int] = deque()
            super().__init__(*arguments, **options)  # from here on it is told of signals
            self._outlet = Outlet(self._file, lost=self._lost)
            self._is_frame_owed = False
            self._is_lent = False
            self._title = ""

        def write(self, data: str) -> None:
            if not self._is_lent:
                self._outlet.write(data)

        def takes_frame(self) -> bool:
            if self._is_lent:
                return False
            if not self._is_frame_owed and self._outlet.waiting > MOST_WAITING:
                self._is_frame_owed = True
                self._outlet.then(self._caught_up)
            return not self._is_frame_owed

        def start_application_mode(self) -> None:
            with self._turn():
                self._is_entered = True
                super().start_application_mode()
                if self._title:
                    self.write(_KEEP_TITLE + _TITLE.format(self._title))

        def stop_application_mode(self) -> None:
            with self._turn():
                if self._is_entered and self._title:
                    self.write(_GIVE_TITLE_BACK)
                self._is_entered = False
                super().stop_application_mode()

        def suspend_application_mode(self) -> None:
            super().suspend_application_mode()
            self._is_lent = True

        def resume_application_mode(self) -> None:
            self._is_lent = False
            super().resume_application_mode()

        def entitle(self, title: str) -> None:
            if not self._is_entered or title == self._title:
                return
            kept = "" if self._title else _KEEP_TITLE
            self._title = title
            self.write(kept + _TITLE.format(title))

        def close(self) -> None:
            super().close()  # ends Textual's own thread, which had nothing to write
            self._outlet.drain(WRITTEN_WITHIN, TAKES_WITHIN)

        def _caught_up(self) -> None:
            self._is_frame_owed = False
            if not self._loop.is_closed():
                self.send_message(self.SignalResume())

        def _lost(self) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._app.exit, HUNG_UP, HUNG_UP)

        def _sigtstp_application(self, *arguments: Any) -> None:
            self._signals.append(signal.SIGTSTP)
            self._obey()

        def _sigcont_application(self, *arguments: Any) -> None:
            self._signals.append(signal.SIGCONT)
            self._obey()

        @contextmanager
        def _turn(self) -> Iterator[None]:
            was, self._is_turning = self._is_turning, True
            try:
                yield
            finally:
                self._is_turning = was
                self._obey()

        def _obey(self) -> None:
            while self._signals and not self._is_turning:
                with self._turn():
                    if self._signals:  # a handler that came between has taken what there was
                        self._follow(self._signals.popleft())

        def _follow(self, number: int) -> None:
            if number == signal.SIGCONT:
                self._come_back()
            elif self._is_entered:
                super()._sigtstp_application()
            else:
                os.kill(os.getpid(), signal.SIGSTOP)

        def _come_back(self) -> None:
            if self._auto_restart and self._is_entered:
                self.suspend_application_mode()
                self._must_signal_resume = True
            if self._must_signal_resume:
                super()._sigcont_application()

    return SteadyDriver if hasattr(driver, "_sigcont_application") else driver


def takes_frame(driver: Driver | None) -> bool:
    """Whether a frame may be made now; after a refusal the app is told to resume once the terminal has caught up."""
    return driver is None or not hasattr(driver, "takes_frame") or cast(bool, driver.takes_frame())


def entitle(driver: Driver | None, title: str) -> None:
    """Give the terminal a title, which must be harmless; its own comes back when the program leaves it.

    Not the console of Linux, which would draw it.
    """
    if driver is not None and hasattr(driver, "entitle") and os.environ.get("TERM") != "linux":
        driver.entitle(title)


def serves_web(driver: type[Driver]) -> bool:
    """Whether the keys come from a browser, where any page may press them. `App.is_web` knows only once it runs."""
    return driver.is_web is not Driver.is_web
