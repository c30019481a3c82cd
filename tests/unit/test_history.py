"""Back and forward, in the manner of a browser."""

from absurd_tui.ui.history import MOST_SPOTS, History, Spot

A, B, C, D = (Spot(kind) for kind in "ABCD")


def been(*spots: Spot) -> History:
    history = History()
    for spot in spots:
        history.came(spot, is_return=False)
    return history


def test_one_step_back_and_one_forward() -> None:
    history = been(A, B, C)
    assert (history.behind, history.ahead) == (B, None)
    history.came(B, is_return=True)
    assert (history.behind, history.ahead) == (A, C)
    history.came(C, is_return=False)
    assert (history.behind, history.ahead) == (B, None)


def test_to_go_elsewhere_forgets_what_was_ahead() -> None:
    history = been(A, B, C)
    history.came(B, is_return=True)
    history.came(D, is_return=False)
    assert (history.behind, history.ahead) == (B, None)


def test_closing_several_screens_at_once_keeps_all_of_them_ahead() -> None:
    history = been(A, B, C, D)
    history.came(A, is_return=True)
    assert (history.behind, history.ahead) == (None, B)
    history.came(B, is_return=False)
    assert history.ahead == C


def test_back_to_one_whose_place_another_took() -> None:
    history = been(A, B, C)
    history.came(B, is_return=False)
    assert (history.behind, history.ahead) == (A, C)


def test_the_same_again_is_no_step_and_the_number_is_bounded() -> None:
    history = been(A, A)
    assert history.behind is None
    history = been(*(Spot("page", (number,)) for number in range(3 * MOST_SPOTS)))
    for number in range(3 * MOST_SPOTS - 2, 2 * MOST_SPOTS - 1, -1):
        assert history.behind == Spot("page", (number,))
        history.came(Spot("page", (number,)), is_return=True)
    assert history.behind is None
