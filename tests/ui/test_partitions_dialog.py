"""The dialog that makes partitions ahead, and that a queue can be managed from the screen of the queues."""

from dataclasses import replace

import pytest
from dialogs import DEAD, desk
from fakes import START
from queue_dialogs import FACTS, MADE, PARTITIONED, manage, with_facts

from absurd_tui.observe.weeks import Weeks
from absurd_tui.operations.outcomes import AlreadySo, PartitionsMade, QueueAfter
from absurd_tui.operations.queue_requests import MakePartitions

pytestmark = pytest.mark.slow

MAKE = "make the partitions"
POLICY = (("partition_lookahead", "28 days"), ("partition_lookback", "1 day"), ("default_partition", "enabled"))
LACKING = replace(PARTITIONED, policy=POLICY, weeks=Weeks(wanted=28, missing=8, ours=0, until=START + 30 * 86_400))
AFTER = QueueAfter(MADE, "partitioned", (), START)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_it_names_what_is_missing_and_makes_it(size: tuple[int, int]) -> None:
    made = PartitionsMade(None, queue_after=AFTER, number=8, until=START + 30 * 86_400)
    async with desk(prepare=with_facts(LACKING), outcome=made, size=size) as seen:
        await manage(seen, MAKE, "Make partitions", is_typed=False)
        await seen.says(
            "The policy: 1 day back, 28 days ahead.",
            "8 of 28 are missing; then they reach until",
            "its rows go to the default partition",
            "The tables are locked meanwhile, for 2 s at most",
            "it waits 200 ms at most, 10 times.",
            "enter make 8 partitions",
        )
        await seen.press("enter")
        assert await seen.asked() == MakePartitions("mail", MADE, missing=8)
        await seen.shown("✓ Made 8 partitions · queue mail", "by this call; they reach until")


async def test_where_none_is_missing_there_is_nothing_to_make() -> None:
    whole = replace(LACKING, weeks=Weeks(28, 0, 0, START))
    async with desk(prepare=with_facts(whole)) as seen:
        await manage(seen, MAKE, "Make partitions", is_typed=False)
        await seen.says("All 28 are there", "there is nothing to make.")
        await seen.press("enter")
        await seen.look(DEAD)
        assert seen.requests == []


async def test_a_queue_without_partitions_says_so() -> None:
    async with desk(prepare=with_facts(FACTS)) as seen:
        await manage(seen, MAKE, "Make partitions", is_typed=False)
        await seen.says("Queue mail is unpartitioned: there are no partitions to make.")
        await seen.press("enter")
        await seen.look(DEAD)
        assert seen.requests == []


async def test_a_queue_is_managed_from_the_screen_of_the_queues() -> None:
    outcome = AlreadySo(None, since=None, queue_after=AFTER)
    async with desk(prepare=with_facts(LACKING), outcome=outcome) as seen:
        await seen.press("Q")
        await seen.shown("1 Queues  1 of 1")
        await manage(seen, MAKE, "Make partitions", queue=False, is_typed=False)
        await seen.says("queue mail", "8 of 28 are missing")
        await seen.press("enter")
        assert await seen.asked() == MakePartitions("mail", MADE, missing=8)
        await seen.shown("= Already so · queue mail", "Every partition that its policy asks for is there.")
