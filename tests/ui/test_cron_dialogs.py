"""The dialogs about pg_cron: which jobs come or go, which partitions are detached, and why it cannot be done."""

from dataclasses import replace

import pytest
from dialogs import DEAD, desk
from fakes import START
from queue_dialogs import FACTS, MADE, PARTITIONED, manage, with_facts

from absurd_tui.observe.queue_facts import QueueFacts
from absurd_tui.observe.storage import Cron, CronJob, suffix
from absurd_tui.operations.outcomes import AlreadySo, Changed, JobsSet, QueueAfter
from absurd_tui.operations.pg_cron import own_jobs
from absurd_tui.operations.queue_requests import DetachPartitions, SwitchCron

pytestmark = pytest.mark.slow

ON, OFF, DETACH = "have pg_cron keep", "take back pg_cron's jobs", "have old and empty"
AFTER = QueueAfter(MADE, "partitioned", (), START)
OWN = f"absurd_cleanup_{suffix('mail')}"


def with_jobs(*jobs: tuple[str, str], facts: QueueFacts = FACTS) -> QueueFacts:
    made = tuple(CronJob(name, schedule, "", is_active=True) for name, schedule in jobs)
    return replace(facts, cron=Cron(is_there=True, jobs=made))


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_jobs_that_come_and_those_they_replace_are_named(size: tuple[int, int]) -> None:
    facts = with_jobs((OWN, "0 3 * * *"), ("absurd_cleanup_all", "17 * * * *"))
    done = JobsSet(None, queue_after=AFTER, jobs=own_jobs("mail"))
    async with desk(prepare=with_facts(facts), outcome=done, size=size) as seen:
        await manage(seen, ON, "Enable cron", is_typed=False)
        await seen.says(
            "partitions at 5 past, clean-up at 17 past, detach plans at 29 past.",
            f"Replaced, with their schedules: {OWN} (0 3 * * *)",
            "Jobs for all queues are there too",
        )
        await seen.press("enter")
        assert await seen.asked() == SwitchCron("mail", MADE, is_on=True, seen=(f"{OWN} (0 3 * * *)",))
        await seen.shown("✓ Cron enabled · queue mail", "3 jobs of its own.")


async def test_the_jobs_that_go_are_named_and_those_of_all_queues_stay() -> None:
    facts = with_jobs((OWN, "17 * * * *"), facts=PARTITIONED)
    async with desk(prepare=with_facts(facts), outcome=JobsSet(None, queue_after=AFTER)) as seen:
        await manage(seen, OFF, "Disable cron", is_typed=False)
        await seen.says(f"These go: {OWN} (17 * * * *)", "Nobody makes partitions ahead then")
        await seen.press("enter")
        assert await seen.asked() == SwitchCron("mail", MADE, is_on=False, seen=(f"{OWN} (17 * * * *)",))
        await seen.shown("✓ Cron disabled · queue mail", "none of its own is seen")


@pytest.mark.parametrize(
    ("words", "title"), [(ON, "Enable cron"), (OFF, "Disable cron"), (DETACH, "Detach partitions")]
)
async def test_without_pg_cron_it_says_why_not(words: str, title: str) -> None:
    facts = replace(PARTITIONED, detachable=("t_mail_638",))
    async with desk(prepare=with_facts(facts)) as seen:
        await manage(seen, words, title, is_typed=False)
        await seen.says("pg_cron is not in this database")
        await seen.press("enter", "y")
        await seen.look(DEAD)
        assert seen.requests == []


async def test_jobs_that_are_there_need_not_be_made() -> None:
    jobs = [each.rstrip(")").split(" (") for each in own_jobs("mail")]
    async with desk(prepare=with_facts(with_jobs(*((name, schedule) for name, schedule in jobs)))) as seen:
        await manage(seen, ON, "Enable cron", is_typed=False)
        await seen.says("Its three jobs are there; nothing would change.")
        await seen.press("enter")
        await seen.look(DEAD)
        assert seen.requests == []


@pytest.mark.parametrize(("size", "is_production"), [((120, 40), False), ((80, 24), True), ((80, 24), False)])
@pytest.mark.parametrize(("words", "title"), [(ON, "Enable cron"), (DETACH, "Detach partitions")])
async def test_that_a_detach_waits_for_a_table_without_a_limit_is_said(
    words: str, title: str, size: tuple[int, int], *, is_production: bool
) -> None:
    tables = tuple(f"{letter}_mail_{week}" for week in (638, 639) for letter in "crtw")
    facts = with_jobs(
        (OWN, "0 3 * * *"), ("absurd_cleanup_all", "17 * * * *"), facts=replace(PARTITIONED, detachable=tables)
    )
    async with desk(prepare=with_facts(facts), is_production=is_production, size=size) as seen:
        await manage(seen, words, title, is_typed=is_production and words == DETACH)
        await seen.says("What detaches has no lock limit of its own:", "workers may wait behind it, however long.")
        await seen.shown("esc ", "enter " if words == ON or is_production else "y ")


