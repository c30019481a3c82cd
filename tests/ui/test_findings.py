"""The findings: the list of all that is wrong, what each means, and the keys that go there."""

import asyncio

import pytest
from fakes import FakeSource, FakeStage
from screen import lines, running, text, until, until_back, until_opened, until_shown
from textual.pilot import Pilot
from troubled import trouble

from absurd_tui.observe.records import Refusal, Snapshot, State, View
from absurd_tui.settings import Settings
from absurd_tui.ui.screens.dashboard import Dashboard
from absurd_tui.ui.screens.findings import FindingsScreen
from absurd_tui.ui.screens.task import TaskScreen
from absurd_tui.ui.widgets.panel import Panel

pytestmark = pytest.mark.slow


def panel_of(pilot: Pilot[int]) -> State | None:
    focused = pilot.app.screen.focused
    return focused.state if isinstance(focused, Panel) else None


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_list_has_all_that_is_wrong_and_explains_the_one_under_the_cursor(size: tuple[int, int]) -> None:
    async with trouble(size=size) as (pilot, _, _):
        assert ("V its page" in text(pilot.app)) == (size[0] >= 116)
        await pilot.press("v")
        await until_shown(pilot, "Findings  1 of 3", "absurd.claim_task reads the cancellation policy of every live")
        assert [line.split()[0] for line in lines(pilot.app)[2:5]] == ["WEDGED", "DEGRADED", "DEGRADED"]
        assert 'cancel it, and claims work again; none can read its max_duration "soon".' in " ".join(
            text(pilot.app).split()
        )
        await pilot.press("down")
        await until_shown(pilot, "A lease that is over ends nothing by itself")
        await pilot.press("escape")
        await until_shown(pilot, "Queues")


@pytest.mark.parametrize(("downs", "key"), [(0, "enter"), (0, "V")])
async def test_the_worst_leads_to_the_page_of_the_task_that_stops_the_claims(downs: int, key: str) -> None:
    async with trouble() as (pilot, _, poison):
        if key == "enter":
            below = pilot.app.screen
            await pilot.press("v")
            await until_opened(pilot, below)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
        assert isinstance(pilot.app.screen, TaskScreen)
        assert pilot.app.screen.task_id == poison


async def test_a_finding_leads_to_its_panel_with_its_queue_chosen() -> None:
    async with trouble() as (pilot, source, _):
        below = pilot.app.screen
        await pilot.press("v")
        await until_opened(pilot, below)
        await pilot.press("down", "enter")
        await until_back(pilot, below)
        await until(pilot, lambda: panel_of(pilot) is State.RUNNING and source.read[-1].queue == "orders")


async def test_a_refused_queue_leads_to_the_grant_that_lacks() -> None:
    async with trouble() as (pilot, _, _):
        below = pilot.app.screen
        await pilot.press("v")
        await until_opened(pilot, below)
        await pilot.press("end", "enter")
        await until_shown(pilot, "A database owner can allow it:", "GRANT SELECT ON absurd.t_zoo TO tester;")


async def test_the_list_is_empty_once_all_is_cured_and_enter_then_leads_nowhere() -> None:
    async with trouble() as (pilot, source, _):
        source.rows.clear()
        source.symptoms.clear()
        source.refused.clear()
        await until_shown(pilot, " OK ", "All quiet since ")
        await pilot.press("V")
        await until_shown(pilot, "go to the worst: nothing is found to be wrong.")
        below = pilot.app.screen
        await pilot.press("v")
        await until_shown(pilot, "Nothing is found to be wrong.")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, FindingsScreen)
        await pilot.press("v")
        await until_back(pilot, below)
        assert isinstance(pilot.app.screen, Dashboard)


@pytest.mark.parametrize("rings", [True, False])
async def test_the_bell_rings_once_when_the_verdict_gets_worse(rings: bool) -> None:
    source = FakeSource(queues=["mail"])
    async with running(source, settings=Settings(every=0.1, rings=rings)) as pilot:
        rung: list[int] = []
        pilot.app.bell = lambda: rung.append(1)  # type: ignore[method-assign]
        await until_shown(pilot, "All quiet since ")
        source.refused = {"mail": Refusal("locked")}
        source.queues.append("orders")
        await until_shown(pilot, " DEGRADED ")
        read = len(source.read)
        await until(pilot, lambda: len(source.read) > read + 3)
        assert len(rung) == rings
        source.refused = {}
        await until_shown(pilot, "All quiet since ")
        assert len(rung) == rings, "it got better"


async def test_a_reading_that_does_not_come_is_told_with_the_time_that_the_screen_is_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("absurd_tui.ui.widgets.head._LATE", 0.5)
    source = FakeSource(queues=["mail"])
    answers, whole = asyncio.Event(), source.snapshot
    answers.set()

    async def slow(view: View, *, is_urged: bool = False) -> Snapshot:
        await answers.wait()
        return await whole(view, is_urged=is_urged)

    source.snapshot = slow  # type: ignore[method-assign]
    async with running(source) as pilot:
        await until_shown(pilot, "All quiet since ")
        answers.clear()
        await until_shown(pilot, " UNKNOWN ", "Nothing was read for ", "Everything below is from ", " STALE ")
        answers.set()
        await until_shown(pilot, " OK ", "All quiet since ", "live")


async def test_often_failing_attempts_are_never_red_under_a_verdict_that_says_ok() -> None:
    source = FakeSource(queues=["mail"])
    stage = FakeStage(source)
    for _ in range(12):
        task_id = await stage.spawn("mail", "charge")
        await stage.claim(task_id, "pay-1:7")
        await stage.fail(task_id, "HTTPError", "503")
    async with running(source) as pilot:
        await until_shown(pilot, " DEGRADED ", "12 attempts claimed in the last minute failed.", "12/min by claim")
