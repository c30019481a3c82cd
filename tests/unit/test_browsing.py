"""Where a panel is read as its cursor moves, and how the rows of several queues become one page."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readings import NOW, row

from absurd_tui.observe.pages import Batch, cut
from absurd_tui.observe.places import NEWEST_FIRST, first_place, last_place, microseconds, order, placed
from absurd_tui.observe.records import Away, Head, PanelReading, Place, State, TaskRow
from absurd_tui.ui.browsing import onward

MARGIN, PAGE = 5, 20
ASCENDING = State.PENDING


def rows(state: State, numbers: Sequence[int], queue: str = "mail") -> tuple[TaskRow, ...]:
    """Rows by the microsecond and the id at which each stands."""
    return tuple(
        row(
            state, queue=queue, run_id=UUID(int=number), task_id=UUID(int=number), place=Place(number, UUID(int=number))
        )
        for number in numbers
    )


def reading(
    numbers: Sequence[int], away: Away | None = None, before: int | None = None, after: int | None = None
) -> PanelReading:
    places = [None if number is None else Place(number, UUID(int=number)) for number in (before, after)]
    return PanelReading(ASCENDING, rows(ASCENDING, numbers), away=away, before=places[0], after=places[1])


def around(number: int) -> Away:
    place = Place(number, UUID(int=number))
    return Away(ASCENDING, place, place)


def test_at_the_head_nothing_else_is_read_until_its_end_is_near() -> None:
    head = reading(range(PAGE), after=19)
    assert [onward(head, at, MARGIN, PAGE, NOW) for at in range(15)] == [None] * 15
    assert [onward(head, at, MARGIN, PAGE, NOW) for at in (15, 19)] == [around(15), around(19)]


def test_at_a_head_that_holds_everything_nothing_else_is_ever_read() -> None:
    head = reading(range(PAGE))
    assert [onward(head, at, MARGIN, PAGE, NOW) for at in range(PAGE)] == [None] * PAGE


def test_away_it_is_read_around_the_cursor_near_an_end_alone() -> None:
    away = around(70)
    page = reading(range(40, 101), away, before=40, after=100)
    assert onward(page, 30, MARGIN, PAGE, NOW) == away
    assert onward(page, 4, MARGIN, PAGE, NOW) == around(44)
    assert onward(page, 56, MARGIN, PAGE, NOW) == around(96)
    assert onward(replace(page, after=None), 60, MARGIN, PAGE, NOW) == away
    assert onward(replace(page, before=None), 0, MARGIN, PAGE, NOW) is None, "the head holds it"


def test_where_a_look_found_nothing_it_goes_on_where_that_ended() -> None:
    page = reading(range(40, 101), around(70), before=9, after=5000)
    down, up = onward(page, 60, MARGIN, PAGE, NOW), onward(page, 0, MARGIN, PAGE, NOW)
    assert down == Away(ASCENDING, Place(100, UUID(int=100)), Place(5000, UUID(int=5000)))
    assert up == Away(ASCENDING, Place(9, UUID(int=9)), Place(40, UUID(int=40)))


def test_an_empty_page_is_left_where_it_is() -> None:
    assert onward(reading([], around(7)), 0, MARGIN, PAGE, NOW) == around(7)


@pytest.mark.parametrize("state", sorted(NEWEST_FIRST))
def test_what_follows_the_head_of_ended_tasks_leaves_its_rows_out(state: State) -> None:
    shown = rows(state, range(100 + PAGE, 100, -1))
    head = PanelReading(state, shown, after=first_place(state))
    away = onward(head, 16, MARGIN, PAGE, NOW)
    kept = Head(tuple(found.run_id for found in shown), microseconds(NOW))
    assert away == Away(state, first_place(state), first_place(state), kept)
    follow = rows(state, range(100, 60, -1))
    page = PanelReading(state, (*shown, *follow), away=away, after=follow[-1].place)
    assert onward(page, 17, MARGIN, PAGE, NOW) == away
    assert onward(page, 58, MARGIN, PAGE, NOW) == Away(state, placed(follow[38]), placed(follow[38]), kept)


queues = st.lists(st.lists(st.integers(0, 30), max_size=25), min_size=1, max_size=4)


@given(queues, st.sampled_from([State.PENDING, State.COMPLETED]), st.integers(2, 8), st.booleans())
def test_pages_of_several_queues_are_one_walk_over_all_of_them(
    made: list[list[int]], state: State, half: int, is_down: bool
) -> None:
    batches: list[list[TaskRow]] = []
    numbered = 0
    for queue, times in enumerate(made):
        batches.append([])
        for at in times:
            numbered += 1
            place = Place(at, UUID(int=numbered))
            batches[-1].append(row(state, queue=f"q{queue}", run_id=place.run_id, task_id=place.run_id, place=place))

    def far(place: Place) -> tuple[int, ...]:
        return tuple(part if is_down else -part for part in order(state, place))

    def read(away: Away) -> PanelReading:
        """Each queue gives at most `half` rows in each direction, as its statement does."""
        given_rows = []
        for batch in batches:
            up = sorted(
                (r for r in batch if order(state, placed(r)) <= order(state, away.up)),
                key=lambda r: order(state, placed(r)),
            )
            down = sorted(
                (r for r in batch if order(state, placed(r)) >= order(state, away.down)),
                key=lambda r: order(state, placed(r)),
            )
            given_rows.append(Batch([*up[-half:], *down[:half]]))
        return cut(away, given_rows, half)

    start = first_place(state) if is_down else last_place(state)
    away = Away(state, start, start)
    met: list[TaskRow] = []
    for _ in range(200):
        page = read(away)
        ahead = page.rows if is_down else tuple(reversed(page.rows))
        met += [found for found in ahead if not met or far(placed(found)) > far(placed(met[-1]))]
        going_on = page.after if is_down else page.before
        if going_on is None:
            break
        away = Away(state, going_on, going_on)
    everything = sorted((found for batch in batches for found in batch), key=lambda found: far(placed(found)))
    assert [found.run_id for found in met] == [found.run_id for found in everything]
