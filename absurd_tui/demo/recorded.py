"""A recorded reading of an invented system in trouble: what the pictures in `screenshots/` are made from."""

from dataclasses import replace
from math import inf
from uuid import UUID

from absurd_tui.observe.records import (
    Count,
    Counts,
    Failure,
    PanelReading,
    QueueReading,
    Refusal,
    Server,
    Snapshot,
    State,
    TaskRow,
    View,
)
from absurd_tui.observe.symptoms import Failing, Poison, Symptoms

NOW = 1_795_442_607.2
SERVER = Server(
    address="operator@db1.internal/orders",
    database="orders",
    role="operator",
    is_superuser=False,
    is_standby=False,
    version="17.2",
    absurd_version="0.5.1",
    fake_now=None,
)
_STEADY = (5, 6, 5, 7, 6, 5, 6, 8, 7, 6, 5, 6, 7, 6, 6, 5, 7, 8, 6, 5, 6, 7, 6, 5, 6, 6, 7, 5, 6, 7)
_STOPPED = (*_STEADY[:17], 3, *(0,) * 12)
_FALLING = (*_STEADY[:12], 6, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 1)
_IDS = 0x0193_A41F_6B02_7C3E_A4D1_8E52 << 32
_SYMPTOMS = {
    "billing": Symptoms(Poison(UUID(int=_IDS | 0xC05D11E2), "close_month", "pending", "max_duration", "soon")),
    "payments": Symptoms(failing=Failing("charge_card", "HTTPError", 198, 160, 212)),
}
_FAULT = Failure("HTTPError", "503 Server Error: upstream connect error")


def queues(*, in_trouble: bool) -> tuple[QueueReading, ...]:
    """Give the readings of the invented queues."""
    ago = NOW - 1.0
    if not in_trouble:
        return (
            _queue("audit", _counts(0, 0, 0, 0, 0, 0, None, None), (0,) * 30),
            _queue("billing", _counts(0, 0, 41, 212, 38_104, 96, None, ago), _STEADY),
            _queue("media-transcode", _counts(0, 2, 6, 9, 88_431, 310, None, NOW - 5), _STEADY[::-1]),
            _queue("notifications", _counts(0, 1, 214, 3, 10_000, 88, None, NOW), _STEADY, done=412),
            _queue("payments", _counts(0, 3, 12, 1_000, 10_000, 1_204, None, NOW), _STEADY[::-1], done=106),
            _queue("reports", _counts(0, 0, 7_916, 0, 2_610, 0, None, NOW - 1_860), _FALLING),
        )
    return (
        QueueReading("audit", "unpartitioned", None, refusal("audit")),
        _queue("billing", _counts(1_284, 3, 41, 212, 38_104, 96, NOW - 725, NOW - 725, expired=3), _STOPPED),
        _queue("media-transcode", _counts(41, 3, 6, 9, 88_410, 310, NOW - 64, NOW - 5), _STEADY),
        _queue("notifications", _counts(12, 1, 214, 3, 10_000, 88, NOW - 2, NOW), _STEADY[::-1], done=412),
        _queue("payments", _counts(96, 3, 1_043, 1_000, 10_000, 1_204, NOW - 4, NOW), _FALLING, done=31, failed=212),
        _queue("reports", _counts(0, 0, 7_916, 0, 2_610, 0, None, NOW - 1_860), _FALLING),
    )


def _queue(name: str, counts: Counts, minutes: tuple[int, ...], done: int = 0, failed: int = 0) -> QueueReading:
    lately = replace(counts, done_last_minute=Count(done), failed_last_minute=Count(failed))
    symptoms = _SYMPTOMS.get(name, Symptoms()) if counts.oldest_due is not None else Symptoms()
    return QueueReading(name, "unpartitioned", lately, None, minutes, symptoms=symptoms)


def _counts(
    pending: int,
    running: int,
    sleeping: int,
    failed: int,
    completed: int,
    cancelled: int,
    due: float | None,
    claimed: float | None,
    *,
    expired: int = 0,
) -> Counts:
    return Counts(
        pending=Count(pending),
        running=Count(running),
        sleeping=Count(sleeping),
        failed=Count(failed, is_capped=failed == 1_000),
        completed=Count(completed, is_capped=completed == 10_000),
        cancelled=Count(cancelled),
        expired=Count(expired),
        due_sleepers=Count(0),
        done_last_minute=Count(0),
        failed_last_minute=Count(0),
        oldest_due=due,
        last_claim=claimed,
        oldest_expired=NOW - 722 if expired else None,
    )


