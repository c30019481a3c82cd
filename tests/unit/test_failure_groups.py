import time
from dataclasses import replace
from uuid import UUID

import pytest
from attacks import ATTACKS
from hypothesis import given
from hypothesis import strategies as st
from readings import NOW

from absurd_tui.observe.failure_groups import (
    KEPT,
    FailedRun,
    Fingerprint,
    Groups,
    Window,
    blanked,
    fingerprint,
    top_frame,
)
from absurd_tui.observe.places import microseconds
from absurd_tui.observe.records import Place

PYTHON = """Traceback (most recent call last):
  File "/app/site-packages/sdk.py", line 812, in run
    await handler(params)
  File "/app/charge.py", line {line}, in charge_card
    raise HTTPError(503)
gateway.HTTPError: 503"""
JAVASCRIPT = """Error: no such customer
    at chargeCard (/app/src/charge.js:41:13)
    at async run (node:internal/process:95:5)"""
_RUN = FailedRun(
    "mail",
    UUID(int=1),
    UUID(int=1),
    "charge",
    1,
    3,
    NOW,
    NOW,
    Place(0, UUID(int=1)),
    "HTTPError",
    "503",
    None,
    is_final=True,
)


def failed(number: int, *, ago: float = 0.0, **fields: object) -> FailedRun:
    """An attempt that was claimed and failed so many seconds ago."""
    at, id = NOW - ago, UUID(int=number)
    made = replace(_RUN, task_id=id, run_id=id, claimed_at=at, failed_at=at, place=Place(microseconds(at), id))
    return replace(made, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "same"),
    [
        ("503 Server Error for order 4711", "# Server Error for order #"),
        ("no invoice INV-95102", "no invoice #"),
        ("customer cus_9f3A2x is gone", "customer # is gone"),
        ("task 0197a41f-6b02-7c3e-a4d1-8e529f3a7c1e was lost", "task # was lost"),
        ("timeout to 10.0.4.17:5432 at 2026-11-29 14:03:27.123", "timeout to # at # #"),
        ("deadbeef is a word, 0xdeadbeef is none", "deadbeef is a word, # is none"),
        ("connection refused", "connection refused"),
        ("", ""),
    ],
)
def test_what_differs_each_time_is_blanked(message: str, same: str) -> None:
    assert blanked(message) == same


@pytest.mark.parametrize(
    ("trace", "frame"),
    [
        (PYTHON.format(line=41), "charge_card (charge.py)"),
        (JAVASCRIPT, "chargeCard (charge.js)"),
        ("Error: x\n    at file:///app/main.mjs:3:7\n", "main.mjs"),
        ("Error: x\n    at C:\\app\\main.js:3:7", "main.js"),
        ('  File "<string>", line 1', "<string>"),
        ("something else", ""),
        ("", ""),
        ("at ", ""),
        ("  at  (:1:1)", ""),
        ('  File "' + "x" * 5000 + '", line 1, in f', ""),
    ],
)
def test_the_top_frame_is_where_it_was_raised_on_whatever_line(trace: str, frame: str) -> None:
    assert top_frame(trace) == frame


def test_errors_are_the_same_whatever_the_line_and_the_ids() -> None:
    one = failed(1, message="order 1\nmore", trace=PYTHON.format(line=41))
    other = failed(2, message="order 22", trace=PYTHON.format(line=43))
    assert fingerprint(one) == fingerprint(other) == Fingerprint("HTTPError", "order #", "charge_card (charge.py)")
    assert fingerprint(one) != fingerprint(replace(other, name="ValueError"))
    assert fingerprint(one) != fingerprint(replace(other, trace=JAVASCRIPT))
    assert fingerprint(replace(one, name=None, message=None, trace=None)) == Fingerprint("", "", "")


def test_groups_have_their_counts_by_window_their_times_names_and_queues() -> None:
    groups = Groups()
    seen = [failed(1, ago=60), failed(2, ago=7_200, task_name="refund"), failed(3, ago=90_000, is_final=False)]
    assert groups.add([*seen, failed(4, ago=30, name="KeyError", queue="orders")]) == 4
    assert groups.add(seen) == 0, "each attempt once"
    first, second = groups.told(NOW, Window.WEEK)
    assert (first.counts, first.finals, first.first, first.last) == ((1, 2, 3), 2, NOW - 90_000, NOW - 60)
    assert (dict(first.names), first.name_count, first.queues) == ({"charge": 2, "refund": 1}, 2, ("mail",))
    assert [run.run_id for run in first.runs] == [UUID(int=1), UUID(int=2), UUID(int=3)]
    assert second.fingerprint.name == "KeyError"
    assert [group.count(Window.HOUR) for group in groups.told(NOW, Window.HOUR)] == [1, 1]
    assert groups.told(NOW + 2 * Window.WEEK, Window.WEEK) == ()
    assert len(groups) == 4


def test_a_task_failed_for_good_with_its_last_attempt_until_it_is_read_to_have_gone_on() -> None:
    groups = Groups()
    task = UUID(int=77)
    groups.add([failed(1, ago=60, task_id=task), failed(2, ago=7_200), failed(3, ago=30, is_final=False)])
    common = fingerprint(failed(1))

    def finals(of: Fingerprint, window: float = Window.DAY) -> list[int]:
        return [each.run_id.int for each in groups.failed_for_good(of, NOW - window)]

    assert (finals(common), finals(common, Window.HOUR)) == ([1, 2], [1])
    later = failed(4, ago=10, task_id=task, attempt=9, name="KeyError")
    groups.add([later])
    assert (finals(common), finals(fingerprint(later))) == ([2], [4]), "it was retried and failed with another error"
    groups.add([failed(1, ago=60, task_id=task, is_final=False)])
    assert finals(fingerprint(later)) == [4]
    groups.add([replace(later, is_final=False)])
    assert finals(fingerprint(later)) == []
    (group, _) = groups.told(NOW, Window.DAY)
    assert (group.count(Window.DAY), group.finals) == (3, 1)


def test_of_a_large_group_the_newest_are_kept_and_all_are_counted() -> None:
    groups = Groups()
    for start in range(0, 1_000, 100):
        groups.add([failed(number, ago=float(number)) for number in range(start, start + 100)])
    (group,) = groups.told(NOW, Window.HOUR)
    assert group.count(Window.HOUR) == 1_000
    assert [run.run_id.int for run in group.runs] == list(range(KEPT))


@given(st.text() | st.sampled_from(list(ATTACKS.values())), st.text() | st.just(PYTHON) | st.just(JAVASCRIPT))
def test_any_text_has_a_fingerprint(message: str, trace: str) -> None:
    found = fingerprint(failed(1, message=message, trace=trace))
    assert not any(char.isdigit() for char in found.message)


def test_text_made_to_be_slow_is_not() -> None:
    began = time.perf_counter()
    for message in ("a" * 300, "a-" * 150, "#:" * 150, "1:" * 150):
        for trace in ("at " + ":1" * 800, " " * 1600, "at (" * 400, 'File "' * 200, "\n at x (" * 200):
            fingerprint(failed(1, message=message, trace=trace))
    assert time.perf_counter() - began < 0.5
