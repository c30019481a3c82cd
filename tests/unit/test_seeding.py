"""What a spawn form begins with; a copy that would not be true is refused."""

from typing import Any

import pytest
from readings import queue, row, snapshot
from task_pages import page

from absurd_tui.observe.records import State
from absurd_tui.observe.task_queries import MOST_NAME, MOST_TEXT
from absurd_tui.observe.task_records import Document
from absurd_tui.text import Plain
from absurd_tui.ui.dialogs.spawn_seed import SpawnSeed
from absurd_tui.ui.seeding import copy_seed, fresh_seed

SEEN = snapshot(queue("mail"), queue("payments"))


def test_a_fresh_form_takes_the_name_and_the_params_of_the_task_in_question() -> None:
    read = page(State.COMPLETED, params=Document(8, '{"n": 1}'))
    seed = fresh_seed(row(queue="payments"), None, read, SEEN)
    assert (seed.queue, seed.task_name, seed.params) == ("payments", "charge_card", '{"n": 1}')
    assert seed.queues == ("mail", "payments")
    assert not seed.is_copy


def test_without_a_task_it_begins_in_the_chosen_queue_or_in_the_first() -> None:
    assert fresh_seed(None, "payments", None, SEEN).queue == "payments"
    assert fresh_seed(None, None, None, SEEN).queue == "mail"


def test_params_that_are_not_whole_are_not_offered() -> None:
    read = page(State.COMPLETED, params=Document(5_000_000, '{"beginning": ', is_cut=True))
    assert fresh_seed(row(), None, read, SEEN).params == "{}"


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
    assert (seed.queue, seed.task_name, seed.params, seed.headers) == (
        "payments",
        "charge_card",
        '{"n": 1}',
        '{"trace": 7}',
    )
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
