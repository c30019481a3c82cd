"""Dialogs about whole queues as their user has them: reached by words, on a queue of the fake source."""

from dataclasses import replace

from dialogs import Desk
from fakes import START, FakeSource
from screen import until, until_shown

from absurd_tui.observe.queue_facts import QueueFacts
from absurd_tui.ui.dialogs.queue_frame import QueueDialog

MADE = START - 86_400.0
FACTS = QueueFacts(
    name="mail",
    created_at=MADE,
    storage_mode="unpartitioned",
    policy=(("cleanup_ttl", "30 days"), ("cleanup_limit", "1000"), ("default_partition", "enabled")),
    bytes=1_200_000_000,
    checkpoints=9_000,
    events=120,
    waits=30,
    now=START,
)
PARTITIONED = replace(FACTS, storage_mode="partitioned")


def with_facts(facts: QueueFacts = FACTS):  # type: ignore[no-untyped-def]  # what `desk` prepares with
    """Before the screen begins: what is read of the queue."""

    def prepare(source: FakeSource, _: object) -> None:
        source.facts[facts.name] = facts

    return prepare


async def manage(seen: Desk, words: str, title: str, *, queue: bool = True, is_typed: bool = True) -> None:
    """Choose the queue, find a command by its words, and wait until the keys of its dialog count.

    `is_typed` says that the dialog has a field.
    """
    if queue:
        await seen.press("right")
        await seen.shown("›  mail")
    await seen.press("ctrl+p")
    await seen.shown("Search for commands")
    await seen.press(*("space" if char == " " else char for char in words))
    await seen.shown(words[:1].upper() + words[1:])
    await seen.press("enter")
    await until_shown(seen.pilot, f"─ {title} ─")
    await until(seen.pilot, lambda: is_ready(seen, is_typed=is_typed))


def is_ready(seen: Desk, *, is_typed: bool = True) -> bool:
    """Whether the keys of the dialog count, and its field, where it has one, takes what is typed."""
    screen = seen.pilot.app.screen
    return isinstance(screen, QueueDialog) and screen.is_awake and (screen.focused is not None or not is_typed)
