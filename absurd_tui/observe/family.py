"""The parents and children of one task, as far as stored ids tell: Absurd keeps neither.

A child is a younger task that a checkpoint of this one names, or an event that it waits for. A parent is looked for
only where this task, or the page that led here, names an older one: no index leads from an id to who names it. Such a
task counts as a parent where a checkpoint of it names this one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from absurd_tui.observe.children import (
    MOST_CHILDREN,
    UUID_WRITTEN,
    Child,
    Fetch,
    RefusedQueues,
    named_by,
    read_tasks,
    readable_queues,
)
from absurd_tui.observe.task_records import TaskPage

MOST_SUSPECTS = 10
_LOOKED_UP = 500


@dataclass(frozen=True, slots=True)
class Relative:
    """A parent or a child, and the checkpoint that says so: the parent's, raw."""

    task: Child
    step: str
    is_parent: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """Who was found, parents first; `is_cut` says that there may be more, `refused` in which queues none was seen."""

    relatives: tuple[Relative, ...] = ()
    is_cut: bool = False
    refused: RefusedQueues = ()

    @property
    def parents(self) -> tuple[Relative, ...]:
        """Whose checkpoints name the task."""
        return tuple(one for one in self.relatives if one.is_parent)

    @property
    def children(self) -> tuple[Relative, ...]:
        """Whom the task's checkpoints name."""
        return tuple(one for one in self.relatives if not one.is_parent)


def suspects(page: TaskPage) -> tuple[UUID, ...]:
    """Give the older ids that a task itself names: in its key, its headers and its params, as far as they are here."""
    texts = [page.idempotency_key, *(document.text for document in (page.headers, page.params) if document is not None)]
    ids = [each for text in texts if text is not None for each in _ids(text)]
    return tuple(dict.fromkeys(each for each in ids if each < page.task_id))[:MOST_SUSPECTS]


def awaited(page: TaskPage) -> tuple[tuple[UUID, str], ...]:
    """Give the younger ids in the events that a task waits for now, each with the step that waits."""
    return tuple((each, wait.step_name) for wait in page.waits for each in _ids(wait.event_name) if each > page.task_id)


def _ids(text: str) -> list[UUID]:
    return [UUID(each) for each in UUID_WRITTEN.findall(text)]


async def read_family(
    fetch: Fetch,
    queue: str,
    task_id: UUID,
    suspected: Sequence[UUID] = (),
    awaited: Sequence[tuple[UUID, str]] = (),
) -> Family:
    """Find the children of a task, those it waits for among them, and which of some tasks are its parents.

    Raises what asyncpg raises.
    """
    queues, refused = await readable_queues(fetch)
    named = await named_by(fetch, {queue: [task_id]} if queue in queues else {})
    steps = dict(awaited) | dict(named.steps)
    younger = sorted(each for each in steps if each > task_id)
    older = [each for each in suspected if each < task_id][:MOST_SUSPECTS]
    ids = [*older, *younger[:_LOOKED_UP]]
    tasks = await read_tasks(fetch, queues, ids) if ids else []
    parents = [await _as_parent(fetch, one, task_id) for one in tasks if one.task_id < task_id]
    children = [Relative(one, steps[one.task_id]) for one in tasks if one.task_id > task_id]
    return Family(
        (*(one for one in parents if one is not None), *children[:MOST_CHILDREN]),
        is_cut=named.is_cut or len(younger) > _LOOKED_UP or len(children) > MOST_CHILDREN,
        refused=refused,
    )


async def _as_parent(fetch: Fetch, task: Child, task_id: UUID) -> Relative | None:
    named = await named_by(fetch, {task.queue: [task.task_id]})
    step = named.steps.get(task_id)
    return Relative(task, step, is_parent=True) if step is not None else None
