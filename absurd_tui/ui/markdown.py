"""Tasks as Markdown, for a channel or an issue. Pure.

Times are ISO 8601 in UTC. What came from the database stands in code, one line each, so that it neither becomes markup
nor calls anybody; params and results are left out.
"""

from collections.abc import Iterable, Iterator, Sequence

from absurd_tui import units
from absurd_tui.observe.found import Found, seen
from absurd_tui.observe.reasons import headline, who_cancelled
from absurd_tui.observe.records import State, TaskRow
from absurd_tui.observe.task_records import Attempt, TaskPage
from absurd_tui.observe.task_rows import row_of
from absurd_tui.operations.markdown import code
from absurd_tui.text import Plain
from absurd_tui.ui.widgets.retry_words import strategy_words

MOST_ROWS = 100


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
            cell(run.worker),
            _time(run.started_at),
            _time(run.ended_at),
            _failure(run),
        )
        for run in page.runs
    ]
    head = ("attempt", "state", "worker", "last started", "ended", "failure")
    before = ["", "Attempts before these are left out."] if page.has_more_runs else []
    return "\n".join([*_facts(task, server), *_of_page(page), "", *_table(head, attempts), *before])


def _of_page(page: TaskPage) -> Iterator[str]:
    """Write what a page has beside the facts of a row."""
    if page.first_started_at is not None:
        yield f"- first started {_time(page.first_started_at)}"
    if page.cancelled_at is not None and (cancelled := row_of(page)) is not None:
        yield f"- cancelled by {who_cancelled(cancelled).value}"
    if not page.is_over:
        yield from _awaited(page)
    yield f"- retry strategy {code(strategy_words(page.retry_strategy).text)}"
    if page.cancellation is not None:
        yield f"- cancellation policy {code(page.cancellation)}"
    if page.idempotency_key is not None:
        yield f"- idempotency key {code(page.idempotency_key)}"
    least = "at least " if page.has_more_checkpoints else ""
    checkpoints = f"{least}{units.plural(len(page.checkpoints), 'checkpoint')}"
    if page.checkpoints_refusal is not None:
        checkpoints = f"checkpoints not read: {code(page.checkpoints_refusal.reason)}"
    yield f"- {checkpoints}, as of {units.iso(float(int(page.now)))}"


def _awaited(page: TaskPage) -> Iterator[str]:
    """Write until when a live task is claimed, and what it waits for."""
    run = page.last_run
    if run is not None and run.state is State.RUNNING:
        yield f"- lease until {_time(run.claim_expires_at)}" if run.claim_expires_at is not None else "- no lease"
    elif run is not None and not page.waits:
        yield f"- available {_time(run.available_at)}"
    for wait in page.waits:
        until = _time(wait.timeout_at) if wait.timeout_at is not None else units.NO_LIMIT
        yield f"- waits for event {code(wait.event_name)} since {_time(wait.created_at)}, at most until: {until}"
    if page.waits_refusal is not None:
        yield f"- waits not read: {code(page.waits_refusal.reason)}"


def listing(what: Plain, told: Plain, tasks: Sequence[Found], server: str) -> str:
    """Write a list of tasks that were found."""
    head = ("state", "task", "queue", "id", "attempt", "spawned", "ended", "failure")
    rows = [
        (
            task.state.value,
            cell(task.task_name),
            cell(task.queue),
            cell(str(task.task_id)),
            units.attempt(task.attempt, task.max_attempts),
            _time(task.enqueued_at),
            _time(task.ended_at),
            cell(headline(task.failure) or None),
        )
        for task in tasks[:MOST_ROWS]
    ]
    more = ["", f"and {len(tasks) - MOST_ROWS:,} more"] if len(tasks) > MOST_ROWS else []
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


def cell(raw: str | None) -> str:
    """Write a text as code in one cell of a table, whatever is in it.

    A backslash before a bar gets a blank after it: whether it would escape the backslash that escapes the bar,
    programs differ.
    """
    return "" if raw is None else code(raw).replace("\\|", "\\ |").replace("|", "\\|")


def _time(at: float | None) -> str:
    return "" if at is None else units.iso(float(int(at)) if abs(at) < 2**53 else at)


def _failure(run: Attempt) -> str:
    return cell(headline(run.failure) or None)
