"""Reads one snapshot for who wants no more than one: without waiting for a server that is not there."""

from absurd_tui.conninfo import ConnSpec
from absurd_tui.database.faults import Fault, classify, sentence, shows_a_pooler, sqlstate
from absurd_tui.errors import CannotStart
from absurd_tui.observe.poll import Reads
from absurd_tui.observe.records import Snapshot, View
from absurd_tui.observe.source import DatabaseSource


async def read_once(spec: ConnSpec, view: View) -> Snapshot:
    """Connect, read what a view asks for, and disconnect.

    Raises CannotStart where there is no connection, or none any more, and where the view's queue does not exist.
    """
    source = DatabaseSource(spec)
    try:
        try:
            snapshot = await _read(source, view)
        except Exception as error:
            if not (shows_a_pooler(error) or classify(error) is Fault.RETRY_ONCE):
                raise
            snapshot = await _read(source, view)
    finally:
        source.close()
    if view.queue is not None and snapshot.queue(view.queue) is None:
        raise CannotStart(no_such_queue(view.queue, snapshot))
    return snapshot


def no_such_queue(queue: str, snapshot: Snapshot) -> str:
    """Say in one raw line that there is no such queue, and which there are."""
    names = ", ".join(reading.name for reading in snapshot.queues[:5]) or "none"
    return f'There is no queue "{queue}" in this database. It has: {names}.'


async def _read(reader: Reads, view: View) -> Snapshot:
    try:
        await reader.open()
    except CannotStart:
        raise
    except Exception as error:
        if shows_a_pooler(error):
            raise
        raise CannotStart(sentence(error)) from error
    try:
        return await reader.snapshot(view)
    except Exception as error:
        fault = classify(error)
        if shows_a_pooler(error) or fault is Fault.RETRY_ONCE or (fault is Fault.PANEL and sqlstate(error) is None):
            raise
        lost = "The connection was lost" if fault is Fault.RECONNECT else "Nothing could be read"
        raise CannotStart(f"{lost}: {sentence(error)}") from error
