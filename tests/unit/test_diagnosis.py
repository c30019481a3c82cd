from dataclasses import replace
from math import inf
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readings import HOSTILE, NOW, YEAR_294276, counts, queue, refused, row, snapshot

from absurd_tui.observe.ailments import fails_often
from absurd_tui.observe.diagnosis import findings
from absurd_tui.observe.finding import Finding, Level
from absurd_tui.observe.quiet import all_is_well, unreadable
from absurd_tui.observe.records import Count, PanelReading, QueueReading, Refusal, Snapshot, State
from absurd_tui.observe.symptoms import Poison, Symptoms
from absurd_tui.observe.verdict import APPEARS_AFTER, GOES_AFTER, Settled
from absurd_tui.text import clean

IDLE = queue("mail")
UNCLAIMED = queue("mail", pending=3, oldest_due=NOW - 720, last_claim=NOW - 720)
EXPIRED = queue("orders", running=2, expired=2, oldest_expired=NOW - 30)


def told(reading: Snapshot) -> list[tuple[Level, str, str]]:
    return [(finding.level, finding.what.text, finding.then.text) for finding in findings(reading)]


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    busy = queue("mail", pending=9, running=4, oldest_due=NOW - 59, last_claim=NOW - 1)
    assert findings(snapshot(IDLE, busy)) == ()


def test_due_tasks_that_nobody_claims_wedge_a_queue() -> None:
    assert told(snapshot(UNCLAIMED)) == [
        (
            Level.WEDGED,
            "mail: nobody has claimed for 12m; 3 tasks are due.",
            "No worker seems to poll this queue. Start one; the tasks will wait.",
        )
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"pending": 1, "oldest_due": NOW - 61}, "nobody has claimed yet; 1 task is due."),
        ({"due_sleepers": 2, "oldest_due": NOW - 61}, "nobody has claimed yet; 2 tasks are due."),
        ({"pending": 1, "due_sleepers": 1, "oldest_due": -inf}, "nobody has claimed yet; 2 tasks are due."),
        (
            {"pending": Count(10_000, is_capped=True), "oldest_due": NOW - 99, "last_claim": NOW - 7200},
            "nobody has claimed for 2h 00m; 10,000+ tasks are due.",
        ),
    ],
)
def test_what_is_due_is_told_with_its_number(fields: dict[str, object], said: str) -> None:
    (finding,) = findings(snapshot(queue("mail", **fields)))
    assert (finding.level, finding.what.text) == (Level.WEDGED, f"mail: {said}")


@pytest.mark.parametrize(
    ("oldest_due", "last_claim", "is_wedged"),
    [
        (NOW - 60, None, False),
        (NOW - 61, None, True),
        (NOW - 7200, NOW - 60, False),
        (NOW - 7200, NOW - 61, True),
        (NOW + 5, None, False),
        (inf, None, False),
        (YEAR_294276, None, False),
        (None, NOW - 7200, False),
    ],
)
def test_a_minute_is_enough_to_be_claimed(oldest_due: float | None, last_claim: float | None, is_wedged: bool) -> None:
    reading = snapshot(queue("mail", pending=1, oldest_due=oldest_due, last_claim=last_claim))
    assert [finding.kind for finding in findings(reading)] == (["nobody claims"] if is_wedged else [])


def test_a_queue_whose_workers_are_all_busy_is_not_told_to_have_none() -> None:
    busy = queue("mail", pending=3, running=4, oldest_due=NOW - 720, last_claim=NOW - 720)
    assert told(snapshot(busy)) == [
        (
            Level.DEGRADED,
            "mail: nobody has claimed for 12m; 3 tasks are due.",
            "4 runs are still claimed: the workers may all be busy. More of them would take these tasks.",
        )
    ]
    one = queue("mail", pending=3, running=2, expired=1, oldest_due=NOW - 720, last_claim=NOW - 720)
    assert told(snapshot(one))[0][2].startswith("1 run is still claimed: ")


def test_runs_whose_leases_are_all_over_do_not_speak_for_a_worker() -> None:
    dead = queue("mail", pending=3, running=4, expired=4, oldest_due=NOW - 720, last_claim=NOW - 720)
    assert findings(snapshot(dead))[0].level is Level.WEDGED


