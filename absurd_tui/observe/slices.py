"""Reads a document of any size slice by slice, so that no statement is long and none of it stays here.

PostgreSQL writes the whole document as text for each slice, which is what a statement costs at least; a slice takes as
much beside that as is sent in half a second. After each there is a pause as long as it took. That all slices are of
one document is shown by its hash, which comes with each.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from absurd_tui.database.faults import Fault, classify, sqlstate
from absurd_tui.observe import task_queries
from absurd_tui.observe.branches import Row
from absurd_tui.observe.lookups import Lookups
from absurd_tui.observe.slot import SupersededError

FIRST_CHARACTERS, MOST_CHARACTERS = 250_000, 8_000_000
_GROWS_BY = 4
_SENT_WITHIN = 0.5
_LEAST_PAUSE = 0.05
_AGAIN_AFTER = 0.02
_TRIES = 5
_TIMED_OUT = "57014"


class NotWhole(Exception):
    """A document could not be read to its end; the text says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class DocumentAt:
    """Where a document is: its kind, its queue, and what names it there, as `task_queries.slice_of` takes it."""

    queue: str
    kind: str
    names: tuple[object, ...]


def document_at(queue: str, task_id: UUID, part: str) -> DocumentAt:
    """Say where a part of a task is; `part` is a name of `task_records` or made there."""
    kind, _, name = part.partition(" ")
    names: tuple[object, ...] = (UUID(name),) if kind == "failure" else (name,) if kind == "checkpoint" else ()
    return DocumentAt(queue, kind, (task_id, *names))


def payload_at(queue: str, event_name: str) -> DocumentAt:
    """Say where the payload of an event is."""
    return DocumentAt(queue, "payload", (event_name,))


@dataclass(frozen=True, slots=True)
class Slice:
    """The next characters of a document; `read` of them have been read with these, of `characters`."""

    text: str
    read: int
    characters: int


async def slices(lookups: Lookups, document: DocumentAt) -> AsyncIterator[Slice]:
    """Read a document from its beginning to its end. Raises NotWhole where it changes or goes, and what asyncpg raises.

    Who asks no more stops it.
    """
    statement = task_queries.slice_of(document.queue, document.kind)
    read, wanted, tries = 0, FIRST_CHARACTERS, 0
    least: float | None = None
    known: tuple[int, int] | None = None

    async def asked() -> Row | None:
        rows = await lookups.fetch(statement, *document.names, read + 1, wanted)
        return rows[0] if rows else None

    while True:
        started = time.monotonic()
        try:
            row = await lookups.run(asked)
        except SupersededError:
            await asyncio.sleep(_AGAIN_AFTER)
            continue
        except Exception as error:
            tries += 1
            if tries > _TRIES or not _may_pass(error, is_first=least is None):
                raise
            wanted = max(FIRST_CHARACTERS, wanted // _GROWS_BY)
            await asyncio.sleep(_LEAST_PAUSE * 2**tries)
            continue
        took, tries = time.monotonic() - started, 0
        if row is None:
            raise NotWhole("it is no longer in the database")
        if known is not None and known != (row["characters"], row["hash"]):
            raise NotWhole("it changed while it was read")
        known = row["characters"], row["hash"]
        read += len(row["text"])
        yield Slice(row["text"], read, row["characters"])
        if read >= row["characters"]:
            return
        least = took if least is None else min(least, took)
        wanted = _next(wanted, took - least)
        await asyncio.sleep(max(_LEAST_PAUSE, took))


def _next(wanted: int, sent_in: float) -> int:
    """Say how many characters come next, by how long these took beyond what every slice takes."""
    room = _GROWS_BY if sent_in <= 0 else min(_GROWS_BY, _SENT_WITHIN / sent_in)
    return max(FIRST_CHARACTERS, min(MOST_CHARACTERS, int(wanted * room)))


def _may_pass(error: Exception, *, is_first: bool) -> bool:
    """Whether the same may succeed in a moment: a first slice that takes too long always will."""
    if sqlstate(error) == _TIMED_OUT:
        return not is_first
    return classify(error) in (Fault.RECONNECT, Fault.RETRY_ONCE)
