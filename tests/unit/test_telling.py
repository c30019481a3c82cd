"""What is told of followed tasks over time, which of them are read, and when."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg
from fakes import FakeSource, FakeStage, followed_task
from readings import NOW, row

from absurd_tui.observe.following import Follow, Standings
from absurd_tui.observe.records import State
from absurd_tui.observe.why import Clock
from absurd_tui.text import plain
from absurd_tui.ui.following import Following
from absurd_tui.ui.telling import Telling
from absurd_tui.ui.widgets.outcomes import STAYS, Told

CLOCK = Clock(NOW, utc=True)
A, B, C = (UUID(int=number) for number in (1, 2, 3))


def telling(*follows: Follow) -> Telling:
    made = Telling()
    for follow in follows:
        made.follow(follow, 0.0)
    return made


def signs(telling: Telling, ticks: float, *, is_live: bool = True) -> list[str]:
    return [told.sign for told in telling.told(ticks, CLOCK, is_live=is_live)]


def stands(state: State, *task_ids: UUID) -> Standings:
    return Standings(NOW, {task_id: followed_task(row(state, task_id=task_id)) for task_id in task_ids})


def outcome(sign: str, at: float, subject: UUID | None) -> Told:
    return Told(sign, plain("x"), plain("y"), at, subject=("mail", subject) if subject is not None else None)


def test_a_task_is_told_about_as_long_as_it_lives_and_a_good_end_as_long_as_an_outcome() -> None:
    told = telling(Follow("mail", "welcome", (A,)))
    assert signs(told, 0.0) == []
    told.take("mail", stands(State.RUNNING, A), 1.0)
    assert signs(told, 1000.0) == ["»"]
    told.take("mail", stands(State.COMPLETED, A), 1001.0)
    assert signs(told, 1001.0 + STAYS) == ["✓"]
    assert told.followed == {}
    assert signs(told, 1001.1 + STAYS) == []


def test_an_old_reading_is_told_with_its_time() -> None:
    told = telling(Follow("mail", "welcome", (A,)))
    told.take("mail", stands(State.RUNNING, A), 1.0)
    (fresh,), (old,) = (told.told(ticks, CLOCK, is_live=True) for ticks in (6.0, 6.1))
    assert old.detail == plain("As of 14:13:20: ") + fresh.detail
    told.take("mail", stands(State.COMPLETED, A), 1.0)
    (end,) = told.told(6.9, CLOCK, is_live=True)
    assert "As of" not in end.detail.text


def test_a_bad_end_stays_until_it_is_dismissed() -> None:
    for state, sign in ((State.FAILED, "✗"), (State.CANCELLED, "⊖")):
        told = telling(Follow("mail", "welcome", (A,)))
        told.take("mail", stands(state, A), 1.0)
        assert signs(told, 1000.0) == [sign]
        assert told.dismiss()
        assert signs(told, 1000.0) == []
        assert not told.dismiss()


def test_what_was_not_read_is_told_only_when_no_reading_is_at_hand() -> None:
    told = telling(Follow("mail", "welcome", (A,)))
    assert signs(told, 1.0) == []
    assert signs(told, 1.0, is_live=False) == ["!"]


def test_the_tasks_to_read_are_gathered_by_queue() -> None:
    told = telling(Follow("mail", "x", (A,)), Follow("orders", "x", (B,)), Follow("mail", "x", (C,)))
    assert told.followed == {"mail": (A, C), "orders": (B,)}
    told.take("orders", stands(State.COMPLETED, A, B, C), 1.0)
    assert told.followed == {"mail": (A, C)}
    told.dismiss()
    assert told.followed == {"mail": (A,)}


def test_the_subject_is_that_of_the_newest_and_is_remembered_when_nothing_is_told() -> None:
    told = Telling()
    told.tell(outcome("✗", 0.0, A))
    told.tell(outcome("✓", 0.0, B))
    told.tell(outcome("!", 0.0, None))
    assert told.subject == ("mail", B)
    assert signs(told, STAYS + 1) == ["✗", "!"]
    assert told.subject == ("mail", A)
    told.dismiss()
    told.dismiss()
    assert told.subject == ("mail", A)


class HeldUp(FakeSource):
    """Answers when it is let."""

    gate: asyncio.Event

    async def standings(self, queue: str, task_ids: Sequence[UUID]) -> Standings:
        found = await super().standings(queue, task_ids)
        await self.gate.wait()
        return found


async def test_no_two_readings_at_once() -> None:
    source = HeldUp()
    source.gate = asyncio.Event()
    told = telling(Follow("mail", "welcome", (await FakeStage(source).spawn("mail", "welcome"),)))
    following = Following(source, told, lambda: None)
    first = asyncio.create_task(following.read("tester"))
    await asyncio.sleep(0)
    await following.read("tester")
    assert len(source.followed) == 1
    source.gate.set()
    await first
    await following.read("tester")
    assert len(source.followed) == 2


async def test_one_refused_queue_does_not_hide_another() -> None:
    source = FakeSource(queues=["mail", "orders"])
    stage = FakeStage(source)
    letter, order = await stage.spawn("mail", "letter"), await stage.spawn("orders", "order")
    told = telling(Follow("mail", "letter", (letter,)), Follow("orders", "order", (order,)))
    source.unread["mail"] = asyncpg.InsufficientPrivilegeError("permission denied")
    await Following(source, told, lambda: None).read("tester")
    letters, orders = told.told(1.0, CLOCK, is_live=True)
    assert "role tester may not SELECT on absurd.t_mail" in letters.detail.text
    assert orders.headline.text.startswith("Pending for")


async def test_a_reading_that_ends_after_a_dismissal_brings_nothing_back() -> None:
    source = HeldUp()
    source.gate = asyncio.Event()
    told = telling(Follow("mail", "welcome", (await FakeStage(source).spawn("mail", "welcome"),)))
    reading = asyncio.create_task(Following(source, told, lambda: None).read("tester"))
    await asyncio.sleep(0)
    told.dismiss()
    source.gate.set()
    await reading
    assert signs(told, 1.0, is_live=False) == []