def test_expired_leases_are_told_in_singular_and_plural() -> None:
    one = queue("mail", running=1, expired=1, oldest_expired=NOW - 125)
    many = queue("orders", running=9, expired=Count(1000, is_capped=True), oldest_expired=-inf)
    assert told(snapshot(one, many)) == [
        (
            Level.DEGRADED,
            "mail: 1 lease has expired, the oldest 2m ago, and no claim has ended it.",
            "Its run is likely not running. The next claims end the attempt.",
        ),
        (
            Level.DEGRADED,
            "orders: 1,000+ leases have expired, the oldest forever ago, and no claim has ended them.",
            "Their runs are likely not running. The next claims end these attempts.",
        ),
    ]


@pytest.mark.parametrize("reason", ["locked by somebody else", "The server closed the connection."])
def test_a_queue_that_cannot_be_read_says_why_with_one_full_stop(reason: str) -> None:
    assert told(snapshot(refused("mail", reason))) == [
        (Level.DEGRADED, "mail cannot be read.", reason.removesuffix(".") + ".")
    ]


@pytest.mark.parametrize(
    ("failed", "done", "is_so"),
    [(0, 0, False), (9, 0, False), (10, 0, True), (10, 40, True), (10, 41, False), (212, 31, True)],
)
def test_a_queue_fails_often_where_many_attempts_do_and_not_most_are_done(failed: int, done: int, is_so: bool) -> None:
    assert fails_often(counts(failed_last_minute=failed, done_last_minute=done)) is is_so


def test_a_queue_that_a_grant_would_open_says_where_to_find_it() -> None:
    closed = QueueReading("mail", "unpartitioned", None, Refusal("No SELECT on absurd.t_mail", "GRANT SELECT;"))
    assert told(snapshot(closed, IDLE)) == [
        (Level.DEGRADED, "mail cannot be read.", "No SELECT on absurd.t_mail. ? shows the GRANT.")
    ]


@pytest.mark.parametrize(
    ("queues", "said"),
    [
        ((), None),
        ((IDLE,), None),
        ((IDLE, refused("a")), None),
        ((refused("a"), refused("b", "closed.")), ("No queue is readable.", "locked by somebody else.")),
    ],
)
def test_no_queue_is_readable_only_where_none_is(
    queues: tuple[QueueReading, ...], said: tuple[str, str] | None
) -> None:
    unread = unreadable(snapshot(*queues))
    assert (unread and (unread[0].text, unread[1].text)) == said


def test_a_hostile_name_commands_no_terminal() -> None:
    reading = snapshot(refused(HOSTILE, HOSTILE), queue(HOSTILE, pending=1, oldest_due=NOW - 99))
    for _, what, then in told(reading):
        assert (clean(what), clean(then)) == (what, then)
        assert what.isprintable()


def test_the_worst_comes_first_then_by_kind_then_by_queue() -> None:
    both = queue("a", pending=1, running=1, expired=1, oldest_due=NOW - 99, oldest_expired=NOW - 1)
    reading = snapshot(refused("z"), refused("b"), EXPIRED, both)
    assert [(finding.level, finding.queue, finding.kind) for finding in findings(reading)] == [
        (Level.WEDGED, "a", "nobody claims"),
        (Level.DEGRADED, "a", "lease expired"),
        (Level.DEGRADED, "orders", "lease expired"),
        (Level.DEGRADED, "b", "refused"),
        (Level.DEGRADED, "z", "refused"),
    ]


# what settles


def settle(*readings: Snapshot, begin: Settled | None = None) -> Settled:
    settled = begin or Settled()
    for reading in readings:
        settled = settled.after(findings(reading), reading.now)
    return settled


def kinds(settled: Settled) -> list[str]:
    return [finding.kind for finding in settled.shown]


def test_a_finding_appears_in_the_second_snapshot_that_has_it() -> None:
    wrong, right = snapshot(EXPIRED), snapshot(IDLE)
    assert kinds(settle(wrong)) == []
    assert kinds(settle(wrong, wrong)) == ["lease expired"]
    assert kinds(settle(wrong, right, wrong)) == []
    assert kinds(settle(wrong, right, wrong, wrong)) == ["lease expired"]


def test_a_finding_goes_in_the_fifth_snapshot_without_it() -> None:
    wrong, right = snapshot(EXPIRED), snapshot(IDLE)
    shown = settle(wrong, wrong)
    assert kinds(settle(*[right] * 4, begin=shown)) == ["lease expired"]
    assert kinds(settle(*[right] * 5, begin=shown)) == []
    assert kinds(settle(*[right] * 4, wrong, *[right] * 4, begin=shown)) == ["lease expired"], "one sight keeps it"