def refusal(queue: str) -> Refusal:
    """Give why the recorded role may not read a queue."""
    return Refusal(
        f"role operator may not SELECT on absurd.t_{queue}, r_{queue}",
        f"GRANT SELECT ON absurd.t_{queue}, absurd.r_{queue} TO operator;",
    )


def rows() -> dict[State, tuple[TaskRow, ...]]:
    """Give the rows of the six panels."""
    return {
        State.PENDING: (
            _row(State.PENDING, "send_invoice", "billing", 0x08F8, "1/3", since=725),
            _row(State.PENDING, "send_invoice", "billing", 0xDA2C, "1/3", since=722),
            _row(State.PENDING, "sync_ledger", "billing", 0x697A, "1", since=680),
            _row(State.PENDING, "send_invoice", "billing", 0x7681, "2/3", since=670),
            _row(State.PENDING, "close_month", "billing", 0x2693, "1/1", since=640),
            _row(State.PENDING, "send_invoice", "billing", 0xAEE0, "1/3", since=620),
            _row(State.PENDING, "sync_ledger", "billing", 0x5D28, "1", since=590),
            _row(State.PENDING, "transcode_video", "media-transcode", 0x9B1F, "1/2", since=64),
        ),
        State.RUNNING: (
            _claimed("sync_ledger", "billing", 0x6F7E, "1", "billing-7b9d:4211", 782, -722, 60),
            _claimed("send_invoice", "billing", 0x1F8B, "2/3", "billing-7b9d:4212", 740, -700, 60),
            _claimed("send_invoice", "billing", 0x7443, "1/3", "billing-7b9d:4213", 735, -690, 60),
            _claimed("transcode_video", "media-transcode", 0x9F3A7C1E, "1/2", "gpu-2:118", 1_440, 4, 300),
            _claimed("charge_card", "payments", 0x0926, "4/5", "pay-a:9001", 11, 19, 30),
            _claimed("charge_card", "payments", 0x115C, "3/5", "pay-a:9002", 8, 22, 30),
            _claimed("charge_card", "payments", 0x36CB, "4/5", "pay-b:9001", 4, 26, 30),
            _claimed("send_receipt", "notifications", 0x62AB, "1/5", "mail-1:77", 2, 28, 30),
            _claimed("thumbnail", "media-transcode", 0x574D, "1/2", "gpu-1:117", 60, 188, 300),
            _claimed("reindex_catalog", "media-transcode", 0x1BA4, "1", "batch-0:55", 8_100, None, None),
        ),
        State.SLEEPING: (
            _asleep("charge_card", "payments", 0xC9D8, "5/5", 14, failure=_FAULT),
            _asleep("charge_card", "payments", 0x4014, "5/5", 31, failure=_FAULT),
            _asleep("charge_card", "payments", 0xC6F2, "4/5", 72, failure=_FAULT),
            _asleep("digest_daily", "notifications", 0xBEE5, "1/5", 57_393, step="sleep_until_morning"),
            _asleep("approve_refund", "payments", 0x21C4, "1", 85_800, event="refund.approved:88123"),
            _asleep("\x1b]0;pwned\x07import[/red]\u202e", "reports", 0x7519, "1/2", 124),
            _asleep("onboard_merchant", "payments", 0xB165, "1/3", inf, event="kyc.done:m_4471"),
        ),
        State.FAILED: (
            _ended(State.FAILED, "charge_card", "payments", 0x80B8, "5/5", 3, 41, failure=_FAULT),
            _ended(State.FAILED, "charge_card", "payments", 0x0BF3, "5/5", 7, 44, failure=_FAULT),
            _ended(State.FAILED, "refund_order", "payments", 0x9447, "5/5", 21, 38, failure=_FAULT),
            _ended(State.FAILED, "charge_card", "payments", 0xCE10, "5/5", 33, 47, failure=_FAULT),
            _ended(
                State.FAILED,
                "transcode_video",
                "media-transcode",
                0x7C58,
                "2/2",
                360,
                300,
                failure=Failure("$ClaimTimeout", "worker did not finish task within claim interval"),
            ),
            _ended(
                State.FAILED,
                "build_report",
                "reports",
                0xADE6,
                "3/3",
                1_860,
                2,
                failure=Failure("KeyError", "'\x1b[2Jtotal'"),
            ),
            _ended(
                State.FAILED,
                "send_invoice",
                "billing",
                0x6542,
                "3/3",
                5_100,
                1,
                failure=Failure("ValueError", "VAT id is empty"),
            ),
        ),
        State.COMPLETED: (
            _ended(State.COMPLETED, "send_receipt", "notifications", 0x9301, "1/5", 0, 0.4),
            _ended(State.COMPLETED, "send_receipt", "notifications", 0x1A0D, "1/5", 0, 0.3),
            _ended(State.COMPLETED, "push_device", "notifications", 0x2634, "1/5", 1, 1.1),
            _ended(State.COMPLETED, "send_receipt", "notifications", 0x5F1A, "2/5", 1, 41),
            _ended(State.COMPLETED, "charge_card", "payments", 0xCCC7, "3/5", 2, 129),
            _ended(State.COMPLETED, "send_receipt", "notifications", 0xE680, "1/5", 2, 0.4),
            _ended(State.COMPLETED, "push_device", "notifications", 0xFB3B, "1/5", 3, 0.9),
        ),
        State.CANCELLED: (
            _cancelled("charge_card", "payments", 0x86BD, "2/5", 60, 1_800, "1800"),
            _cancelled("charge_card", "payments", 0x1D68, "3/5", 64, 1_800, "1800"),
            _cancelled("onboard_merchant", "payments", 0xA9F2, "1/3", 1_440, 600, None),
            _cancelled("build_report", "reports", 0x83EF, "1/3", 86_500, 20, None),
        ),
    }


