import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest
from asyncpg import exceptions as pg
from fakes import SERVER
from readings import snapshot
from virtual_time import VirtualLoop

from absurd_tui.errors import CannotStart
from absurd_tui.observe.poll import Poll
from absurd_tui.observe.records import Link, LinkState, Server, Snapshot, State, View

LOST = ConnectionResetError(104, "Connection reset by peer")
REFUSED = ConnectionRefusedError(111, "Connection refused")
DEADLOCK = pg.DeadlockDetectedError("deadlock detected")
WRONG_PASSWORD = pg.InvalidPasswordError("password authentication failed")
ORDERS = View("orders")


class Script:
    """A reader that costs and fails as it is told, and the poll over it with everything it said."""

    def __init__(self, loop: VirtualLoop, *, every: float = 1.0) -> None:
        self.loop = loop
        self.takes = 0.001
        self.costs, self.learned = list[float](), list[float]()
        self.open_faults: list[Exception] = []
        self.read_faults: list[Exception] = []
        self.opened: list[float] = []
        self.read: list[tuple[float, View]] = []
        self.urged: list[bool] = []
        self.links: list[tuple[float, Link]] = []
        self.arrived: list[float] = []
        self.in_flight = self.most_in_flight = 0
        self.poll = Poll(self, every=every, snapshot_arrived=self._arrived, link_changed=self._linked)

    async def open(self) -> Server:
        self.opened.append(self.loop.time())
        await asyncio.sleep(0.001)
        if self.open_faults:
            raise self.open_faults.pop(0)
        return SERVER

    async def snapshot(self, view: View, *, is_urged: bool = False) -> Snapshot:
        self.in_flight += 1
        self.urged.append(is_urged)
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.read.append((self.loop.time(), view))
        await asyncio.sleep(self.takes)
        self.in_flight -= 1
        if self.read_faults:
            raise self.read_faults.pop(0)
        cost = self.costs.pop(0) if self.costs else 0.001
        return replace(snapshot(), view=view, cost=cost, learned=self.learned.pop(0) if self.learned else 0.0)

    def _arrived(self, snapshot: Snapshot) -> None:
        self.arrived.append(self.loop.time())

    def _linked(self, link: Link) -> None:
        self.links.append((self.loop.time(), link))

    @property
    def states(self) -> list[LinkState]:
        return [link.state for _, link in self.links]

    def play(self, seconds: float, story: Callable[[], Awaitable[None]] | None = None) -> None:
        """Poll for some seconds while a story goes on."""

        async def both() -> None:
            polling = asyncio.create_task(self.poll.run())
            try:
                if story is not None:
                    await story()
                await asyncio.sleep(seconds)
                assert not polling.done(), "a poll never ends by itself"
            finally:
                polling.cancel()
                await asyncio.gather(polling, return_exceptions=True)

        self.loop.run_until_complete(both())


