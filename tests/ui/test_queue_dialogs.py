"""The dialogs that create a queue, drop one and change its policy: what they say, refuse, and ask for."""

from dataclasses import replace

import pytest
from dialogs import desk
from fakes import START, FakeSource
from queue_dialogs import FACTS, MADE, PARTITIONED, is_ready, manage, with_facts
from screen import running, until_shown

from absurd_tui.operations.clean_up_count import CleanUpCount
from absurd_tui.operations.outcomes import Done, Locked, QueueAfter
from absurd_tui.operations.queue_requests import CreateQueue, DropQueue, SetQueuePolicy

pytestmark = pytest.mark.slow

CLEAN_UP = "clean up the chosen queue"
DROP, CREATE, POLICY = "drop the chosen queue", "create a queue", "change the policy of the chosen queue"


@pytest.mark.fault(80)
async def test_only_the_exact_name_drops_the_queue() -> None:
    async with desk(prepare=with_facts()) as seen:
        await manage(seen, DROP, "Drop queue")
        await seen.until_struck("enter drop the queue")
        for typed, said in (("Mail", "Upper and lower case count."), ("mail ", "Blanks at its begin or end count.")):
            await seen.press("ctrl+u", *("space" if char == " " else char for char in typed))
            await seen.says(said)
            await seen.press("enter")
            await seen.until_struck("enter drop the queue")
        assert seen.requests == []
        await seen.press("backspace")
        await seen.until_not_struck("drop the queue")
        await seen.press("enter")
        request = await seen.asked()
        assert isinstance(request, DropQueue)
        assert (request.queue, request.created_at) == ("mail", MADE)
        assert "1 running" in request.held


@pytest.mark.fault(80)
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_what_would_be_lost_is_counted_by_states(size: tuple[int, int]) -> None:
    async with desk(prepare=with_facts(), size=size) as seen:
        await manage(seen, DROP, "Drop queue")
        await seen.says(
            "queue mail",
            "There is no way back.",
            "◌ 1 pending » 1 running z 1 sleeping",
            "✗ 1 failed ✓ 1 completed ⊖ 1 cancelled",
            "1.2 GB on disk; about 9,000 checkpoints, 120 events and 30 waits go with them.",
            "1 task is at work now",
            "Type mail, the queue's name, to drop it:",
            "esc keep the queue",
        )


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@pytest.mark.parametrize("command", [DROP, CLEAN_UP])
async def test_a_name_that_has_to_be_typed_is_shown_whole(command: str, size: tuple[int, int]) -> None:
    name = "tenant-0123456789-0123456789-0123456789-0123456789-orders"

    def prepare(source: FakeSource, _: object) -> None:
        source.queues.append(name)
        source.facts[name] = replace(FACTS, name=name)

    async with desk(prepare=prepare, size=size, is_production=True) as seen:
        seen.performer.counted = CleanUpCount(MADE, START, 8, 0, 0, 0, 0, START, 0.2)
        await seen.press("right")
        await seen.shown("›  mail")
        await seen.press("right")
        await manage(seen, command, "Drop queue" if command == DROP else "Clean up a queue", queue=False)
        if command == CLEAN_UP:
            await seen.press("enter")
        await seen.says(f"Type {name}, the queue's name,")
        await seen.until(lambda: is_ready(seen))
        await seen.press(*name, "enter")
        assert (await seen.asked()).queue == name


async def test_what_was_counted_of_a_queue_made_anew_is_not_deleted() -> None:
    async with desk(prepare=with_facts()) as seen:
        seen.performer.counted = CleanUpCount(MADE + 60.0, START, 8, 0, 0, 0, 0, START, 0.2)
        await manage(seen, CLEAN_UP, "Clean up a queue")
        await seen.until_not_struck("count what would go")
        await seen.press("enter")
        await seen.says("The queue was made anew since this was opened; nothing was counted.")
        await seen.press("y")
        assert seen.requests == []


async def test_a_name_that_is_typed_before_the_queue_was_read_confirms_nothing() -> None:
    async with desk(prepare=lambda source, _: None) as seen:
        await manage(seen, DROP, "Drop queue")
        await seen.says("There is no such queue any more.")
        await seen.press(*"mail", "enter")
        await seen.until_struck("enter drop the queue")
        await seen.press("escape")
        assert seen.requests == []


