"""Tasks as Markdown, for a channel or an issue. Pure.

Times are ISO 8601 in UTC. What came from the database stands in code, one line each, so that it neither becomes markup
nor calls anybody; params and results are left out.
"""

import re
from collections.abc import Iterable, Sequence

from absurd_tui import units
from absurd_tui.observe.found import Found, seen
from absurd_tui.observe.reasons import headline
from absurd_tui.observe.records import TaskRow
from absurd_tui.observe.task_records import Attempt, TaskPage
from absurd_tui.text import Plain, plain

MOST_ROWS = 100
_TICKS = re.compile("`+")


def code(raw: str, *, in_table: bool = False) -> str:
    """Write a text as code on one line, whatever is in it."""
    text = plain(raw).text
    fence = "`" * (max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    written = f"{fence}{pad}{text}{pad}{fence}"
    return written.replace("|", "\\|") if in_table else written


def row(row: TaskRow, now: float, server: str) -> str:
    """Write one task of a list, as it was read at `now`."""
    return "\n".join([*_facts(seen(row), server), f"- as of {units.iso(float(int(now)))}"])


def page(page: TaskPage, server: str) -> str:
    """Write a task's page: its facts, and its attempts with their failures."""
    last = page.last_run
    task = Found(
        queue=page.queue,
        task_id=page.task_id,
        state=page.state,
        task_name=page.task_name,
        attempt=page.attempts,
        max_attempts=page.max_attempts,
        worker=last.worker if last is not None else None,
        enqueued_at=page.enqueued_at,
        ended_at=page.cancelled_at if last is None or page.cancelled_at is not None else last.ended_at,
        failure=last.failure if last is not None else None,
    )
    attempts = [
        (
            str(run.attempt),
            run.state.value,
            _code(run.worker),
            _time(run.started_at),
            _time(run.ended_at),
            _failure(run),
        )
        for run in page.runs
    ]
    head = ("attempt", "state", "worker", "last started", "ended", "failure")
    key = [f"- idempotency key {code(page.idempotency_key)}"] if page.idempotency_key is not None else []
    as_of = f"- {units.plural(len(page.checkpoints), 'checkpoint')}, as of {units.iso(float(int(page.now)))}"
    return "\n".join([*_facts(task, server), *key, as_of, "", *_table(head, attempts)])


def listing(what: Plain, told: Plain, tasks: Sequence[Found], server: str) -> str:
    """Write a list of tasks that were found."""
    head = ("state", "task", "queue", "id", "attempt", "spawned", "ended", "failure")
    rows = [
        (
            task.state.value,
            _code(task.task_name),
            _code(task.queue),
            _code(str(task.task_id)),
            units.attempt(task.attempt, task.max_attempts),
            _time(task.enqueued_at),
            _time(task.ended_at),
            _code(headline(task.failure) or None),
        )
        for task in tasks[:MOST_ROWS]
    ]
    more = [f"and {len(tasks) - MOST_ROWS:,} more"] if len(tasks) > MOST_ROWS else []
    return "\n".join([f"{code(what.text)} on {code(server)}", "", code(told.text), "", *_table(head, rows), *more])


def _facts(task: Found, server: str) -> list[str]:
    lines = [
        f"**{task.state.value}** {code(task.task_name)} in {code(task.queue)} on {code(server)}",
        f"- task {code(str(task.task_id))}, attempt {units.attempt(task.attempt, task.max_attempts)}",
        f"- spawned {_time(task.enqueued_at)}"
        + (f", ended {_time(task.ended_at)}" if task.ended_at is not None else ""),
    ]
    if task.worker is not None:
        lines.append(f"- worker {code(task.worker)}")
    if failure := headline(task.failure):
        lines.append(f"- failure {code(failure)}")
    return lines


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *(_line(cells) for cells in rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(raw: str | None) -> str:
    return "" if raw is None else code(raw, in_table=True)


def _time(at: float | None) -> str:
    return "" if at is None else units.iso(float(int(at)) if abs(at) < 2**53 else at)


def _failure(run: Attempt) -> str:
    return _code(headline(run.failure) or None)