def gaps(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    monkeypatch.setattr("absurd_tui.observe.poll.time", SimpleNamespace(monotonic=loop.time))
    yield loop
    loop.close()


@pytest.fixture
def script(loop: VirtualLoop) -> Script:
    return Script(loop)


# when all is well


def test_it_opens_once_and_reads_once_a_second(script: Script) -> None:
    script.play(10.5)
    assert len(script.opened) == 1
    assert len(script.read) == 11
    assert script.states == [LinkState.LIVE]
    assert gaps(script.arrived) == pytest.approx([1.001] * 10)


def test_a_slow_reading_is_never_overtaken_by_the_next(script: Script) -> None:
    script.takes = 2.5

    async def impatient() -> None:
        for _ in range(40):
            script.poll.nudge()
            await asyncio.sleep(0.1)

    script.play(10, impatient)
    assert script.most_in_flight == 1
    assert len(script.read) >= 4


def test_a_nudge_reads_now_and_the_pause_begins_anew(script: Script) -> None:
    async def nudge() -> None:
        await asyncio.sleep(0.5)
        script.poll.nudge()
        await asyncio.sleep(0.1)
        assert len(script.read) == 2

    script.play(2, nudge)
    assert gaps(script.arrived)[1:] == pytest.approx([1.001] * len(gaps(script.arrived)[1:]))


def test_another_view_is_read_at_once_and_the_same_view_is_not(script: Script) -> None:
    async def change() -> None:
        await asyncio.sleep(0.3)
        script.poll.watch(View())
        await asyncio.sleep(0.1)
        assert len(script.read) == 1
        script.poll.watch(ORDERS)
        await asyncio.sleep(0.1)
        assert [view for _, view in script.read] == [View(), ORDERS]

    script.play(1, change)


def test_a_view_that_changes_while_the_old_one_is_being_read_is_read_right_after(loop: VirtualLoop) -> None:
    script = Script(loop, every=20.0)
    script.takes = 0.4

    async def change() -> None:
        await asyncio.sleep(0.2)
        assert script.in_flight == 1
        script.poll.watch(ORDERS)
        await asyncio.sleep(0.4)
        assert [view for _, view in script.read] == [View(), ORDERS], "not only after the pause"

    script.play(15, change)
    assert len(script.read) == 2


def test_a_new_interval_counts_at_once(script: Script) -> None:
    async def change() -> None:
        await asyncio.sleep(0.5)
        script.poll.set_every(30.0)
        await asyncio.sleep(0.1)

    script.play(60, change)
    assert script.poll.every == script.poll.pause == 30.0
    assert [round(gap) for gap in gaps(script.arrived)] == [0, 30, 30]


# its share of a backend


@pytest.mark.parametrize(
    ("costs", "learned", "pauses"),
    [
        ([9.0, 0.001, 0.001], [], [1.0, 1.0, 1.0]),
        ([0.001, 0.1, 0.1, 0.1, 0.1], [], [1.0, 1.0, 1.0, 6.25, 6.25]),
        ([0.001, 0.01, 0.01, 0.9, 0.01, 0.01], [], [1.0] * 6),
        ([0.001, 0.01, 0.1, 0.2, 0.3], [], [1.0, 1.0, 1.0, 6.25, 12.5]),
        ([0.001, 0.9, 0.01, 0.01], [], [1.0, 1.0, 1.0, 1.0]),
        ([0.001, 0.5, 0.5, 0.5, 0.5], [0.0, 0.49, 0.49, 0.3], [1.0, 1.0, 1.0, 1.0, 12.5]),
    ],
)
def test_the_median_of_three_sets_the_pause_but_for_the_first_of_a_connection_and_what_was_learned(
    script: Script, costs: list[float], learned: list[float], pauses: list[float]
) -> None:
    script.costs, script.learned = list(costs), list(learned)
    told: list[float] = []
    script.poll._snapshot_arrived = lambda snapshot: told.append(script.poll.pause)
    script.play(sum(pauses) - 0.5)
    assert told[: len(pauses)] == pytest.approx(pauses)


def test_costs_before_a_lost_connection_are_forgotten(script: Script) -> None:
    script.costs = [0.001, 0.1, 0.1, 0.1, 0.1]
    told: list[float] = []
    script.poll._snapshot_arrived = lambda snapshot: told.append(script.poll.pause)

    async def lose() -> None:
        await asyncio.sleep(6)
        assert script.poll.pause == 6.25
        script.read_faults = [LOST]

    script.play(6, lose)
    assert len(script.opened) == 2
    assert told[:5] == [1.0, 1.0, 1.0, 6.25, 1.0]


# when the connection is lost


def test_a_lost_connection_is_made_anew_at_once_and_lives_again(script: Script) -> None:
    async def lose() -> None:
        await asyncio.sleep(1.5)
        script.read_faults = [LOST]

    script.play(2, lose)
    assert script.states == [LinkState.LIVE, LinkState.LOST, LinkState.LIVE]
    lost_at, lost = script.links[1]
    assert (lost.reason, lost.attempt) == ("Connection reset by peer.", 0)
    assert (lost.since, lost.retry_at) == (lost_at, lost_at)
    assert script.opened[1] - lost_at < 0.01
    assert script.links[2][0] - lost_at < 0.01


def test_pauses_between_tries_grow_to_15_seconds_with_a_fifth_of_jitter(script: Script) -> None:
    async def lose() -> None:
        await asyncio.sleep(0.5)
        script.read_faults = [LOST]
        script.open_faults = [REFUSED] * 12

    script.play(150, lose)
    lost = [link for _, link in script.links if link.state is LinkState.LOST]
    assert [link.attempt for link in lost] == list(range(13))
    assert len({link.since for link in lost}) == 1, "since when it is lost does not move with each try"
    assert lost[-1].reason == "Connection refused: no PostgreSQL listens at this address."
    expected = [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, *[15.0] * 7]
    waited = gaps(script.opened[1:])
    for pause, base in zip(waited, expected[1:], strict=False):
        assert 0.8 * base <= pause <= 1.2 * base + 0.01
    assert len({round(pause / base, 6) for pause, base in zip(waited, expected[1:], strict=False)}) > 6, "jittered"
    told = [link.retry_at - at for at, link in script.links if link.retry_at is not None]
    assert waited == pytest.approx(told[1 : len(waited) + 1], abs=0.01), "and retried when it was said"


@pytest.mark.fault(19)
def test_a_server_without_room_is_asked_four_times_in_15_seconds_at_most(script: Script) -> None:
    script.open_faults = [pg.TooManyConnectionsError("sorry, too many clients already")] * 20
    script.play(60)
    assert all(sum(at <= other <= at + 15 for other in script.opened) <= 4 for at in script.opened)
    assert script.links[0][1].reason == "Too many connections: sorry, too many clients already"
    assert set(script.states) == {LinkState.LOST}


def test_after_it_lived_again_the_pauses_begin_anew(script: Script) -> None:
    async def lose_twice() -> None:
        for _ in range(2):
            await asyncio.sleep(1.5)
            script.read_faults = [LOST]
            script.open_faults = [REFUSED] * 4
            await asyncio.sleep(20)

    script.play(1, lose_twice)
    assert [link.attempt for _, link in script.links if link.state is LinkState.LOST] == [0, 1, 2, 3, 4] * 2
    assert script.states.count(LinkState.LIVE) == 3


def test_a_nudge_urges_one_reading_and_another_view_none(script: Script) -> None:
    async def ask() -> None:
        await asyncio.sleep(0.5)
        script.poll.watch(ORDERS)
        await asyncio.sleep(0.2)
        script.poll.nudge()

    script.play(2, ask)
    assert script.urged[:4] == [False, False, True, False]


def test_what_the_server_undid_is_read_once_more_as_urgently(script: Script) -> None:
    async def nudge() -> None:
        await asyncio.sleep(0.5)
        script.read_faults = [DEADLOCK]
        script.poll.nudge()

    script.play(1.0, nudge)
    assert script.urged[:3] == [False, True, True]


def test_a_nudge_cuts_the_pause_short(script: Script) -> None:
    script.open_faults = [REFUSED] * 6

    async def nudge() -> None:
        await asyncio.sleep(7)
        tried = len(script.opened)
        script.poll.nudge()
        await asyncio.sleep(0.1)
        assert len(script.opened) == tried + 1

    script.play(0, nudge)


def test_a_server_that_is_down_at_the_start_is_waited_for(script: Script) -> None:
    script.open_faults = [REFUSED, pg.CannotConnectNowError("the database system is starting up")]
    script.play(5)
    assert script.states == [LinkState.LOST, LinkState.LOST, LinkState.LIVE]
    assert [link.attempt for _, link in script.links[:2]] == [1, 2]
    assert script.links[1][1].reason == "the database system is starting up"


def test_a_reading_without_an_answer_costs_the_connection(script: Script) -> None:
    async def hang() -> None:
        await asyncio.sleep(0.5)
        script.read_faults = [TimeoutError()]

    script.play(2, hang)
    assert script.links[1][1].reason == "The database did not answer in time."
    assert len(script.opened) == 2


# what is not tried again


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (WRONG_PASSWORD, "password authentication failed"),
        (pg.InvalidCatalogNameError('database "x" does not exist'), 'database "x" does not exist'),
        (CannotStart("There is no Absurd schema."), "There is no Absurd schema."),
    ],
)
def test_what_is_refused_is_not_tried_again_until_asked(script: Script, error: Exception, reason: str) -> None:
    script.open_faults = [error, error]

    async def ask() -> None:
        await asyncio.sleep(3600)
        assert len(script.opened) == 1
        assert script.states == [LinkState.REFUSED]
        assert (script.links[0][1].reason, script.links[0][1].retry_at) == (reason, None)
        script.poll.nudge()
        await asyncio.sleep(3600)
        assert len(script.opened) == 2
        assert script.states == [LinkState.REFUSED, LinkState.CONNECTING, LinkState.REFUSED]
        script.poll.nudge()

    script.play(1, ask)
    assert script.states[-2:] == [LinkState.CONNECTING, LinkState.LIVE]


