"""What the server plans for the first time, and what a part costs without that."""

import pytest
from ticking import Clock

from absurd_tui.database.session import STATEMENTS_KEPT
from absurd_tui.observe import account as account_module
from absurd_tui.observe import learning as learning_module
from absurd_tui.observe.account import Account
from absurd_tui.observe.learning import Learning
from absurd_tui.observe.parts import Part


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ticking = Clock()
    monkeypatch.setattr(learning_module, "time", ticking)
    monkeypatch.setattr(account_module, "time", ticking)
    return ticking


def test_a_statement_is_new_once_on_a_connection() -> None:
    learning = Learning()
    assert [learning.is_new(text) for text in ("a", "b", "a", "b")] == [True, True, False, False]
    learning.connected()
    assert learning.is_new("a")


def test_a_statement_that_is_no_longer_kept_prepared_is_new_again() -> None:
    learning = Learning()
    for number in range(STATEMENTS_KEPT):
        learning.is_new(f"{number}")
    assert not learning.is_new("0"), "it was used last, so that another goes"
    learning.is_new("one more")
    assert not learning.is_new("0")
    assert learning.is_new("1")


def test_what_is_learned_again_and_again_counts_in_the_end(clock: Clock) -> None:
    learning = Learning()
    forgiven = 0
    while learning.is_new(f"{forgiven}"):
        learning.spent(1.0)
        forgiven += 1
        clock.now += 1.0
    assert forgiven == 12, "two per cent of ten minutes"
    clock.now += 600.0
    assert learning.is_new("later")


def read(account: Account, known: float, new: float) -> None:
    account.begin()
    with account.charging(Part.PANELS):
        account.charge(new, is_new=True)
        if known:
            account.charge(known)
    account.end()


def test_what_a_part_costs_is_without_what_was_learned_for_it(clock: Clock) -> None:
    account = Account()
    read(account, 0.0, 3.0)
    read(account, 0.0, 2.0)
    read(account, 0.01, 1.0)
    assert account.learned == 0.0, "the reading is over"
    assert account.cost(Part.PANELS) == 0.0, "too few readings to say so"
    for _ in range(2):
        read(account, 0.01, 0.0)
    assert account.cost(Part.PANELS) == pytest.approx(0.01)
    assert account.lately(Part.PANELS).seconds == pytest.approx(6.03), "what was spent was spent"


def test_the_last_reading_says_what_a_part_costs_but_not_one_that_had_to_wait(clock: Clock) -> None:
    account = Account()
    costs = []
    for seconds in (0.01, 0.02, 0.01, 0.025, 0.2, 0.02, 0.03, 0.06, 0.06):
        read(account, seconds, 0.0)
        costs.append(account.cost(Part.PANELS))
    assert costs == pytest.approx([0.0, 0.0, 0.01, 0.025, 0.075, 0.02, 0.03, 0.06, 0.06])
