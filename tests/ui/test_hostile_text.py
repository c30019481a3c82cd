"""Hostile text in everything the screens are made from: what they draw can neither command nor be clicked."""

from dataclasses import replace
from uuid import UUID

import pytest
from attacks import ATTACKS, rotated
from fake_performer import FakePerformer
from fakes import SERVER, START, FakeSource, FakeStage
from screen import running, text, until, until_back, until_opened, until_shown
from textual import constants
from textual.pilot import Pilot

from absurd_tui.observe.children import Child
from absurd_tui.observe.failure_groups import FailedRun
from absurd_tui.observe.family import Family, Relative
from absurd_tui.observe.records import Failure, Place, Refusal, State, TaskRow
from absurd_tui.observe.symptoms import Deferred, Failing, Flow, GoneWorker, Poison, Symptoms, Trend
from absurd_tui.observe.task_records import Attempt, CheckpointRow, Document, TaskPage, Wait
from absurd_tui.operations.outcomes import Refused
from absurd_tui.settings import Settings
from absurd_tui.text import filter_terminal
from absurd_tui.ui.app import AbsurdApp

HOSTILE = "".join(ATTACKS.values())


@pytest.fixture(params=["with plain", pytest.param("render filter alone", marks=pytest.mark.slow)])
def has_plain(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether both nets are there, or only the second."""
    if request.param == "with plain":
        return True
    monkeypatch.setattr("absurd_tui.text.clean", lambda raw: raw)
    return False


async def hostile_source() -> FakeSource:
    """One task in each state for each attack that comes first; every string it has, and the server's, is hostile."""
    queues = [HOSTILE, "q" + HOSTILE]
    server = replace(
        SERVER,
        address=HOSTILE,
        database=HOSTILE,
        role=HOSTILE,
        absurd_version=HOSTILE,
        version=HOSTILE,
        fake_now=HOSTILE,
    )
    source = FakeSource(queues=[*queues, "refused" + HOSTILE], server=server, address=HOSTILE)
    source.refused = {"refused" + HOSTILE: Refusal(HOSTILE)}
    stage = FakeStage(source)
    for number, attack in enumerate(rotated()):
        for state in State:
            task_id = await stage.spawn(queues[number % 2], attack)
            row = replace(
                source.rows[task_id],
                state=state,
                worker=attack,
                started_at=source.now,
                ended_at=source.now,
                wake_event=attack if state is State.SLEEPING else None,
                failure=Failure(attack, attack),
                reached_step=attack,
                preview=attack,
                max_duration=attack,
                max_delay=attack,
                idempotency_key=attack,
                claim_expires_at=source.now + 60,
            )
            source.rows[task_id] = row
            source.failed.append(hostile_failure(row, attack))
            source.symptoms[row.queue] = hostile_symptoms(task_id, attack)
            source.pages[task_id] = hostile_page(source, task_id, attack)
            relative = Child(attack, task_id, row.run_id, attack, state, 1, None, START)
            source.families[task_id] = Family((Relative(relative, attack, is_parent=True), Relative(relative, attack)))
    return source


def hostile_failure(row: TaskRow, attack: str) -> FailedRun:
    frame = f'  File "{attack}", line 1, in {attack}'
    return FailedRun(
        queue=row.queue,
        task_id=row.task_id,
        run_id=row.run_id,
        task_name=attack,
        attempt=1,
        max_attempts=None,
        claimed_at=START,
        failed_at=START,
        place=Place(0, row.run_id),
        name=attack,
        message=attack,
        trace=f"{frame}\n    {attack}\n    at {attack}",
        is_final=True,
    )


def hostile_symptoms(task_id: UUID, attack: str) -> Symptoms:
    return Symptoms(
        Poison(task_id, attack, attack, attack, attack),
        (GoneWorker(attack, 2, START, START),),
        Failing(attack, attack, 20, 20, 20),
        Trend(20, 1),
        Deferred(2, attack, 2, is_part=True),
        Flow(2, 1, is_capped=True),
    )


def hostile_page(source: FakeSource, task_id: UUID, attack: str) -> TaskPage:
    row = source.rows[task_id]
    json = Document(len(attack), f'{{"{attack}": ["{attack}", 1]}}')
    run = Attempt(
        run_id=row.run_id,
        attempt=1,
        state=row.state,
        worker=attack,
        claim_expires_at=row.claim_expires_at,
        available_at=row.available_at,
        started_at=row.started_at,
        completed_at=None,
        failed_at=row.ended_at,
        created_at=row.created_at,
        wake_event=attack,
        failure=Failure(attack, attack),
        reason=Document(9, f'{{"name": "{attack}", "message": "{attack}", "traceback": "{attack}"}}'),
    )
    return TaskPage(
        now=source.now,
        taken=0.0,
        queue=row.queue,
        task_id=task_id,
        task_name=attack,
        state=row.state,
        attempts=1,
        max_attempts=1,
        enqueued_at=row.enqueued_at,
        first_started_at=row.started_at,
        cancelled_at=source.now,
        retry_strategy=attack,
        cancellation=attack,
        max_duration=attack,
        max_delay=attack,
        idempotency_key=attack,
        params=json,
        headers=json,
        result=json,
        runs=(run,),
        checkpoints=(CheckpointRow(attack, attack, row.run_id, source.now, 9),),
        waits=(Wait(attack, attack, source.now, source.now),),
        checkpoints_refusal=Refusal(attack),
        waits_refusal=Refusal(attack),
    )


def assert_harmless(pilot: Pilot[int]) -> None:
    """Nothing that is drawn commands the terminal, and nothing is an action of markup."""
    for strip in pilot.app.screen._compositor.render_strips():
        for segment in strip:
            assert filter_terminal(segment.text) == segment.text
            assert segment.style is None or "@click" not in segment.style.meta


@pytest.mark.fault(88)
async def test_no_screen_draws_a_command_or_an_action(has_plain: bool) -> None:
    source = await hostile_source()
    async with running(source, size=(182, 40), settings=Settings(every=5.0)) as pilot:
        await until_shown(pilot, "PWNED-title")
        assert ("␛" in screen(pilot)) == has_plain
        for key, name in (("3", "Sleeping"), ("4", "Failed"), ("5", "Completed")):
            await pilot.press(key)
            await until_shown(pilot, f"{name}  1 of", "   key ")
            assert_harmless(pilot)
            await pilot.press("enter")
            await until_shown(pilot, "esc back", "Checkpoints", "6 Family  2", "child")
            for _ in range(3):
                assert_harmless(pilot)
                await pilot.press("t")
                await pilot.pause()
            await pilot.press("escape")
            await until(pilot, lambda: "esc back" not in screen(pilot))
        for keys in (("right",), ("right", "right"), ("z",)):
            await pilot.press(*keys)
            await pilot.pause()
            assert_harmless(pilot)


@pytest.mark.fault(88)
async def test_no_group_of_failures_draws_a_command_or_an_action(has_plain: bool) -> None:
    source, settings = await hostile_source(), Settings(every=5.0)
    source.server = replace(source.server, fake_now=None)
    async with running(source, size=(182, 40), settings=settings, performer=FakePerformer()) as pilot:
        await until_shown(pilot, "PWNED-title")
        await pilot.press("g")
        await until_shown(pilot, "Failure groups  ", " of 12 ")
        for key in ("down", "down", "enter", "down"):
            assert_harmless(pilot)
            await pilot.press(key)
            await pilot.pause()
        await until_shown(pilot, "for good")
        assert ("␛" in screen(pilot)) == has_plain
        assert_harmless(pilot)
        await pilot.press("r")
        await until_shown(pilot, " failed for good of ", "can be retried in place")
        assert_harmless(pilot)


@pytest.mark.fault(88)
async def test_the_words_of_a_lost_connection_are_harmless(has_plain: bool) -> None:
    source = await hostile_source()
    async with running(source) as pilot:
        source.fault = OSError(5, HOSTILE)
        await until_shown(pilot, "UNKNOWN", "No answer from the database for", "]0;PWNED-title")
        assert ("␛]0;PWNED-title" in screen(pilot)) == has_plain
        assert_harmless(pilot)


@pytest.mark.fault(88)
async def test_text_that_looks_like_a_link_cannot_be_clicked() -> None:
    source = FakeSource(queues=["mail"])
    await FakeStage(source).spawn("mail", "[@click=app.quit]press[/]")
    async with running(source) as pilot:
        await until_shown(pilot, "[@click=app.quit]press")
        app = pilot.app
        line = next(number for number, shown in enumerate(screen(pilot).splitlines()) if "[@click" in shown)
        await pilot.click(offset=(screen(pilot).splitlines()[line].index("press"), line))
        await pilot.pause()
        assert app.is_running


async def test_what_is_copied_cannot_run_where_it_is_pasted() -> None:
    source = FakeSource(queues=["mail"])
    async with running(source) as pilot:
        pilot.app.copy_to_clipboard(f"rm -rf /\n{HOSTILE}\n")
        copied = pilot.app.clipboard
    first, *others = copied.splitlines()
    assert (first, copied[-1:].isspace()) == ("rm -rf /", False)
    assert all(filter_terminal(line) == line for line in others)


@pytest.mark.fault(88)
@pytest.mark.slow
async def test_no_dialog_outcome_or_list_of_commands_draws_a_command_or_an_action(has_plain: bool) -> None:
    source, performer = await hostile_source(), FakePerformer(Refused(HOSTILE, HOSTILE))
    source.server = replace(source.server, fake_now=None)
    async with running(source, size=(130, 40), settings=Settings(every=5.0), performer=performer) as pilot:
        await until_shown(pilot, "PWNED-title")
        for panel, key in ("1c", "2e", "4r", "1s", "1?", "1m", "1C", "1v", "1W", "1E", "1Q", "1\x10"):
            below = pilot.app.screen
            await pilot.press(panel, {"?": "question_mark", "\x10": "ctrl+p"}.get(key, key))
            await until_opened(pilot, below)
            await pilot.pause(0.4)
            assert_harmless(pilot)
            await pilot.press("escape")
            await until_back(pilot, below)
        await pilot.press("1", "n")
        await until_shown(pilot, "spawn a copy:")
        assert_harmless(pilot)
        await pilot.press("1", "c")
        await until_shown(pilot, "Cancel task")
        await pilot.pause(0.5)
        await pilot.press("y")
        await until(pilot, lambda: bool(performer.requests))
        await until_shown(pilot, "efused")
        assert_harmless(pilot)
        await pilot.press("A")
        await until_shown(pilot, "esc back")
        assert_harmless(pilot)


@pytest.mark.fault(88)
async def test_no_event_draws_a_command_or_an_action(has_plain: bool) -> None:
    source = await hostile_source()
    for attack in rotated():
        source.emit(source.queues[0], attack, f'{{"{attack}": 1}}')
    source.payloads = {event.key: f'["{event.name}"]' for event in source.events_emitted}
    async with running(source, size=(130, 40), settings=Settings(every=5.0)) as pilot:
        await until_shown(pilot, "live")
        for table in ("1", "2"):
            await pilot.press("E")
            await until_shown(pilot, "Awaited, not emitted", "PWNED-title")
            await pilot.press(table, "down")
            assert_harmless(pilot)
            await pilot.press("enter")
            await until(pilot, lambda: len(pilot.app.screen_stack) == 3)
            await pilot.pause(0.3)
            assert_harmless(pilot)
            await pilot.press("D")


async def test_no_picture_of_payloads_is_offered() -> None:
    async with running(FakeSource(queues=["mail"])) as pilot:
        offered = {command.title for command in pilot.app.get_system_commands(pilot.app.screen)}
    assert "Theme" in offered
    assert not {title for title in offered if "screenshot" in title.lower()}


async def test_a_browser_may_look_and_write_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DRIVER", "textual.drivers.web_driver:WebDriver")
    source, performer = FakeSource(queues=["mail"]), FakePerformer()
    await FakeStage(source).spawn("mail", "letter")
    async with running(source, performer=performer) as pilot:
        await until_shown(pilot, "READ ONLY", "letter")
        for key in ("c", "y", "s"):
            await pilot.press(key)
            await pilot.pause(0.4)
        assert len(pilot.app.screen_stack) == 1
        assert performer.requests == []


def screen(pilot: Pilot[int]) -> str:
    assert isinstance(pilot.app, AbsurdApp)
    return text(pilot.app)