def test_a_finding_that_is_gone_must_be_seen_twice_again() -> None:
    wrong, right = snapshot(EXPIRED), snapshot(IDLE)
    gone = settle(wrong, wrong, *[right] * 5)
    assert kinds(settle(wrong, begin=gone)) == []
    assert kinds(settle(wrong, wrong, begin=gone)) == ["lease expired"]


def test_what_is_shown_has_the_figures_of_the_newest_snapshot() -> None:
    more = queue("orders", running=3, expired=3, oldest_expired=NOW - 31)
    (finding,) = settle(snapshot(EXPIRED), snapshot(EXPIRED), snapshot(more)).shown
    assert finding.what.text.startswith("orders: 3 leases have expired, the oldest 31s ago")


def test_one_queue_in_trouble_does_not_hide_another_and_each_has_its_level() -> None:
    settled = settle(*[snapshot(EXPIRED, UNCLAIMED)] * 2)
    assert (settled.level, settled.level_of("mail"), settled.level_of("orders"), settled.level_of("other")) == (
        Level.WEDGED,
        Level.WEDGED,
        Level.DEGRADED,
        Level.OK,
    )
    assert kinds(settled) == ["nobody claims", "lease expired"]


@given(st.lists(st.sets(st.sampled_from("abc")), max_size=30))
def test_what_is_shown_follows_from_the_last_snapshots_alone(history: list[set[str]]) -> None:
    settled = Settled()
    for names in history:
        settled = settled.after(findings(snapshot(*(refused(name) for name in sorted(names)))), NOW)
    for name in "abc":
        runs = [name in names for names in history]
        shown = name in {finding.queue for finding in settled.shown}
        assert shown == _is_shown(runs)


def _is_shown(seen: list[bool]) -> bool:
    """The rule written the slow way: shown from two in a row on, until five in a row are without it."""
    shown = False
    for end in range(1, len(seen) + 1):
        if len(seen[:end]) >= APPEARS_AFTER and all(seen[end - APPEARS_AFTER : end]):
            shown = True
        elif end >= GOES_AFTER and not any(seen[end - GOES_AFTER : end]):
            shown = False
    return shown


# the sentence where all is well


def sentence(*queues: QueueReading) -> str:
    return all_is_well(snapshot(*queues)).text


def test_without_queues_it_says_how_to_make_one() -> None:
    assert sentence() == "There is no queue yet. absurdctl create-queue NAME makes one."


@pytest.mark.parametrize(
    ("queues", "said"),
    [
        ((IDLE,), "1 queue. Nothing is due, nothing runs."),
        ((IDLE, queue("b")), "2 queues. Nothing is due, nothing runs."),
        (
            (queue("a", pending=1, oldest_due=NOW - 3, done_last_minute=5), queue("b", running=1)),
            "2 queues. The oldest due task has waited 3s. No expired lease. 5 claimed in the last minute completed.",
        ),
        (
            (queue("a", done_last_minute=1),),
            "1 queue. Nothing is due. No expired lease. 1 claimed in the last minute completed.",
        ),
        (
            (queue("a", running=3, done_last_minute=Count(10_000, is_capped=True)),),
            "1 queue. Nothing is due. No expired lease. 10,000+ claimed in the last minute completed.",
        ),
    ],
)
def test_it_says_the_figures_of_all_queues(queues: tuple[QueueReading, ...], said: str) -> None:
    assert sentence(*queues) == said


def test_it_does_not_call_an_old_expiry_new() -> None:
    said = sentence(queue("a", running=Count(2), expired=2, oldest_expired=NOW - 7200))
    assert " 2 leases have expired." in said
    assert "just now" not in said


def test_it_says_what_it_does_not_know() -> None:
    assert sentence(refused("a")) == "No queue is readable."
    assert sentence(refused("a"), refused("b")) == "No queue is readable."
    assert sentence(IDLE, refused("b")) == "2 queues, 1 of them not read. Nothing is due, nothing runs."


@pytest.mark.parametrize("ahead", [NOW + 0.001, NOW + 3600, inf, YEAR_294276])
def test_what_is_due_later_has_not_waited(ahead: float) -> None:
    assert sentence(queue("a", pending=1, oldest_due=ahead, running=1)).startswith("1 queue. Nothing is due. ")


