"""What a spawn form begins with; a copy that would not be true is refused."""

from typing import Any
from uuid import UUID

import pytest
from readings import NOW, queue, row, snapshot
from task_pages import page

from absurd_tui.observe.records import PanelReading, Snapshot, State, TaskRow
from absurd_tui.observe.task_queries import MOST_NAME, MOST_TEXT
from absurd_tui.observe.task_records import Document
from absurd_tui.text import Plain
from absurd_tui.ui.dialogs.spawn_seed import SpawnSeed
from absurd_tui.ui.seeding import copy_seed, fresh_seed, newest_known, newest_read

SEEN = snapshot(queue("mail"), queue("payments"))


def spawned(number: int, **fields: Any) -> TaskRow:
    """A task that was spawned `number` seconds after the first."""
    return row(task_id=UUID(int=number), enqueued_at=NOW + number, **fields)


def seen(*rows: TaskRow) -> Snapshot:
    """A snapshot with some of its tasks in one panel and some in another."""
    panels = tuple(PanelReading(state, rows[at::2]) for at, state in enumerate((State.PENDING, State.FAILED)))
    return snapshot(queue("mail"), queue("payments"), panels=panels)


def test_a_fresh_form_takes_the_name_of_the_task_in_question_and_the_params_of_the_newest_of_it() -> None:
    newest = newest_read(spawned(7), page(State.COMPLETED, params=Document(8, '{"n": 1}')))
    seed = fresh_seed(row(queue="payments", task_name="charge_card"), None, newest, SEEN)
    assert (seed.queue, seed.task_name, seed.params) == ("payments", "charge_card", '{"n": 1}')
    assert (seed.queues, seed.newest) == (("mail", "payments"), newest)
    assert not seed.is_copy


def test_the_newest_is_the_one_spawned_last_of_the_same_queue_and_name_in_whichever_panel() -> None:
    rows = [spawned(1), spawned(5), spawned(3), spawned(8, queue="payments"), spawned(9, task_name="bye")]
    assert newest_known(seen(*rows), "mail", "welcome") == rows[1]
    assert newest_known(seen(*rows), "payments", "welcome") == rows[3]
    assert newest_known(seen(*rows), "payments", "bye") is None
    assert newest_known(seen(*rows), "mail", "welcome", spawned(6)) == spawned(6), "also one that no panel shows"
    assert newest_known(seen(*rows), "mail", "welcome", spawned(2)) == rows[1]


@pytest.mark.parametrize("name", ["n" * MOST_NAME, "two\nlines", "line\r", "\u2028"])
def test_a_name_that_was_not_read_whole_or_has_no_room_in_one_line_is_no_name(name: str) -> None:
    odd = spawned(1, task_name=name)
    assert newest_known(seen(odd), "mail", name) is None
    seed = fresh_seed(odd, None, None, seen(odd))
    assert (seed.task_name, seed.task_names) == ("", {})


def test_the_names_known_of_each_queue_are_offered_newest_first() -> None:
    rows = [spawned(1), spawned(2, task_name="bye"), spawned(3), spawned(4, queue="payments", task_name="pay")]
    assert fresh_seed(None, None, None, seen(*rows)).task_names == {"mail": ("welcome", "bye"), "payments": ("pay",)}


def test_without_a_task_it_begins_in_the_chosen_queue_or_in_the_first() -> None:
    assert fresh_seed(None, "payments", None, SEEN).queue == "payments"
    assert fresh_seed(None, None, None, SEEN).queue == "mail"


def test_params_that_are_not_whole_are_not_offered() -> None:
    cut = newest_read(spawned(7), page(State.COMPLETED, params=Document(5_000_000, '{"beginning": ', is_cut=True)))
    assert (fresh_seed(row(), None, cut, SEEN).params, cut.trouble.text) == ("{}", "5.0 MB, too large")
    gone = newest_read(spawned(7), None)
    assert (fresh_seed(row(), None, gone, SEEN).params, gone.trouble.text) == ("{}", "not readable")


def test_a_copy_has_everything_the_task_was_spawned_with() -> None:
    read = page(
        State.CANCELLED,
        params=Document(8, '{"n": 1}'),
        headers=Document(12, '{"trace": 7}'),
        retry_strategy='{"kind": "fixed"}',
        cancellation='{"max_delay": 9}',
        max_attempts=3,
    )
    seed = copy_seed(read, SEEN)
    assert isinstance(seed, SpawnSeed)
    assert seed.is_copy
    assert (seed.queue, seed.task_name, seed.params) == ("payments", "charge_card", '{"n": 1}')
    assert seed.headers == f'{{"absurd-tui-copied-from": "payments/{read.task_id}", "trace": 7}}'
    assert (seed.retry_strategy, seed.cancellation, seed.max_attempts) == ('{"kind": "fixed"}', '{"max_delay": 9}', 3)


@pytest.mark.parametrize(
    "part",
    [
        {"task_name": "n" * MOST_NAME},
        {"retry_strategy": " " * MOST_TEXT},
        {"cancellation": " " * MOST_TEXT},
        {"params": Document(5_000_000, None)},
        {"headers": Document(70_000, "{", is_cut=True)},
    ],
)
def test_what_was_not_read_whole_is_not_copied(part: dict[str, Any]) -> None:
    refused = copy_seed(page(State.FAILED, **part), SEEN)
    assert isinstance(refused, Plain)
    assert "too l" in refused.text
