"""Somebody at the keyboard who presses anything but what leaves, and now and then confirms."""

import os
import signal
from random import Random

from terminal import Terminal

SIZES = ((160, 50), (160, 50), (200, 60), (200, 60), (146, 40), (120, 40), (80, 24), (61, 17), (20, 3))
WALK = ("up", "down", "left", "right", "tab", "shift+tab", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F")
TURNS = (*"0123456", *"0123456", "z", "a", "u", "+-", "-+", "m", "R", "x")
VISITS = ("enter", "?", "C", "A", "T", "t", "W", "E", "Q", "v", "i", "g", ":")
WRITES = {"c": "y", "e": "enter", "r": "enter", "s": "ctrl+s", "n": "ctrl+s"}
CONFIRMS = 0.3
_LOOKS, _AWAKE = 0.15, 0.6
"""Seconds after each key, so that an escape and the key after it are two; and until a dialog takes keys."""

_STOPPED = 4.0


class Keyboard:
    """Drives a terminal. Whatever was opened is left again, so that there is a dashboard to compare."""

    def __init__(self, shown: Terminal, random: Random) -> None:
        self._shown = shown
        self._random = random

    def act(self) -> str:
        """Do one thing; what it was in words, empty where it was only a walk."""
        share = self._random.random()
        if share < 0.5:
            self._type(*self._random.choices(WALK, k=self._random.randint(1, 6)))
        elif share < 0.7:
            self._type(*self._random.choices(TURNS, k=self._random.randint(1, 3)))
        elif share < 0.8:
            self._type(self._random.choice(VISITS), *self._random.choices(WALK[:4], k=2), "escape")
            self.come_back()
        elif share < 0.92:
            return self._write()
        elif share < 0.95:
            return self._freeze()
        elif share < 0.98:
            return self._resize()
        else:
            return self._stop()
        return ""

    def come_back(self) -> None:
        """Leave whatever is open."""
        for _ in range(4):
            if "0 Queues" in self._shown.text and "╭" not in self._shown.text:
                return
            self._type("escape")

    def widen(self) -> None:
        """Make the terminal large enough for everything."""
        self._shown.resize(*SIZES[0])
        self._shown.look(1.0)

    def _write(self) -> str:
        key = self._random.choice(list(WRITES))
        self._type(self._random.choice("1234"), *["down"] * self._random.randint(0, 5), key)
        self._shown.look(_AWAKE)
        is_confirmed = self._random.random() < CONFIRMS
        self._type(WRITES[key] if is_confirmed else "escape")
        self._shown.look(_AWAKE)
        self.come_back()
        return f"pressed {key} and {'confirmed' if is_confirmed else 'escaped'}"

    def _freeze(self) -> str:
        self._type("f")
        self._shown.look(2.0)
        self._type("f")
        return "froze the screen for 2 s"

    def _resize(self) -> str:
        columns, rows = self._random.choice(SIZES)
        self._shown.resize(columns, rows)
        self._shown.look(1.0)
        return f"made the terminal {columns}x{rows}"

    def _stop(self) -> str:
        os.kill(self._shown.process.pid, signal.SIGTSTP)
        self._shown.look(self._random.uniform(0.5, _STOPPED))
        os.kill(self._shown.process.pid, signal.SIGCONT)
        self._shown.look(2.0)
        return "stopped the program for a while"

    def _type(self, *keys: str) -> None:
        for key in keys:
            self._shown.press(key)
            self._shown.look(_LOOKS)