@given(
    st.lists(
        st.one_of(
            st.builds(
                lambda pending, running, expired, done, due: QueueReading(
                    "q",
                    "unpartitioned",
                    counts(
                        pending=pending,
                        running=running,
                        expired=min(expired, running),
                        done_last_minute=done,
                        oldest_due=due if pending else None,
                    ),
                ),
                st.integers(0, 3),
                st.integers(0, 3),
                st.integers(0, 3),
                st.integers(0, 3),
                st.sampled_from([NOW - 5, NOW - 7200, -inf, NOW + 60, inf]),
            ),
            st.just(refused("r")),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_it_never_contradicts_the_snapshot(queues: list[QueueReading]) -> None:
    said = sentence(*queues)
    readable = [reading.counts for reading in queues if reading.counts is not None]
    is_due = any(known.oldest_due is not None and known.oldest_due <= NOW for known in readable)
    expired = sum(known.expired.value for known in readable)
    if "nothing is due" in said.lower():
        assert not is_due
    if "nothing runs" in said:
        assert not any(known.running.value for known in readable)
    if "No expired lease" in said:
        assert not expired
    assert "never" not in said
    assert " in " not in said.replace(" in the last minute", "")
    if len(readable) < len(queues):
        assert "read" in said


def test_findings_are_equal_by_what_they_say() -> None:
    first, second = findings(snapshot(EXPIRED)), findings(snapshot(EXPIRED))
    assert first == second
    assert isinstance(first[0], Finding)
    assert first[0].identity == ("lease expired", "orders")


@pytest.mark.parametrize("policy", ["soon", "1.5", "1e30", "{}", "", "9223372036854775808"])
@pytest.mark.parametrize("limit", ["max_duration", "max_delay"])
def test_a_live_task_with_a_limit_that_no_claim_can_read_wedges_its_queue(policy: str, limit: str) -> None:
    fields: dict[str, object] = {limit: policy}
    panel = PanelReading(State.SLEEPING, (row(State.SLEEPING, **fields), row(State.SLEEPING, **fields)))
    assert told(snapshot(IDLE, panels=(panel,))) == [
        (
            Level.WEDGED,
            "mail: every claim fails because of welcome …00000001.",
            f'It is sleeping: cancel it, and claims work again; none can read its {limit} "{policy}".',
        )
    ]
    ended = PanelReading(State.FAILED, (row(State.FAILED, **fields),))
    assert findings(snapshot(IDLE, panels=(ended,))) == ()


@pytest.mark.parametrize("policy", ["0", "60", "-5", "+7", " 8 ", "9223372036854775807", "0x10", "1_000"])
def test_a_limit_that_a_claim_can_read_stops_nothing(policy: str) -> None:
    panel = PanelReading(State.PENDING, (row(max_duration=policy, max_delay=policy),))
    assert findings(snapshot(IDLE, panels=(panel,))) == ()


def test_of_a_queue_under_row_security_nobody_is_said_not_to_claim() -> None:
    assert findings(snapshot(UNCLAIMED.veiled)) == ()
    said = all_is_well(snapshot(queue("mail").veiled, queue("orders"))).text
    assert said == "2 queues. Row security hides rows in 1 of them. Nothing visible is due, nothing visible runs."


def test_a_task_that_stops_the_claims_takes_the_place_of_a_queue_that_nobody_claims_from() -> None:
    poison = Poison(UUID(int=1), "welcome", "pending", "max_delay", "soon")
    known = replace(UNCLAIMED, symptoms=Symptoms(poison=poison))
    assert kinds(settle(snapshot(UNCLAIMED), snapshot(UNCLAIMED))) == ["nobody claims"]
    assert kinds(settle(snapshot(UNCLAIMED), snapshot(known))) == ["claims fail"]


def test_it_is_quiet_since_the_last_finding_went_or_since_one_looks() -> None:
    calm = [snapshot(IDLE, now=NOW + second) for second in range(20)]
    assert settle(*calm[:3]).quiet_since == NOW
    wrong = settle(snapshot(EXPIRED), snapshot(EXPIRED))
    assert wrong.quiet_since is None
    assert settle(*calm[10:18], begin=wrong).quiet_since == NOW + 14, "the fifth snapshot without it"
