"""When the family of a task is looked for: while its page asks, within its share, and by the ids that the page has."""

from dataclasses import replace
from uuid import UUID

from task_pages import TASK, page, run, wait

from absurd_tui.observe.family import MOST_SUSPECTS, Family, awaited, suspects
from absurd_tui.observe.looking import SHARE, Looked
from absurd_tui.observe.records import Refusal, State
from absurd_tui.observe.task_records import Document, TaskPage
from absurd_tui.ui.kin import EVERY, REFUSED_EVERY, Kin

OLDER, YOUNGER = UUID(int=TASK.int - 1), UUID(int=TASK.int + 9)


def own() -> TaskPage:
    return page(State.RUNNING, run(1, State.RUNNING, started_at=1))


def kin(came_from: UUID | None = None) -> Kin:
    return Kin("payments", TASK, came_from, lambda: None)


def test_one_looks_again_after_a_while_and_never_beside_another_look() -> None:
    looked = kin()
    assert looked.begins(own(), 0.0)
    assert not looked.begins(own(), 100.0), "the first has not ended"
    looked.take_look(looked.question, Looked(Family(is_cut=True), 0.0))
    assert (looked.family, looked.refusal) == (Family(is_cut=True), None)
    assert [looked.begins(own(), at) for at in (EVERY - 0.1, EVERY)] == [False, True]


def test_what_costs_much_is_looked_for_less_often() -> None:
    looked, cost = kin(), 0.1
    assert looked.begins(own(), 0.0)
    looked.take_look(looked.question, Looked(Family(), cost))
    assert [looked.begins(own(), at) for at in (SHARE * cost - 0.1, SHARE * cost)] == [False, True]


def test_a_refusal_keeps_who_was_found_and_is_tried_again_later() -> None:
    looked, found = kin(), Family(is_cut=True)
    assert looked.begins(own(), 0.0)
    looked.take_look(looked.question, Looked(found, 0.0))
    assert looked.begins(own(), EVERY)
    looked.take_refusal(looked.question, Refusal("locked"))
    assert (looked.family, looked.refusal) == (found, Refusal("locked"))
    assert [looked.begins(own(), EVERY + after) for after in (EVERY, REFUSED_EVERY)] == [False, True]


def test_one_that_gave_way_is_asked_again_at_once() -> None:
    looked = kin()
    assert looked.begins(own(), 0.0)
    looked.let_go()
    assert looked.begins(own(), 0.1)


def test_parents_are_looked_for_among_older_ids_that_the_task_or_the_way_there_names() -> None:
    named = replace(
        own(),
        idempotency_key=f"of-{OLDER}",
        headers=Document(9, f'{{"up": "{str(OLDER).upper()}", "next": "{YOUNGER}", "me": "{TASK}"}}'),
    )
    assert suspects(named) == (OLDER,)
    many = ", ".join(str(UUID(int=TASK.int - number)) for number in range(1, 50))
    assert len(suspects(replace(own(), params=Document(9, many)))) == MOST_SUSPECTS
    assert suspects(replace(own(), params=Document(10**7, None))) == ()
    looked = kin(came_from=UUID(int=5))
    assert looked.begins(named, 0.0)
    assert looked.question.suspected == (UUID(int=5), OLDER)


def test_a_child_that_is_waited_for_is_named_by_its_event() -> None:
    waits = (wait(f"done:{YOUNGER}", 9), wait(f"done:{OLDER}", 9), wait("paid", 9))
    assert awaited(replace(own(), waits=waits)) == ((YOUNGER, f"$awaitEvent:done:{YOUNGER}"),)
