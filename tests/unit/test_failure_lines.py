"""Failure reasons of any JSON type: the headline, the stack trace with its folds, and the rest."""

import json
import time

import pytest

from absurd_tui.observe.task_records import Document
from absurd_tui.text import plain
from absurd_tui.ui.cells import wrap
from absurd_tui.ui.widgets.failure_lines import failure_lines, frames
from absurd_tui.ui.widgets.lines import width_of

PYTHON = """Traceback (most recent call last):
  File "/app/pay/charge.py", line 88, in charge_card
    intent = client.confirm(intent_id)
             ^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/venv/lib/python3.12/site-packages/httpx/_client.py", line 1, in send
    self.x()
  File "/venv/lib/python3.12/site-packages/httpx/_api.py", line 2, in y
    self.z()
  File "/usr/lib/python3.12/ssl.py", line 3, in read
  File "/app/pay/client.py", line 63, in _send
    raise X
pay.X: 503
"""
NODE = """Error: 503
    at charge (/app/src/charge.ts:12:9)
    at process (/app/node_modules/undici/lib/fetch.js:3:1)
    at node:internal/process/task_queues:95:5
"""


def shown(reason: object, *, unfolded: bool = False, cells: int = 100) -> list[tuple[str, str]]:
    text = reason if isinstance(reason, str) else json.dumps(reason)
    lines = failure_lines(Document(len(text), text), cells, unfolded=unfolded)
    return [("".join(part.text for part, _ in line.spans).strip(), line.spans[-1][1]) for line in lines]


def test_a_failure_has_its_name_and_message_in_red() -> None:
    assert shown({"name": "HTTPError", "message": "503 Server Error"})[0] == ("HTTPError: 503 Server Error", "alarm")


def test_only_the_first_line_of_a_message_is_red() -> None:
    assert shown({"name": "E", "message": "one\ntwo"}) == [("E: one", "alarm"), ("two", "")]


def test_library_frames_of_python_fold_to_one_line() -> None:
    lines = [text for text, _ in shown({"name": "X", "message": "503", "traceback": PYTHON})]
    assert lines == [
        "X: 503",
        "Traceback (most recent call last):",
        'File "/app/pay/charge.py", line 88, in charge_card',
        "intent = client.confirm(intent_id)",
        "^^^^^^^^^^^^^^^^^^^^^^^^^",
        "… 3 frames in httpx, the standard library   enter unfolds",
        'File "/app/pay/client.py", line 63, in _send',
        "raise X",
        "pay.X: 503",
    ]


def test_unfolded_every_line_of_the_trace_is_there() -> None:
    lines = [text for text, _ in shown({"name": "X", "traceback": PYTHON}, unfolded=True)]
    assert lines[1:] == [line.strip() for line in PYTHON.strip().splitlines()]


def test_library_frames_of_node_fold_too() -> None:
    lines = [text for text, _ in shown({"name": "Error", "message": "503", "stack": NODE})]
    assert lines[1:] == [
        "Error: 503",
        "at charge (/app/src/charge.ts:12:9)",
        "… 2 frames in undici, the standard library   enter unfolds",
    ]


def test_other_fields_follow() -> None:
    reason = {"name": "$ClaimTimeout", "message": "late", "workerId": "w\x1b", "attempt": 2, "none": None}
    assert [text for text, _ in shown(reason)] == ["$ClaimTimeout: late", "workerId: w␛", "attempt: 2"]


@pytest.mark.parametrize(
    ("reason", "first"),
    [
        ("null", "null"),
        ("5", "5"),
        ("[]", "[]"),
        ('"just\\ntext"', "just"),
        ("{}", "No name and no message."),
        ('{"name": 5, "message": {"a": [1]}}', '5: {"a": [1]}'),
        ('{"message": ""}', "No name and no message."),
        ('{"traceback": 5}', "No name and no message."),
        ('{"name": "\\ud800"}', "�"),
        ("not json", "not json"),
        ("", "An empty reason."),
        ("[" * 100_000, "["),
        ("1" * 5_000, "1" * 96),
    ],
    ids=lambda value: value[:20],
)
def test_any_json_type_has_a_headline(reason: str, first: str) -> None:
    lines = shown(reason)
    assert lines[0] == (first, "alarm")


def test_a_reason_that_was_not_fetched_says_how_to_get_it() -> None:
    (line,) = failure_lines(Document(5_200_000, None), 100, unfolded=False)
    assert line.spans[-1][0].text == "5.2 MB stored. o loads it."


def test_a_cut_reason_says_so() -> None:
    lines = failure_lines(Document(90_000, '{"name": "X", "mess', is_cut=True), 100, unfolded=False)
    assert lines[-1].spans[-1][0].text.startswith("… cut here")


def test_long_lines_go_on_in_the_next_one_and_none_is_lost() -> None:
    message = " ".join(f"word{n}" for n in range(60)) + "\n" + "x" * 300
    lines = failure_lines(Document(1, json.dumps({"message": message})), 40, unfolded=False)
    assert all(width_of(line.spans) <= 40 for line in lines)
    said = "".join(part.text for line in lines for part, _ in line.spans).replace(" ", "")
    assert said == message.replace(" ", "").replace("\n", "")


def test_wide_characters_are_wrapped_by_their_cells() -> None:
    assert [piece.text for piece in wrap(plain("日本語日本語"), 5)] == ["日本", "語日", "本語"]


@pytest.mark.parametrize(
    "line",
    ["    at " + "a" * 60_000, ' File "' + '"' * 60_000, "    at " + "(:1" * 20_000],
    ids=["at", "file", "places"],
)
def test_a_hostile_trace_takes_no_time(line: str) -> None:
    begun = time.process_time()
    frames(line)
    shown({"traceback": line})
    assert time.process_time() - begun < 10
