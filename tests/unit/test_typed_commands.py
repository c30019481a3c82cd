"""What is typed in the command bar names one command of the table, with an argument that can be one; or is refused."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.observe.search.completion import Known
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain
from absurd_tui.ui.command_line import Place, Typed, offered, read
from absurd_tui.ui.commands import COMMANDS, Scope

SCREENS = {
    "dashboard": frozenset({Scope.EVERYWHERE, Scope.ACTING, Scope.MANAGING, Scope.DASHBOARD}),
    "task": frozenset({Scope.EVERYWHERE, Scope.ACTING, Scope.MANAGING, Scope.TASK}),
    "activity": frozenset({Scope.EVERYWHERE, Scope.ACTIVITY}),
    "queues": frozenset({Scope.EVERYWHERE, Scope.MANAGING, Scope.QUEUES}),
    "found": frozenset({Scope.EVERYWHERE, Scope.ACTING, Scope.MANAGING, Scope.FOUND}),
}
KNOWN = Known(("emails", "odd queue [x]"), ("charge_card",), ("host-3",))
DASHBOARD = Place(SCREENS["dashboard"], KNOWN, ("absurd-dark", "nord"), Clock(1_790_000_000.0, utc=True))
FOUND = Place(SCREENS["found"], KNOWN, ("nord",))


@pytest.mark.parametrize("screen", SCREENS)
def test_each_word_names_one_command_of_a_screen(screen: str) -> None:
    words = Counter(command.word for command in COMMANDS if command.scope in SCREENS[screen])
    assert [word for word, number in words.items() if number > 1] == []
    assert all(word and word == word.strip().lower() and " " not in word for word in words)


@pytest.mark.parametrize(
    ("typed", "id", "argument"),
    [
        (":cancel", "task.cancel", ""),
        ("  QUIT ", "quit", ""),
        ("queue emails", "queue.choose", "emails"),
        ("queue odd queue [x]", "queue.choose", "odd queue [x]"),
        ("queue all", "queue.choose", "all"),
        ("theme nord", "theme", "nord"),
        ("task", "task.find_id", ""),
        ("task 0197c3d24e5f", "task.find_id", "0197c3d24e5f"),
        ("find state:failed  x", "task.find", "state:failed  x"),
        ("spawn charge_card", "task.spawn", "charge_card"),
        ("time 14:05", "panel.go_to", "14:05"),
        ("interval 2.5", "read.interval", "2.5"),
    ],
)
def test_a_command_is_read_with_what_it_takes(typed: str, id: str, argument: str) -> None:
    found = read(typed, DASHBOARD)
    assert isinstance(found, Typed)
    assert (found.command.id, found.argument) == (id, argument)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "A command is missing; tab shows what there is."),
        (":", "A command is missing; tab shows what there is."),
        ("cancle", "There is no command cancle. Did you mean cancel?"),
        ("\x1b[31m", "There is no command ␛[31m. tab shows what there is."),
        ("queue", "queue: QUEUE is missing."),
        ("queue email", "queue: there is no queue email. Did you mean emails?"),
        ("queue '; drop --", "queue: there is no queue '; drop --."),
        ("theme mauve", "theme: there is no theme mauve."),
        ("task 0197", "task: 0197 has 4 digits; it takes the first ten digits of an id, or more."),
        ("find state:fialed", "find: at fialed: There is no state fialed."),
        ("interval never", "interval: never is no number of seconds from 0.2 to 3600."),
        ("interval nan", "interval: nan is no number of seconds from 0.2 to 3600."),
        ("time soonish", "time: No time: soonish."),
        ("zoom in", "zoom takes nothing after it."),
        ("load-whole", "load-whole: not on this screen."),
    ],
)
def test_what_is_none_is_one_clear_line(typed: str, said: str) -> None:
    found = read(typed, DASHBOARD)
    assert isinstance(found, Plain)
    assert found.text.startswith(said)


def test_before_the_first_reading_a_time_is_refused() -> None:
    assert read("time 14:05", Place(SCREENS["dashboard"], Known(), ())) == Plain("time: nothing was read yet.")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("qui", "quit"),
        (":th", "theme"),
        ("theme n", "theme nord"),
        ("queue ", "queue all"),
        ("queue e", "queue emails"),
        ("spawn ch", "spawn charge_card"),
        ("find sta", "find state:"),
        ("find state:f", "find state:failed"),
    ],
)
def test_it_offers_what_it_may_go_on_with(typed: str, first: str) -> None:
    assert offered(typed, DASHBOARD)[0] == first


def test_it_offers_nothing_of_another_screen() -> None:
    assert "zoom" not in offered("z", FOUND)
    assert offered("zoom ", FOUND) == ()


@given(st.text())
def test_no_text_breaks_it(typed: str) -> None:
    read(typed, DASHBOARD)
    assert all(isinstance(option, str) for option in offered(typed, FOUND))
