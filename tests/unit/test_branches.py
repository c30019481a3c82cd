import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from asyncpg import exceptions as pg
from hypothesis import given
from hypothesis import strategies as st
from readings import HOSTILE

from absurd_tui.observe.branches import MAX_QUEUES, MAX_RELATIONS, Asked, Gathered, ListedQueue, Question, refusal
from absurd_tui.observe.lock_holders import HeldLockError, LockHolder
from absurd_tui.observe.records import Refusal

LOCKED = pg.LockNotAvailableError("canceling statement due to lock timeout")


def listed(name: str, partitions: int = 0) -> ListedQueue:
    return ListedQueue(name, "unpartitioned", partitions, may_checkpoints=True, refusal=None)


def relations(queues: Sequence[ListedQueue]) -> int:
    return sum(queue.relations(checkpoints=True) for queue in queues)


def chunks(queues: Sequence[ListedQueue], *questions: str) -> list[list[ListedQueue]]:
    """The queues of each statement; each queue is asked as many questions."""
    asked = Asked(fetch=Server().fetch, branch=text, role="operator", checkpoints=True)
    abouts = questions or ("",)
    cut = asked.chunks([Question(queue, about) for queue in queues for about in abouts])
    for chunk in cut:
        assert [question.about for question in chunk] == [*abouts] * (len(chunk) // len(abouts))
    return [[question.queue for question in chunk if question.about == abouts[0]] for chunk in cut]


def text(position: int, queue: str, about: str) -> str:
    return f"{position}:{queue}{about}"


def many(number: int) -> list[ListedQueue]:
    return [listed(f"q{index}") for index in range(number)]


# how queues are cut into statements


@given(st.lists(st.integers(0, 80), max_size=120))
def test_every_queue_is_asked_once_and_in_order_with_few_enough_relations(partitions: list[int]) -> None:
    queues = [listed(f"q{index}", number) for index, number in enumerate(partitions)]
    cut = chunks(queues)
    assert [queue for chunk in cut for queue in chunk] == queues
    for chunk in cut:
        assert 1 <= len(chunk) <= MAX_QUEUES
        assert len(chunk) == 1 or relations(chunk) <= MAX_RELATIONS
    for chunk, following in pairwise(cut):
        is_full = len(chunk) == MAX_QUEUES
        assert is_full or relations((*chunk, following[0])) > MAX_RELATIONS


def test_plain_queues_go_45_to_a_statement_and_partitioned_ones_by_their_partitions() -> None:
    assert [len(chunk) for chunk in chunks(many(100))] == [45, 45, 10]
    assert [len(chunk) for chunk in chunks([listed(f"q{index}", 13) for index in range(10)])] == [3, 3, 3, 1]
    exactly = [listed(f"q{index}", number) for index, number in enumerate((16, 15, 14, 0))]
    assert relations(exactly[:3]) + 17 == MAX_RELATIONS
    assert [len(chunk) for chunk in chunks([listed("a"), listed("huge", 400), listed("b")])] == [1, 1, 1]


def test_a_queue_that_is_to_stand_alone_does() -> None:
    asked = Asked(fetch=Server().fetch, branch=text, role="operator", apart={"q3", "q4", "q9"})
    cut = asked.chunks([Question(queue, about) for queue in many(10) for about in "ab"])
    assert [sorted({question.queue.name for question in chunk}) for chunk in cut] == [
        ["q0", "q1", "q2"],
        ["q3"],
        ["q4"],
        ["q5", "q6", "q7", "q8"],
        ["q9"],
    ]


def test_several_questions_to_a_queue_stay_together_and_lock_no_more() -> None:
    assert [len(chunk) for chunk in chunks(many(100), "p", "r", "s")] == [45, 45, 10]


# what happens when one is at fault


class Server:
    """Answers a statement with two rows for each of its queues, unless one of these is at fault."""

    def __init__(self, **faults: Exception) -> None:
        self.faults = faults
        self.asked: list[list[str]] = []
        self.arguments: list[tuple[object, ...]] = []

    async def fetch(self, statement: str, *arguments: object) -> Sequence[dict[str, Any]]:
        found = re.findall(r"(\d+):(\w+)", statement)
        self.asked.append([name for _, name in found])
        self.arguments.append(arguments)
        for _, name in found:
            if name in self.faults:
                raise self.faults[name]
        return [{"qi": int(position), "n": n, "name": name} for n in (1, 2) for position, name in found]

    async def gather(self, queues: Sequence[ListedQueue], *arguments: object) -> Gathered:
        asked = Asked(fetch=self.fetch, branch=text, role="operator", arguments=arguments)
        found = await asked.gather([Question(queue, "") for queue in queues])
        assert list(found) == ([""] if queues else [])
        return found[""] if queues else Gathered({}, ())


def names(gathered: Gathered) -> set[str]:
    assert all([row["name"] for row in rows] == [queue, queue] for queue, rows in gathered.rows.items())
    return set(gathered.rows)


async def test_each_queue_has_the_rows_of_its_branch() -> None:
    server = Server()
    gathered = await server.gather(many(60), "one", 2)
    assert names(gathered) == {f"q{index}" for index in range(60)}
    assert gathered.refused == ()
    assert [len(asked) for asked in server.asked] == [55, 5]
    assert server.arguments == [("one", 2)] * 2


async def test_no_queue_is_no_statement() -> None:
    server = Server()
    assert await server.gather([]) == Gathered({}, ())
    assert server.asked == []


@pytest.mark.parametrize("at_fault", [0, 7, 24])
async def test_a_queue_at_fault_is_found_and_the_others_live(at_fault: int) -> None:
    server = Server(**{f"q{at_fault}": LOCKED})
    gathered = await server.gather(many(25))
    assert names(gathered) == {f"q{index}" for index in range(25) if index != at_fault}
    assert gathered.refused == ((f"q{at_fault}", Refusal("locked by somebody else: no answer within 0.2s")),)
    assert sum(f"q{at_fault}" in asked for asked in server.asked) <= 6, "found by halves"


@pytest.mark.parametrize(
    ("error", "statements"),
    [(pg.QueryCanceledError("canceling statement due to statement timeout"), 4), (LOCKED, 2)],
    ids=["only the question that is slow", "all of a locked queue, and who has locked it"],
)
async def test_a_question_at_fault_is_refused_alone_unless_its_queue_is_locked(
    error: Exception, statements: int
) -> None:
    server = Server(q0slow=error)
    asked = Asked(fetch=server.fetch, branch=text, role="operator")
    found = await asked.gather([Question(listed("q0"), about) for about in ("fast", "slow", "quick")])
    assert len(server.asked) == statements
    lives = {about for about, gathered in found.items() if gathered.rows}
    assert lives == (set() if error is LOCKED else {"fast", "quick"})
    assert {about for about, gathered in found.items() if gathered.refused} == set(found) - lives


async def test_when_all_are_at_fault_all_are_refused_each_for_its_own_reason() -> None:
    server = Server(q0=LOCKED, q1=pg.UndefinedTableError("gone"), q2=OverflowError("too large"))
    gathered = await server.gather(many(3))
    assert gathered.rows == {}
    assert dict(gathered.refused) == {
        "q0": Refusal("locked by somebody else: no answer within 0.2s"),
        "q1": Refusal("its tables are missing or have just been dropped"),
        "q2": Refusal("OverflowError, an error of this program's own."),
    }


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(104, "Connection reset by peer"),
        TimeoutError(),
        pg.InterfaceError("connection is closed"),
        pg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        pg.AdminShutdownError("terminating connection due to administrator command"),
        pg.DeadlockDetectedError("deadlock detected"),
        pg.InvalidCachedStatementError("cached plan must not change result type"),
    ],
)
async def test_what_is_no_queues_fault_is_raised_at_once(error: Exception) -> None:
    server = Server(q3=error)
    with pytest.raises(type(error)):
        await server.gather(many(5))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (LOCKED, "locked by somebody else: no answer within 0.2s"),
        (HeldLockError(LockHolder(7, "psql", is_waiting=False)), "locked by pid 7 (psql)"),
        (HeldLockError(LockHolder(7, None, is_waiting=False)), "locked by pid 7"),
        (HeldLockError(LockHolder(None, None, is_waiting=False)), "locked by a prepared transaction"),
        (pg.UndefinedTableError('relation "x" does not exist'), "its tables are missing or have just been dropped"),
        (pg.InvalidSchemaNameError("no schema"), "its tables are missing or have just been dropped"),
        (pg.UndefinedColumnError("column x\ndoes not exist"), "column x does not exist"),
        (OverflowError("date value out of range"), "OverflowError, an error of this program's own."),
        (KeyError(), "KeyError, an error of this program's own."),
    ],
)
def test_a_refusal_is_told_in_words(error: Exception, reason: str) -> None:
    assert refusal(error, "mail", "operator") == Refusal(reason)


def test_a_slow_answer_is_told_as_slow() -> None:
    error = pg.QueryCanceledError("canceling statement due to statement timeout")
    assert refusal(error, "mail", "operator") == Refusal("no answer within 2s", is_slow=True)


def test_a_missing_right_is_told_with_the_statement_that_gives_it() -> None:
    told = refusal(pg.InsufficientPrivilegeError("permission denied for table t_x"), 'm"x', 'o"p')
    assert told.reason == 'role o"p may not SELECT on absurd.t_m"x, r_m"x'
    assert told.remedy is not None
    assert told.remedy.startswith('GRANT SELECT ON absurd."t_m""x", absurd."r_m""x", ')
    assert told.remedy.endswith(' TO "o""p";')


def test_what_came_from_the_database_stays_raw_in_a_refusal() -> None:
    assert refusal(pg.InsufficientPrivilegeError("no"), HOSTILE, "r").reason.endswith(f"r_{HOSTILE}")