def _row(state: State, name: str, queue: str, tail: int, attempts: str, *, since: float) -> TaskRow:
    attempt, _, most = attempts.partition("/")
    return TaskRow(
        queue=queue,
        task_id=UUID(int=_IDS | tail),
        run_id=UUID(int=(0x0193_A41F_6B02_7C3E_A4D1_0000 << 32) | tail),
        state=state,
        task_name=name,
        attempt=int(attempt),
        max_attempts=int(most) if most else None,
        worker=None,
        claim_expires_at=None,
        available_at=NOW - since,
        started_at=None,
        ended_at=None,
        created_at=NOW - since,
        enqueued_at=NOW - since,
        first_started_at=None,
        cancelled_at=None,
        wake_event=None,
        failure=None,
        reached_step=None,
        preview='{"order": 88123, "cents": 8710}' if state in (State.PENDING, State.COMPLETED) else None,
        max_duration=None,
        max_delay=None,
    )


def _claimed(
    name: str, queue: str, tail: int, attempts: str, worker: str, ran: float, left: float | None, lease: float | None
) -> TaskRow:
    return replace(
        _row(State.RUNNING, name, queue, tail, attempts, since=ran),
        worker=worker,
        started_at=NOW - ran,
        first_started_at=NOW - ran,
        claim_expires_at=None if left is None else NOW + left,
        lease_set_at=None if left is None or lease is None else NOW + left - lease,
    )


def _asleep(
    name: str,
    queue: str,
    tail: int,
    attempts: str,
    left: float,
    *,
    failure: Failure | None = None,
    step: str | None = None,
    event: str | None = None,
) -> TaskRow:
    return replace(
        _row(State.SLEEPING, name, queue, tail, attempts, since=-left),
        started_at=None if failure else NOW - 60,
        failure=failure,
        reached_step=step,
        wake_event=event,
    )


def _ended(
    state: State,
    name: str,
    queue: str,
    tail: int,
    attempts: str,
    ago: float,
    took: float,
    *,
    failure: Failure | None = None,
) -> TaskRow:
    return replace(
        _row(state, name, queue, tail, attempts, since=ago + took),
        started_at=NOW - ago - took,
        first_started_at=NOW - ago - took,
        ended_at=NOW - ago,
        failure=failure,
    )


def _cancelled(
    name: str, queue: str, tail: int, attempts: str, ago: float, ran: float, max_duration: str | None
) -> TaskRow:
    return replace(
        _row(State.CANCELLED, name, queue, tail, attempts, since=ago + ran),
        first_started_at=NOW - ago - ran,
        cancelled_at=NOW - ago,
        max_duration=max_duration,
    )


def snapshot(view: View, *, in_trouble: bool = True) -> Snapshot:
    """Give the recorded reading of a view; it was taken at no time of this machine, so its clock stands still."""
    recorded = rows()
    if not in_trouble:
        recorded[State.RUNNING] = recorded[State.RUNNING][4:]
        recorded[State.PENDING] = ()
    panels = tuple(PanelReading(state, recorded[state]) for state in view.panels)
    return Snapshot(SERVER, view, NOW, inf, 0.006, queues(in_trouble=in_trouble), panels)
