"""What is told of how a queue is stored: each warning while it is so, and not once it is cured."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest
from readings import counts

from absurd_tui.observe.records import Count, QueueReading, Refusal
from absurd_tui.observe.storage import (
    DAY,
    Cron,
    CronJob,
    Kept,
    Partitions,
    QueueStorage,
    Spawned,
    TableSize,
    suffix,
)
from absurd_tui.observe.storage_words import words
from absurd_tui.observe.why import Clock

NOW = 1_790_000_000.0
CLOCK = Clock(NOW, utc=True)
NO_CRON = Cron(is_there=False)
QUEUE = QueueStorage(
    name="mail",
    created_at=NOW - 90 * DAY,
    storage_mode="unpartitioned",
    policy=(("cleanup_ttl", "30 days"), ("cleanup_limit", "1000"), ("partition_lookahead", "28 days")),
    ttl=30 * DAY,
    tables=(TableSize("t", 4_000_000, 1_000, 0), TableSize("r", 1_000_000, 1_200, 0)),
    spawned=Spawned(500, DAY),
    kept=Kept(200, NOW - 29 * DAY, None),
)
PARTITIONED = replace(QUEUE, storage_mode="partitioned", partitions=Partitions(5, NOW + 20 * DAY, True, 0))  # noqa: FBT003


def told(
    queue: QueueStorage, label: str, cron: Cron = NO_CRON, reading: QueueReading | None = None
) -> list[tuple[str, str]]:
    return [(one.told.text, one.role) for one in words(queue, reading, cron, CLOCK) if one.label == label]


def test_what_should_have_been_cleaned_up_is_told_until_it_is() -> None:
    assert told(QUEUE, "oldest") == [("a task ended 29d ago; 30d are kept", "")]
    late = replace(QUEUE, kept=Kept(200, NOW - 45 * DAY, NOW - 3_600))
    ((text, role),) = told(late, "oldest")
    assert text == (
        "a task ended 45d ago and an event was emitted 1h 00m ago; 30d are kept: clean-up is behind, or nobody runs it"
    )
    assert role == "warning"
    assert told(replace(late, ttl=None), "oldest")[0][0].endswith("no policy says how long they are kept")
    assert told(replace(QUEUE, kept=Kept(0, None, None)), "oldest") == [("there is no task, and there is no event", "")]
    none = told(replace(QUEUE, kept=Kept(200, None, None)), "oldest")
    assert none == [("none of the 200 oldest tasks has ended, and there is no event", "")]


def test_growth_is_told_with_where_it_is_from_or_that_it_is_not_known() -> None:
    ((text, _),) = told(QUEUE, "growth")
    assert text == "about 500 tasks, 2.5 MB a day before clean-up, by what was spawned in the last 1d 00h"
    assert "not known yet" in told(replace(QUEUE, spawned=Spawned(9, 30.0)), "growth")[0][0]
    assert "tasks cannot be read" in told(replace(QUEUE, spawned=None), "growth")[0][0]
    unmeasured = replace(QUEUE, tables=(TableSize("t", 8192, 0, 0),))
    assert "how much that is on disk is not known yet" in told(unmeasured, "growth")[0][0]


def test_dead_rows_are_a_warning_only_where_they_are_many() -> None:
    assert told(QUEUE, "dead rows") == [("none, as far as statistics know", "")]
    few = replace(QUEUE, tables=(TableSize("t", 1, 1_000, 900),))
    assert told(few, "dead rows") == [("900 beside 1,000 that live, by statistics: 900 of tasks", "")]
    many = replace(QUEUE, tables=(TableSize("t", 1, 1_000, 90_000),))
    assert told(many, "dead rows")[0][1] == "warning"


@pytest.mark.parametrize(
    ("changes", "text", "role"),
    [
        ({}, "5 partitions, until Oct 11 14:13: 20d ahead", ""),
        ({"until": NOW + 3 * DAY}, "5 partitions, until Sep 24 14:13: 3d 00h ahead", "warning"),
        ({"until": NOW - DAY}, "5 partitions, ended Sep 20 14:13: new rows go to the default one", "alarm"),
        ({"until": NOW - DAY, "has_default": False}, "5 partitions, ended Sep 20 14:13: new rows are refused", "alarm"),
        ({"until": None, "number": 0}, "none for a week", "warning"),
    ],
)
def test_partitions_are_told_by_how_far_they_reach(changes: dict[str, Any], text: str, role: str) -> None:
    assert PARTITIONED.partitions is not None
    queue = replace(PARTITIONED, partitions=replace(PARTITIONED.partitions, **changes))
    assert told(queue, "partitions") == [(text, role)]
    assert told(QUEUE, "partitions") == []


def test_rows_in_the_default_partition_are_counted() -> None:
    assert told(PARTITIONED, "default") == [("0 tasks in the default partition", "")]
    assert PARTITIONED.partitions is not None
    stray = replace(PARTITIONED.partitions, stray=1_000, is_stray_capped=True)
    assert told(replace(PARTITIONED, partitions=stray), "default") == [
        ("1,000+ tasks in the default partition", "warning")
    ]
    unread = replace(PARTITIONED.partitions, stray=None)
    assert told(replace(PARTITIONED, partitions=unread), "default") == [("not known", "")]


def test_pg_cron_is_told_job_by_job_and_quietly_where_there_is_none() -> None:
    assert told(QUEUE, "pg_cron") == [("not in this database", "muted")]
    assert told(QUEUE, "pg_cron", Cron(True, None)) == [("its jobs may not be read", "muted")]  # noqa: FBT003
    job = CronJob("absurd_cleanup_all", "17 * * * *", "", is_active=True)
    own = replace(job, name=f"absurd_cleanup_{suffix('mail')}", ran_at=NOW - 60, status="succeeded")
    failed = replace(job, name="nightly", ran_at=NOW - 60, status="failed", message="permission denied")
    other = replace(own, name=f"absurd_cleanup_{suffix('other')}")
    cron = Cron(is_there=True, jobs=(job, own, failed, other, replace(job, is_active=False)))
    assert told(QUEUE, "pg_cron", cron) == [
        ("absurd_cleanup_all (17 * * * *): no run of it is known", ""),
        (f"absurd_cleanup_{suffix('mail')} (17 * * * *): succeeded 1m ago", ""),
        ("nightly (17 * * * *): failed 1m ago: permission denied", "alarm"),
        ("absurd_cleanup_all (17 * * * *): switched off", "warning"),
    ]
    assert told(QUEUE, "pg_cron", Cron(is_there=True, jobs=(other,)))[0][1] == "muted"


def test_counts_are_in_full_and_what_is_not_known_is_not_told_as_none() -> None:
    reading = QueueReading("mail", "unpartitioned", counts(completed=Count(1_234_567, is_estimate=True), failed=9))
    assert "9 failed · ~1,234,567 completed" in told(QUEUE, "counts", reading=reading)[0][0]
    assert told(QUEUE, "counts") == [("–", "")]
    assert told(replace(QUEUE, policy=()), "policy") == [("This schema keeps none.", "")]
    assert told(replace(QUEUE, tables=None), "size") == [("not known", "")]


def test_a_refusal_comes_first_with_what_would_allow_it() -> None:
    barred = replace(QUEUE, refusals=(Refusal("role r may not SELECT on absurd.t_mail", "GRANT SELECT"),))
    first, second = words(barred, None, NO_CRON, CLOCK)[:2]
    assert (first.told.text, second.told.text) == ("role r may not SELECT on absurd.t_mail", "GRANT SELECT")


@pytest.mark.parametrize("at", [inf, -inf, 9_224_318_015_999.0])
def test_times_without_end_are_told_too(at: float) -> None:
    assert PARTITIONED.partitions is not None
    odd = replace(PARTITIONED, created_at=at, ttl=at, kept=Kept(1, at, at), spawned=Spawned(3, abs(at)))
    odd = replace(odd, partitions=replace(PARTITIONED.partitions, until=at))
    cron = Cron(is_there=True, jobs=(CronJob("absurd_x_all", "", "", True, at, "succeeded"),))  # noqa: FBT003
    assert words(odd, None, cron, CLOCK)
