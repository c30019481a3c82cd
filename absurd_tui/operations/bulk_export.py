"""What came of a bulk, written down task by task: a file of JSON lines of one's own, without payloads."""

import json
import os
from pathlib import Path

from absurd_tui import units
from absurd_tui.observe.why import Clock
from absurd_tui.operations.bulk import BulkRun
from absurd_tui.operations.outcomes import Outcome, copy_of
from absurd_tui.operations.recording import NOT_REACHED, word
from absurd_tui.operations.requests import Target
from absurd_tui.operations.sentences import in_short


def export(run: BulkRun, folder: Path, now: float, server: str) -> Path:
    """Write all of a run's tasks, one line each, into a new file that only its owner can read. Raises OSError."""
    clock = Clock(now, utc=True)
    plan = run.plan
    every = [*zip(plan.targets, run.outcomes, strict=True), *plan.left_out]
    lines = [json.dumps(_line(plan.act.value, server, target, outcome, clock)) for target, outcome in every]
    stamp = units.iso(now).partition(".")[0].rstrip("Z").replace(":", "")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = 1
    while True:
        path = folder / f"{plan.act.replace(' ', '-')}-{stamp}{f'-{number}' if number > 1 else ''}.jsonl"
        try:
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            number += 1
            continue
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        return path


def _line(act: str, server: str, target: Target, outcome: Outcome | None, clock: Clock) -> dict[str, object]:
    told = in_short(outcome, clock)[1].text if outcome is not None else ""
    line: dict[str, object] = {
        "operation": act,
        "server": server,
        "queue": target.queue,
        "task_name": target.task_name,
        "task_id": str(target.task_id),
        "run_id": str(target.run_id),
        "before": f"{target.state}, attempt {target.attempt}",
        "outcome": word(outcome) if outcome is not None else NOT_REACHED,
        "told": told,
    }
    if (copy := copy_of(outcome)) is not None:
        line["copy"] = str(copy)
    return line
