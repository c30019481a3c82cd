"""What a spawn form begins with: the task it copies, or the last one of the same name."""

from absurd_tui.observe.records import Snapshot, TaskRow
from absurd_tui.observe.task_queries import MOST_NAME, MOST_TEXT
from absurd_tui.observe.task_records import Document, TaskPage
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.dialogs.spawn_seed import SpawnSeed
from absurd_tui.units import size


def fresh_seed(row: TaskRow | None, queue: str | None, page: TaskPage | None, snapshot: Snapshot) -> SpawnSeed:
    """Begin with the name and params of the task in question, where all of them are known; else with an empty form."""
    queues = tuple(reading.name for reading in snapshot.queues)
    begun = row.queue if row is not None else queue if queue is not None else queues[0] if queues else ""
    if page is None or len(page.task_name) >= MOST_NAME:
        return SpawnSeed(begun, queues, task_names=_names(snapshot, begun))
    params = page.params.text if page.params.is_whole and page.params.text is not None else "{}"
    return SpawnSeed(begun, queues, page.task_name, _names(snapshot, begun), params)


def copy_seed(page: TaskPage, snapshot: Snapshot) -> SpawnSeed | Plain:
    """Begin with everything that a task was spawned with; or say what of it is too large to be copied truly."""
    policies = (page.retry_strategy or "", page.cancellation or "")
    if len(page.task_name) >= MOST_NAME or any(len(policy) >= MOST_TEXT for policy in policies):
        return plain("its name or a policy of it is too long for the form.")
    for name, document in (("params", page.params), ("headers", page.headers)):
        if document is not None and not document.is_whole:
            return say("its {name} are {size}: too large for the form.", name=name, size=size(document.size))
    return SpawnSeed(
        queue=page.queue,
        queues=tuple(reading.name for reading in snapshot.queues),
        task_name=page.task_name,
        task_names=_names(snapshot, page.queue),
        params=_text(page.params),
        headers=page.headers.text if page.headers is not None else None,
        max_attempts=page.max_attempts,
        retry_strategy=page.retry_strategy,
        cancellation=page.cancellation,
        is_copy=True,
    )


def _text(document: Document) -> str:
    return document.text if document.text is not None else "null"


def _names(snapshot: Snapshot, queue: str) -> tuple[str, ...]:
    """The names of tasks seen in a queue, newest first."""
    rows = [row for panel in snapshot.panels for row in panel.rows if row.queue == queue]
    rows.sort(key=lambda row: -row.enqueued_at)
    return tuple(dict.fromkeys(row.task_name for row in rows if len(row.task_name) < MOST_NAME))
