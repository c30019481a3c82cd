"""The recorded page of one invented task: four attempts failed, the fifth and last waits."""

import json
from uuid import UUID

from absurd_tui.demo.recorded import NOW
from absurd_tui.observe.children import Child
from absurd_tui.observe.family import Family, Relative
from absurd_tui.observe.records import Failure, State
from absurd_tui.observe.task_records import Attempt, CheckpointRow, Document, TaskPage

_TRACE = (
    "Traceback (most recent call last):",
    '  File "/app/pay/charge.py", line 88, in charge_card',
    "    intent = client.confirm(intent_id)",
    '  File "/app/pay/client.py", line 41, in confirm',
    '    return self._send("POST", path)',
    '  File "/usr/lib/python3/site-packages/httpx/_client.py", line 907, in post',
    '    return self.request("POST", url)',
    '  File "/app/pay/client.py", line 63, in _send',
    "    response.raise_for_status()",
    'HTTPError: body: "\x1b[2J\x1b]0;pwned\x07upstream reset"',
)
_REASON = json.dumps(
    {
        "name": "HTTPError",
        "message": "503 Server Error: upstream connect error",
        "traceback": "\n".join(_TRACE),
    }
)
_PARAMS = '{"order_id": 88123, "amount": 12345678901234567890.12, "currency": "EUR", "note": "\\u202e gnp.exe [/red]"}'
_FAILURE = Failure("HTTPError", "503 Server Error: upstream connect error")
_SPAWNED = NOW - 1_527
_RUNS = (
    (0, 24, 192, "pay-a:9001"),
    (192, 252, 360, "pay-b:9001"),
    (360, 480, 552, "pay-a:9002"),
    (552, 792, 1_158, "pay-b:9002"),
)


def page(queue: str, task_id: UUID) -> TaskPage:
    """Give the recorded page, as that of any task."""
    return TaskPage(
        now=NOW,
        taken=float("inf"),
        queue=queue,
        task_id=task_id,
        task_name="charge_card",
        state=State.SLEEPING,
        attempts=4,
        max_attempts=5,
        enqueued_at=_SPAWNED,
        first_started_at=_SPAWNED + 24,
        cancelled_at=None,
        retry_strategy='{"kind": "exponential", "base_seconds": 60, "factor": 2, "max_seconds": 3600}',
        cancellation='{"max_duration": 3600}',
        max_duration="3600",
        max_delay=None,
        idempotency_key="charge-88123",
        params=Document(128, _PARAMS),
        headers=Document(31, '{"trace": "4bf92f3577b34da6"}'),
        result=None,
        runs=(*(_failed(number, *times) for number, times in enumerate(_RUNS, 1)), _sleeping()),
        checkpoints=(
            _step("reserve_stock", 54, 1, 48),
            _step("fraud_check", 126, 1, 1_240),
            _step("create_intent", 312, 2, 312),
            _step("notify_ledger", 984, 4, 96),
        ),
        waits=(),
    )


def family() -> Family:
    """Give the recorded family of the task: who spawned it, and what it spawned."""
    return Family(
        (
            _relative("billing", "settle_order", State.RUNNING, 0x0193_A41E_FF20_7A11_B9D4, "charge", is_parent=True),
            _relative("notifications", "warn_customer", State.COMPLETED, 0x0193_A422_41C0_7F02_8C31, "fraud_check"),
            _relative("billing", "hold_invoice", State.SLEEPING, 0x0193_A427_93AA_7B10_9E07, "notify_ledger"),
        )
    )


def _relative(queue: str, name: str, state: State, begins: int, step: str, *, is_parent: bool = False) -> Relative:
    id = UUID(int=begins << 48 | 0x51C0_7BE2_D48A)
    return Relative(Child(queue, id, id, name, state, 1, None, NOW), step, is_parent)


def _run_id(attempt: int) -> UUID:
    return UUID(int=(0x0193_A41F_6B02_7C3E_A4D1_0001 << 32) | attempt)


def _failed(attempt: int, created: float, started: float, failed: float, worker: str) -> Attempt:
    return Attempt(
        run_id=_run_id(attempt),
        attempt=attempt,
        state=State.FAILED,
        worker=worker,
        claim_expires_at=_SPAWNED + started + 600,
        available_at=_SPAWNED + started,
        started_at=_SPAWNED + started,
        completed_at=None,
        failed_at=_SPAWNED + failed,
        created_at=_SPAWNED + created,
        wake_event=None,
        failure=_FAILURE,
        reason=Document(612, _REASON),
    )


def _sleeping() -> Attempt:
    return Attempt(
        run_id=_run_id(5),
        attempt=5,
        state=State.SLEEPING,
        worker=None,
        claim_expires_at=None,
        available_at=NOW + 110,
        started_at=None,
        completed_at=None,
        failed_at=None,
        created_at=_SPAWNED + 1_158,
        wake_event=None,
        failure=None,
        reason=None,
    )


def _step(name: str, saved: float, attempt: int, size: int) -> CheckpointRow:
    return CheckpointRow(name, "committed", _run_id(attempt), _SPAWNED + saved, size)
