"""Looks up what a dialog asks for: read over the connection for pages, or counted by what performs writes."""

from absurd_tui.ui.awaited import AwaitedBy
from absurd_tui.ui.messages import ChildrenOf, CountOf, FactsOf
from absurd_tui.ui.paging import Paging
from absurd_tui.ui.sides import Performs


async def look_up(what: FactsOf | ChildrenOf | CountOf | AwaitedBy, paging: Paging, performer: Performs | None) -> None:
    """Look it up, and give the answer to whoever asked."""
    match what:
        case FactsOf(asker):
            await paging.read_facts(asker)
        case ChildrenOf(asker):
            await paging.read_children(asker)
        case AwaitedBy():
            await paging.read_awaited(what)
        case CountOf(asker, ttl) if performer is not None:
            asker.take_count(await performer.count_clean_up(asker.queue, ttl))
