"""Answers the form for an event: how the event stands."""

from typing import Protocol

from absurd_tui.database.faults import sentence
from absurd_tui.observe.events import EventStanding
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.slot import SupersededError
from absurd_tui.ui.messages import EventWanted


class ReadsEvents(Protocol):
    """What it is read from: the database, or what stands for it in tests."""

    async def event(self, queue: str, name: str) -> EventStanding:
        """Read whether an event of a queue was emitted, and who waits for it."""
        ...


async def look_up_event(source: ReadsEvents, wanted: EventWanted) -> None:
    """Answer with how an event stands, or why that is not known; a newer question has an answer of its own."""
    try:
        wanted.asker.take_event(wanted.event_name, await source.event(wanted.queue, wanted.event_name))
    except SupersededError:
        return
    except Exception as error:
        wanted.asker.take_event(wanted.event_name, Refusal(sentence(error)))
