from uuid import UUID

from absurd_tui.observe.finished import Departed


def run(number: int) -> UUID:
    return UUID(int=number)


def see(departed: Departed, *numbers: int, queue: str = "mail", read: tuple[str, ...] = ("mail",)) -> None:
    departed.see([(queue, run(number)) for number in numbers], read)


def left(departed: Departed) -> dict[str, list[int]]:
    return {queue: [run_id.int for run_id in runs] for queue, runs in departed.by_queue().items()}


def test_what_runs_no_longer_has_left() -> None:
    departed = Departed()
    see(departed, 1, 2)
    assert left(departed) == {}
    see(departed, 2, 3)
    assert left(departed) == {"mail": [1]}
    see(departed)
    assert left(departed) == {"mail": [1, 2, 3]}


def test_what_runs_again_has_not_left() -> None:
    departed = Departed()
    see(departed, 1, 2)
    see(departed)
    see(departed, 1)
    assert left(departed) == {"mail": [2]}


def test_a_queue_that_was_not_read_says_nothing_of_its_runs() -> None:
    departed = Departed()
    departed.see([("mail", run(1)), ("orders", run(2))], ["mail", "orders"])
    departed.see([], ["orders"])
    assert left(departed) == {"orders": [2]}
    departed.see([("mail", run(1))], ["mail"])
    departed.see([], ["mail"])
    assert left(departed) == {"orders": [2], "mail": [1]}


def test_only_the_last_hundred_are_remembered() -> None:
    departed = Departed()
    for number in range(250):
        see(departed, number)
    assert left(departed) == {"mail": list(range(149, 249))}
