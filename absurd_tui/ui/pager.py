"""Shows a file in the user's pager, which has the terminal to itself meanwhile and is given no password."""

import asyncio
import os
import re
import shlex
import shutil
import signal
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from absurd_tui.text import Plain, say

_USUAL = ("less", "more")
_TO_THE_PAGER_ALONE = (signal.SIGINT, signal.SIGQUIT)
_CONNECTS = ("PG", "ABSURD_")
_USUAL_KEYS = b"\x1b[?1l\x1b>"
"""Arrows and a keypad that write as they do for us."""
_WITH_PASSWORD = re.compile(r"://[^/\s@]*:[^\s]*@|\b(?:ssl)?password\s*=", re.IGNORECASE)


class NoPager(Exception):
    """There is no pager that could be run; the text says why, as the end of a sentence."""


def pager_command(environ: Mapping[str, str]) -> Sequence[str]:
    """Give the words of `$PAGER`, or of a usual pager where it is not set. Raises NoPager."""
    chosen = environ.get("PAGER", "").strip()
    for words in [chosen] if chosen else _USUAL:
        try:
            command = shlex.split(words)
        except ValueError:
            command = []
        if command and shutil.which(command[0], path=environ.get("PATH")):
            return command
    raise NoPager(f"$PAGER is {chosen}, which cannot be run" if chosen else "there is neither $PAGER nor less")


def without_passwords(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out what says how to connect to a database, and whatever else holds a password for one."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(_CONNECTS) and not _WITH_PASSWORD.search(value)
    }


async def show_in_pager(app: App[Any], command: Sequence[str], file: Path) -> Plain:
    """Lend the terminal to a pager until it ends, and say what went wrong, if anything did.

    The app lives on: it reads, and ends what it has begun to write.
    """
    trouble = Plain("")
    try:
        with app.suspend():
            try:
                code = await _run(command, file)
                trouble = say("The pager ended with {code}.", code=code) if code else trouble
            except OSError as error:
                trouble = say("The pager cannot be run: {why}.", why=error.strerror or str(error))
    except SuspendNotSupported:
        return say("pager: this terminal cannot be lent to it.")
    return trouble


async def _run(command: Sequence[str], file: Path) -> int:
    with _terminal_as_it_is():
        process = await asyncio.create_subprocess_exec(*command, str(file), env=without_passwords(os.environ))
        with _ignored(_TO_THE_PAGER_ALONE):
            try:
                return await process.wait()
            finally:
                if process.returncode is None:
                    process.terminate()


@contextmanager
def _terminal_as_it_is() -> Iterator[None]:
    """Give the terminal its modes back, which a pager that is killed would leave changed."""
    descriptor = sys.__stdin__.fileno() if sys.__stdin__ is not None else -1
    try:
        before = termios.tcgetattr(descriptor)
    except (termios.error, ValueError):
        yield
        return
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        os.write(descriptor, _USUAL_KEYS)


@contextmanager
def _ignored(numbers: Sequence[signal.Signals]) -> Iterator[None]:
    """Ignore signals that a key sends to the pager and to us alike; the pager, begun before, has them as ever."""
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
