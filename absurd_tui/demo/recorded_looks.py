"""What the screens beside the dashboard find in the recorded system."""

from absurd_tui.demo.recorded import NOW, rows
from absurd_tui.observe.looking import Looked
from absurd_tui.observe.records import State, TaskRow
from absurd_tui.observe.workers import HeldRun, WorkersReading, workers_of

_STEPS = {
    "transcode_video": ("segment_7", 242.0),
    "charge_card": ("authorize", 6.0),
    "reindex_catalog": ("page_118", 3.0),
}
_TAKEN = 0.0


class RecordedLooks:
    """Looks at the recording; it costs nothing, and is of no time of this machine."""

    async def workers(self, queue: str | None) -> Looked[WorkersReading]:
        """Find who holds the runs of the recording, and who ended some."""
        recorded = rows()
        held = [(row.worker, _held(row)) for row in recorded[State.RUNNING] if queue in (None, row.queue)]
        ended = [
            (of, worker, number, NOW - ago)
            for of, worker, number, ago in (
                ("payments", "pay-a:9001", 41, 12.0),
                ("payments", "pay-b:9002", 12, 340.0),
                ("notifications", "mail-1:77", 214, 1.0),
                ("notifications", "gabsurd_worker", 198, 0.0),
                ("reports", "reports-0:12", 3, 1_860.0),
            )
            if queue in (None, of)
        ]
        return Looked(WorkersReading(NOW, workers_of(held, ended, NOW), 1 if queue else 6), _TAKEN, 0.0)


def _held(row: TaskRow) -> HeldRun:
    step, ago = _STEPS.get(row.task_name, (None, None))
    return HeldRun(
        row.queue,
        row.run_id,
        row.task_id,
        row.task_name,
        row.attempt,
        row.max_attempts,
        row.available_at,
        row.claim_expires_at,
        NOW - ago if ago is not None and row.worker not in ("pay-b:9001",) else None,
        step if row.worker not in ("pay-b:9001",) else None,
    )