async def test_what_detaches_nothing_says_nothing_of_a_limit() -> None:
    async with desk(prepare=with_facts(with_jobs())) as seen:
        await manage(seen, ON, "Enable cron", is_typed=False)
        await seen.says("Every hour: partitions at 5 past")
        assert "lock limit" not in seen.said


async def test_old_partitions_are_named_and_detached_with_y() -> None:
    facts = with_jobs(facts=replace(PARTITIONED, detachable=("r_mail_638", "t_mail_638")))
    async with desk(prepare=with_facts(facts), outcome=JobsSet(None, queue_after=AFTER, jobs=("a", "b"))) as seen:
        await manage(seen, DETACH, "Detach partitions", is_typed=False)
        await seen.says("are detached, and dropped for good.", "2 tables: r_mail_638 t_mail_638")
        await seen.press("enter")
        await seen.look(DEAD)
        assert seen.requests == []
        await seen.press("y")
        assert await seen.asked() == DetachPartitions("mail", MADE, ("r_mail_638", "t_mail_638"))
        await seen.shown("✓ Detach scheduled · queue mail", "2 jobs, run within minutes.")


@pytest.mark.parametrize("is_production", [False, True])
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_all_partitions_that_go_can_be_gone_through(size: tuple[int, int], *, is_production: bool) -> None:
    tables = tuple(f"{letter}_mail_{week}" for week in (638, 639, 640) for letter in "crtw")
    facts = with_jobs(facts=replace(PARTITIONED, detachable=tables))
    async with desk(prepare=with_facts(facts), is_production=is_production, size=size) as seen:
        await manage(seen, DETACH, "Detach partitions", is_typed=is_production)
        await seen.says("1–4 of 12 tables; ↑ ↓ go through all of them: " + " ".join(tables[:4]), "workers may wait")
        rows = [line.rfind("│") for line in seen.text.splitlines()]
        for key, first in [("down", 1), ("pagedown", 5), ("pagedown", 8), ("down", 8), ("up", 7), ("pageup", 3)]:
            await seen.press(key)
            named = " ".join(tables[first : first + 4])
            await seen.says(f"{first + 1}–{first + 4} of 12 tables; ↑ ↓ go through all of them: {named}")
            assert [line.rfind("│") for line in seen.text.splitlines()] == rows, "nothing moves"
        await seen.press(*(("m", "a", "i", "l", "enter") if is_production else "y"))
        assert await seen.asked() == DetachPartitions("mail", MADE, tables)


async def test_in_production_the_queue_is_typed_before_its_partitions_go() -> None:
    facts = with_jobs(facts=replace(PARTITIONED, detachable=("t_mail_638",)))
    outcome = AlreadySo(None, since=None, queue_after=AFTER)
    async with desk(prepare=with_facts(facts), is_production=True, outcome=outcome, size=(80, 24)) as seen:
        await manage(seen, DETACH, "Detach partitions")
        await seen.says("Type mail, the queue's name, to detach them:")
        await seen.press("enter")
        await seen.look(DEAD)
        assert seen.requests == []
        await seen.press(*"mail", "enter")
        assert isinstance(await seen.asked(), DetachPartitions)
        await seen.shown("= Already so · queue mail")


async def test_a_queue_with_nothing_old_says_what_its_policy_is() -> None:
    facts = with_jobs(facts=replace(PARTITIONED, policy=(("detach_mode", "none"), ("detach_min_age", "30 days"))))
    async with desk(prepare=with_facts(facts)) as seen:
        await manage(seen, DETACH, "Detach partitions", is_typed=False)
        await seen.says("None is. The policy: detach_mode none, detach_min_age 30 days.")
        await seen.press("y")
        await seen.look(DEAD)
        assert seen.requests == []


async def test_without_a_job_that_may_be_seen_there_is_nothing_to_take_back() -> None:
    async with desk(prepare=with_facts(with_jobs())) as seen:
        await manage(seen, OFF, "Disable cron", is_typed=False)
        await seen.says("pg_cron has no job of its own for this queue that this role may see.")
        await seen.press("enter")
        await seen.look(DEAD)
        assert seen.requests == []


async def test_jobs_that_changed_meanwhile_are_told() -> None:
    outcome = Changed(None, AFTER)
    async with desk(prepare=with_facts(with_jobs()), outcome=outcome) as seen:
        await manage(seen, ON, "Enable cron", is_typed=False)
        await seen.press("enter")
        await seen.shown("! Changed since you looked · its jobs are others")