def test_asking_for_a_view_while_the_password_is_being_refused_does_not_send_it_again(script: Script) -> None:
    script.open_faults = [WRONG_PASSWORD] * 9

    async def look_elsewhere() -> None:
        await asyncio.sleep(0.0005)
        script.poll.watch(View(panels=(State.FAILED,)))

    script.play(60, look_elsewhere)
    assert len(script.opened) == 1


def test_a_schema_that_goes_away_while_watching_is_told_and_not_asked_for_in_a_loop(script: Script) -> None:
    async def drop() -> None:
        await asyncio.sleep(0.5)
        script.read_faults = [pg.UndefinedTableError('relation "absurd.queues" does not exist')]
        script.open_faults = [CannotStart("There is no Absurd schema.")]

    script.play(60, drop)
    assert script.states == [LinkState.LIVE, LinkState.LOST, LinkState.REFUSED]
    assert script.links[-1][1].reason == "There is no Absurd schema."


# what may pass at once


def test_what_the_server_undid_is_read_once_more_without_a_word(script: Script) -> None:
    async def undo() -> None:
        await asyncio.sleep(0.5)
        script.read_faults = [DEADLOCK]

    script.play(1.0, undo)
    assert len(script.read) == 3
    assert script.states == [LinkState.LIVE]
    assert len(script.opened) == 1


def test_what_the_server_undoes_twice_costs_the_connection(script: Script) -> None:
    async def undo() -> None:
        await asyncio.sleep(0.5)
        script.read_faults = [DEADLOCK, DEADLOCK]

    script.play(1.0, undo)
    assert script.states == [LinkState.LIVE, LinkState.LOST, LinkState.LIVE]
    assert len(script.opened) == 2
