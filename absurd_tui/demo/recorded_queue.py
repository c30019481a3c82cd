"""Recorded facts of the invented queues, for the pictures of the dialogs about them."""

from absurd_tui.demo.recorded import NOW
from absurd_tui.observe.queue_facts import QueueFacts
from absurd_tui.operations.clean_up_count import CleanUpCount

_DAY = 86_400


def queue_facts(queue: str) -> QueueFacts:
    """Give what was read of a queue."""
    return QueueFacts(
        name=queue,
        created_at=NOW - 190 * _DAY - 3_720,
        storage_mode="unpartitioned",
        policy=(
            ("cleanup_ttl", "30 days"),
            ("cleanup_limit", "1000"),
            ("partition_lookahead", "28 days"),
            ("partition_lookback", "1 day"),
            ("detach_mode", "none"),
            ("detach_min_age", "30 days"),
            ("default_partition", "enabled"),
        ),
        bytes=1_184_202_752,
        checkpoints=124_310,
        events=88,
        waits=12,
        now=NOW,
    )


def clean_up_count(ttl: int) -> CleanUpCount:
    """Give what was counted of a queue."""
    return CleanUpCount(
        created_at=NOW - 190 * _DAY - 3_720,
        cutoff=NOW - ttl,
        completed=21_408,
        failed=57,
        cancelled=31,
        events=74,
        awaited=2,
        now=NOW,
        took=0.4,
    )
