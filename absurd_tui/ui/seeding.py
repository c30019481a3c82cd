"""What a spawn form begins with: the task it copies, or the newest one known of the same name. Pure."""

from collections.abc import Mapping

from absurd_tui.observe.records import Snapshot, TaskRow
from absurd_tui.observe.task_queries import MOST_NAME, MOST_TEXT
from absurd_tui.observe.task_records import Document, TaskPage
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.dialogs.spawn_offer import EMPTY, Newest
from absurd_tui.ui.dialogs.spawn_seed import SpawnSeed
from absurd_tui.ui.lineage import with_lineage
from absurd_tui.units import size


def fresh_seed(row: TaskRow | None, queue: str | None, newest: Newest | None, snapshot: Snapshot) -> SpawnSeed:
    """Begin with the queue and name of the task in question and the params of the newest of that name."""
    queues = _queues(snapshot)
    begun = row.queue if row is not None else queue if queue is not None else queues[0] if queues else ""
    return SpawnSeed(
        queue=begun,
        queues=queues,
        task_name=row.task_name if row is not None and _fits(row) else "",
        task_names=_names(snapshot),
        params=newest.params if newest is not None and newest.params is not None else EMPTY,
        newest=newest,
    )


def copy_seed(page: TaskPage, snapshot: Snapshot) -> SpawnSeed | Plain:
    """Begin with all that a task was spawned with, and a header that names it.

    Or say what of it is too large to be copied truly.
    """
    policies = (page.retry_strategy or "", page.cancellation or "")
    if len(page.task_name) >= MOST_NAME or any(len(policy) >= MOST_TEXT for policy in policies):
        return plain("its name or a policy of it is too long for the form.")
    for name, document in (("params", page.params), ("headers", page.headers)):
        if document is not None and not document.is_whole:
            return say("its {name} are {size}: too large for the form.", name=name, size=size(document.size))
    return SpawnSeed(
        queue=page.queue,
        queues=_queues(snapshot),
        task_name=page.task_name,
        task_names=_names(snapshot),
        params=_text(page.params),
        headers=with_lineage(page.headers.text if page.headers is not None else None, page.queue, page.task_id),
        max_attempts=page.max_attempts,
        retry_strategy=page.retry_strategy,
        cancellation=page.cancellation,
        is_copy=True,
    )


def newest_known(snapshot: Snapshot, queue: str, task_name: str, also: TaskRow | None = None) -> TaskRow | None:
    """Give the task of a queue and a name that was spawned last, of those in the panels and one besides."""
    rows = [row for panel in snapshot.panels for row in panel.rows] + ([also] if also is not None else [])
    named = [row for row in rows if (row.queue, row.task_name) == (queue, task_name) and _fits(row)]
    return max(named, key=lambda row: (row.enqueued_at, row.task_id), default=None)


def newest_read(row: TaskRow, page: TaskPage | None) -> Newest:
    """Give the newest task with its params as its page has them; None stands for a page that could not be read."""
    if page is None:
        return Newest(row.task_id, row.enqueued_at, None, plain("not readable"))
    if not page.params.is_whole:
        return Newest(row.task_id, row.enqueued_at, None, say("{size}, too large", size=size(page.params.size)))
    return Newest(row.task_id, row.enqueued_at, page.params.text)


def _fits(row: TaskRow) -> bool:
    """Whether a row holds the whole name of its task, which is cut where it is very long, and that is one line."""
    return len(row.task_name) < MOST_NAME and row.task_name.splitlines() in ([], [row.task_name])


def _text(document: Document) -> str:
    return document.text if document.text is not None else "null"


def _queues(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(reading.name for reading in snapshot.queues)


def _names(snapshot: Snapshot) -> Mapping[str, tuple[str, ...]]:
    """The names of tasks seen in each queue, newest first."""
    rows = sorted((row for panel in snapshot.panels for row in panel.rows), key=lambda row: -row.enqueued_at)
    names: dict[str, dict[str, None]] = {}
    for row in rows:
        if _fits(row):
            names.setdefault(row.queue, {})[row.task_name] = None
    return {queue: tuple(seen) for queue, seen in names.items()}
