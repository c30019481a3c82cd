"""Recorded failed attempts of the invented system in trouble."""

from uuid import NAMESPACE_OID, uuid5

from absurd_tui.demo.recorded import NOW
from absurd_tui.observe.failure_groups import FailedRun
from absurd_tui.observe.places import microseconds
from absurd_tui.observe.records import Place

_PYTHON = 'Traceback (most recent call last):\n  File "/app/{file}", line 41, in {function}\n    ...\n'
_VAT, _TIMEOUT = "VAT id of customer {n} is empty", "worker did not finish task within claim interval"
_HOSTILE = "\x1b]0;pwned\x07import[/red]\u202e"
_FAILURES = (
    # queue, task, error, message, function, file, how many, the newest so many seconds ago, so many apart, tried again
    ("payments", "charge_card", "HTTPError", "503 for order {n}", "post", "gateway.py", 212, 3, 2, True),
    ("payments", "refund_order", "HTTPError", "503 for order {n}", "post", "gateway.py", 31, 21, 71, True),
    ("payments", "charge_card", "CardDeclined", "card_{n} was declined", "charge", "cards.py", 64, 340, 1_220, False),
    ("media-transcode", "transcode_video", "$ClaimTimeout", _TIMEOUT, "", "", 9, 360, 7_900, False),
    ("reports", _HOSTILE, "KeyError", "'\x1b[2Jtotal\u202e'", "load", "csv.py", 2, 1_860, 9, False),
    ("billing", "send_invoice", "ValueError", _VAT, "render", "invoice.py", 118, 5_100, 4_300, False),
    ("billing", "sync_ledger", "DeadlockDetected", "deadlock at {n}", "flush", "ledger.py", 3, 90_000, 60_000, True),
)


def failed_runs(queue: str) -> tuple[FailedRun, ...]:
    """Give the failed attempts of a queue, newest first."""
    made = [
        _run(queue, task, error, message.format(n=4_700 + number), function, file, newest + number * apart, is_retried)
        for of, task, error, message, function, file, how_many, newest, apart, is_retried in _FAILURES
        for number in range(how_many)
        if of == queue
    ]
    return tuple(sorted(made, key=lambda run: -run.claimed_at))


def _run(
    queue: str, task: str, error: str, message: str, function: str, file: str, ago: float, is_retried: bool
) -> FailedRun:
    at = NOW - ago
    id = uuid5(NAMESPACE_OID, f"{queue} {task} {message} {ago}")
    return FailedRun(
        queue=queue,
        task_id=id,
        run_id=id,
        task_name=task,
        attempt=3,
        max_attempts=5,
        claimed_at=at,
        failed_at=at,
        place=Place(microseconds(at), id),
        name=error,
        message=message,
        trace=_PYTHON.format(file=file, function=function) if function else None,
        is_final=not is_retried,
    )
