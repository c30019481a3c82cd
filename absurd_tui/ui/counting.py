"""Counts what a clean-up would delete, for the dialog that asks."""

from absurd_tui.ui.messages import CountWanted
from absurd_tui.ui.sides import Performs


async def count(performer: Performs, wanted: CountWanted) -> None:
    """Count, and give the answer to whoever asked."""
    wanted.asker.take_count(await performer.count_clean_up(wanted.asker.queue, wanted.ttl))
