"""What the doctor says of each queue: whether it can be read and written, and whether its workers can claim."""

import shlex
from collections.abc import Iterator, Sequence

from absurd_tui.database.capabilities import Capabilities, QueueAccess
from absurd_tui.doctor.grants import OPERATIONS
from absurd_tui.doctor.records import Check, Level
from absurd_tui.observe.branches import NO_TEXT, Row, no_right
from absurd_tui.observe.records import Refusal
from absurd_tui.operations.needs import lacking


def of_queue(
    name: str, capabilities: Capabilities, poisoned: Sequence[Row], refusal: Refusal | None
) -> Iterator[Check]:
    """Say how a queue is; `refusal` is why its tables did not answer."""
    section, access = f"queue {name}", capabilities.queues[name]
    if not access.is_text:
        yield Check(section, "reading", Level.PROBLEM, NO_TEXT.reason)
        return
    if access.missing:
        missing = [f"{letter}_{name}" for letter in access.missing]
        told = f"missing: {', '.join(missing)}"
        yield Check(section, "tables", Level.PROBLEM, told, facts={"missing": missing})
    if not may_read(access) and not {"t", "r"} & {*access.missing}:
        refusal = no_right(name, capabilities.role)
    if refusal is not None:
        yield Check(section, "reading", Level.PROBLEM, refusal.reason, refusal.remedy)
    if access.hides_rows:
        told = f"row security hides rows from role {capabilities.role}: what is seen of it is not all"
        yield Check(section, "row security", Level.PROBLEM, told)
    for row in poisoned:
        yield _poisoned(section, name, row)
    yield _rights(section, name, capabilities)


def may_read(access: QueueAccess) -> bool:
    """Whether the queue can be asked for, and the role may read its tasks and runs, which are there."""
    return access.is_text and all(
        letter in access.tables and "SELECT" in access.tables[letter].privileges for letter in "tr"
    )


def _poisoned(section: str, queue: str, row: Row) -> Check:
    task_id = str(row["task_id"])
    told = (
        f"every claim fails: task {task_id} ({row['task_name']}) has the cancellation policy {row['cancellation']},"
        " which Absurd cannot read as whole seconds"
    )
    remedy = shlex.join(["absurdctl", "cancel-task", "-q", queue, task_id])
    return Check(section, "claims", Level.PROBLEM, told, remedy, {"task_id": task_id, "task_name": row["task_name"]})


def _rights(section: str, queue: str, capabilities: Capabilities) -> Check:
    refused = {operation: lacking(capabilities, needs, queue) for operation, needs in OPERATIONS.items()}
    may = [operation for operation, refusal in refused.items() if refusal is None]
    may_not = {operation: refusal for operation, refusal in refused.items() if refusal is not None}
    facts = {"may": may, "may_not": {operation: refusal.reason for operation, refusal in may_not.items()}}
    if not may_not:
        return Check(section, "rights", Level.FINE, f"may {', '.join(may)}", facts=facts)
    remedies = dict.fromkeys(refusal.remedy for refusal in may_not.values() if refusal.remedy is not None)
    reasons = "; ".join(f"{operation}: {refusal.reason.rstrip('.')}" for operation, refusal in may_not.items())
    told = f"may {', '.join(may)}; not {reasons}" if may else f"may not {reasons}"
    return Check(section, "rights", Level.NOTE, told, " ".join(remedies) or None, facts)
