"""What a screen asks of the app, which owns the connection."""

from dataclasses import dataclass

from textual.message import Message

from absurd_tui.observe.records import TaskRow, View


@dataclass
class ViewChanged(Message):
    """The screen shows something else now: read that."""

    view: View


@dataclass
class IntervalChanged(Message):
    """Read every so many seconds from now on."""

    seconds: float


class ReadNow(Message):
    """Read, or connect, now."""


@dataclass
class TaskOpened(Message):
    """Show the page of this task."""

    row: TaskRow
