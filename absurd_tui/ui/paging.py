"""Reads what the pages of tasks show, and gives each page what came of it, be it a refusal."""

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from absurd_tui.observe.branches import refusal
from absurd_tui.observe.children import Children
from absurd_tui.observe.queue_facts import QueueFacts
from absurd_tui.observe.slot import SupersededError
from absurd_tui.observe.task_records import Document, TaskPage
from absurd_tui.ui.awaited import AwaitedBy
from absurd_tui.ui.messages import TakesChildren, TakesDocument, TakesFacts, TakesPage


class ReadsPages(Protocol):
    """What it is read from: the database, or what stands for it in tests."""

    async def task(self, queue: str, task_id: UUID) -> TaskPage | None:
        """Read one task whole, or None where it is no more."""
        ...

    async def document(self, queue: str, task_id: UUID, part: str) -> Document | None:
        """Read one of a task's documents whole."""
        ...

    async def children(self, queue: str, task_id: UUID) -> Children:
        """Find the tasks that a task likely spawned, and theirs."""
        ...

    async def queue_facts(self, queue: str) -> QueueFacts | None:
        """Read what is known of a whole queue, or None where there is none of that name."""
        ...

    async def awaited_by(self, queue: str, run_id: UUID) -> str | None:
        """Read the whole name of the event that a run waits for, or None where it waits for none."""
        ...


class Paging:
    """Reads for pages; `role` gives the role that a refusal names."""

    def __init__(self, source: ReadsPages, role: Callable[[], str]) -> None:
        self._source = source
        self._role = role

    async def read(self, page: TakesPage) -> None:
        """Read the task of a page."""
        try:
            page.take_page(await self._source.task(page.queue, page.task_id))
        except Exception as error:
            self._not_read(page, error)

    async def read_document(self, page: TakesDocument, part: str) -> None:
        """Read a document of a page whole."""
        try:
            page.take_document(part, await self._source.document(page.queue, page.task_id, part))
        except Exception as error:
            self._not_read(page, error)

    async def read_children(self, asker: TakesChildren) -> None:
        """Find the children of a task; again where another request took this one's place."""
        while True:
            try:
                asker.take_children(await self._source.children(asker.queue, asker.task_id))
            except SupersededError:
                continue
            except Exception as error:
                asker.take_children_refusal(refusal(error, asker.queue, self._role()))
            return

    async def read_facts(self, asker: TakesFacts) -> None:
        """Read what is known of a queue; again where another request took this one's place."""
        while True:
            try:
                asker.take_facts(await self._source.queue_facts(asker.queue))
            except SupersededError:
                continue
            except Exception as error:
                asker.take_refusal(refusal(error, asker.queue, self._role()))
            return

    async def read_awaited(self, wanted: AwaitedBy) -> None:
        """Read what a run waits for; again where another request took this one's place."""
        while True:
            try:
                wanted.asker.take_awaited(await self._source.awaited_by(wanted.queue, wanted.run_id))
            except SupersededError:
                continue
            except Exception as error:
                wanted.asker.take_awaited(refusal(error, wanted.queue, self._role()))
            return

    def _not_read(self, page: TakesPage, error: Exception) -> None:
        if isinstance(error, SupersededError):
            page.let_go()
        else:
            page.take_refusal(refusal(error, page.queue, self._role()))