async def test_without_a_queue_in_question_one_has_to_be_chosen_first() -> None:
    async with desk(prepare=with_facts()) as seen:
        await seen.press("escape", "ctrl+p")
        await seen.shown("Search for commands")
        await seen.press(*"drop", "space", *"the")
        await seen.shown("Drop the chosen queue")
        await seen.press("enter")
        await seen.shown("Choose a queue first")
        assert seen.requests == []


@pytest.mark.fault(79)
async def test_who_is_in_the_way_of_a_drop_is_told() -> None:
    async with desk(prepare=with_facts(), outcome=Locked(4711, "pg_dump", 130.0)) as seen:
        await manage(seen, DROP, "Drop queue")
        await seen.press(*"mail", "enter")
        await seen.shown("✗ In use by pid 4711, pg_dump, for 2m · queue mail", "10 tries of 200 ms. Nothing changed.")


async def test_a_queue_is_created_as_it_is_chosen() -> None:
    async with desk(outcome=Done(None, queue_after=QueueAfter(MADE, "partitioned", (), MADE))) as seen:
        await manage(seen, CREATE, "Create queue", queue=False)
        await seen.press(*"mail")
        await seen.says("There is a queue mail already.")
        await seen.until_struck("enter create the queue")
        await seen.press("enter", "2", "tab", "right")
        await seen.says("Somebody must make the weeks to come")
        await seen.until_not_struck("create the queue")
        await seen.press("enter")
        assert await seen.asked() == CreateQueue("mail2", "partitioned")
        await seen.shown("✓ Created · queue mail2")


async def test_a_name_of_blanks_and_one_that_is_too_long_are_refused() -> None:
    async with desk() as seen:
        await manage(seen, CREATE, "Create queue", queue=False)
        await seen.press("space")
        await seen.says("A queue needs a name.")
        await seen.press("ctrl+u", *("é" * 29))
        await seen.says("at most 57 bytes; this has 58.")
        await seen.press("enter")
        assert seen.requests == []


async def test_only_what_differs_of_a_policy_is_set() -> None:
    async with desk(prepare=with_facts()) as seen:
        await manage(seen, POLICY, "Policy of a queue")
        await seen.says("cleanup_ttl = 30 days", "cleanup_limit = 1000", "Nothing differs from what is stored.")
        assert "default_partition =" not in seen.said
        await seen.press("end", *["backspace"] * 7, *"7", "space", *"days")
        await seen.says("cleanup_ttl: 30 days becomes 7 days.")
        await seen.press("ctrl+s")
        assert await seen.asked() == SetQueuePolicy(
            "mail", MADE, (("cleanup_ttl", "7 days"),), (("cleanup_ttl", "30 days"),)
        )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("clean_ttl = 1 day", "Line 4: A policy has no clean_ttl."),
        ("detach_min_age = soon", "Line 4: detach_min_age is no interval"),
        ("cleanup_limit = 5", "Line 4: cleanup_limit stands there twice."),
        ("hello", "Line 4: hello is no key = value."),
        ("detach_mode = all", "Line 4: detach_mode is none or empty."),
    ],
)
async def test_what_no_policy_has_is_an_error_of_the_form(line: str, said: str) -> None:
    async with desk(prepare=with_facts(PARTITIONED), size=(80, 24)) as seen:
        await manage(seen, POLICY, "Policy of a queue")
        await seen.says("default_partition = enabled", "esc leave the policy")
        await seen.press(*["down"] * 2, "end", "enter", *("space" if char == " " else char for char in line))
        await seen.says(said)
        await seen.until_struck("ctrl+s set the policy")
        await seen.press("ctrl+s")
        await seen.look(0.2)
        assert seen.requests == []


async def test_read_only_has_none_of_them() -> None:
    async with running(FakeSource(facts={"mail": FACTS})) as pilot:
        await until_shown(pilot, "READ ONLY")
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Search for commands")
        await pilot.press(*"drop", "space", *"the")
        await until_shown(pilot, "not now: drop queue: read only.")
