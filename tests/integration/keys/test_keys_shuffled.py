"""The list under an open dialog is shuffled: the task that the dialog names is hit, and no other."""

import re
from pathlib import Path
from uuid import UUID

import pytest
from integration.keys.pressing import ask, dashboard
from integration.keys.side import QUEUE, Side
from terminal import Terminal

pytestmark = pytest.mark.slow

NAMES = [f"task_{number}" for number in range(5)]
NAMED = 2
"""The one in the middle of the list."""

STATES = {"c": "pending", "e": "running", "r": "failed"}
CONFIRM = {"c": "y", "e": "enter", "r": "enter"}
DONE = {"c": "✓ Cancelled", "e": "✓ Extended", "r": "✓ Retried"}
LEFT, RIGHT = slice(0, 60), slice(60, 120)
HALVES = {"c": LEFT, "e": RIGHT, "r": RIGHT}
AFTERWARDS = {
    "c": ["task_2", "task_3", "task_4", "task_5", "task_6"],
    "e": ["task_3", "task_4", "task_2", "task_1"],
    "r": ["task_2", "task_3", "task_4"],
}
"""What the panel lists in the end: under the cursor stays the named task, also where it belongs there no longer."""


def furnish(side: Side, key: str) -> list[UUID]:
    """Five tasks that a key may be pressed on, as their panel lists them."""
    if key == "c":
        return [side.spawn(name) for name in NAMES]
    if key == "e":
        return [side.running(name, lease=200 + 20 * number).task_id for number, name in enumerate(NAMES)]
    return [side.failed(name) for name in reversed(NAMES)][::-1]


def shuffle(side: Side, key: str, tasks: list[UUID]) -> str:
    """Let the two tasks above the named one go, so that another is in its place; some others come, or move below.

    Gives how the strip of queues then counts pending, running, … tasks.
    """
    if key == "c":
        side.claim()
        side.claim()
        side.spawn("task_5")
        side.spawn("task_6")
        return "5 2 0 0 0 0 0"
    if key == "e":
        side.complete(tasks[0])
        run_id = side.run_of(tasks[1])
        side.do(lambda lifecycle: lifecycle.extend_claim(QUEUE, run_id, 9_000))
        return "0 4 0 0 0 1 0"
    side.do(lambda lifecycle: lifecycle.retry(QUEUE, tasks[0]))
    side.do(lambda lifecycle: lifecycle.retry(QUEUE, tasks[1]))
    return "2 0 0 0 3 0 0"


def counts(shown: Terminal) -> str:
    """How the strip counts the queue's tasks; no dialog about a task hides it."""
    found = re.search(rf"^ +{QUEUE} +((?:\d+ +){{7}})", shown.text, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def listed(shown: Terminal, key: str) -> list[str]:
    """The tasks in the half of the screen where the panel of a key's tasks is; the others are in the other half."""
    rows = [line[HALVES[key]] for line in shown.lines if "›" not in line]
    return [name for row in rows for name in re.findall(r"task_\d", row)]


@pytest.mark.parametrize("key", ["c", "e", "r"])
def test_the_named_task_is_hit_and_no_other(side: Side, tmp_path: Path, key: str) -> None:
    tasks = furnish(side, key)
    named = tasks[NAMED]
    with dashboard(side.dsn, tmp_path) as shown:
        shown.until(lambda: listed(shown, key) == NAMES)
        ask(shown, key, STATES[key], NAMES[NAMED], named)
        now = shuffle(side, key, tasks)
        shown.until(lambda: counts(shown) == now)
        before = side.rows()
        assert f"{QUEUE} › {NAMES[NAMED]}" in shown.text
        shown.press(CONFIRM[key])
        shown.until_shown(f"{DONE[key]} · {QUEUE} › {NAMES[NAMED]} …{str(named)[-8:]}")
        after = side.rows()
        changed = {row for row in before.keys() | after.keys() if before.get(row) != after.get(row)}
        assert f"task {named}" in changed or key == "e", "extending a claim writes to its run alone"
        assert {row[-36:] for row in changed} == {str(named)}
        shown.until(lambda: listed(shown, key) == AFTERWARDS[key])
