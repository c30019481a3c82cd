"""Which dialog asks for which command about a whole queue."""

from typing import Any

from absurd_tui.observe.why import Clock
from absurd_tui.ui.availability import (
    CLEAN_UP,
    CREATE_QUEUE,
    CRON_OFF,
    CRON_ON,
    DETACH,
    DROP_QUEUE,
    MAKE_PARTITIONS,
    QUEUE_POLICY,
)
from absurd_tui.ui.dialogs.clean_up import CleanUpDialog
from absurd_tui.ui.dialogs.create_queue import CreateQueueDialog
from absurd_tui.ui.dialogs.cron import DisableCronDialog, EnableCronDialog
from absurd_tui.ui.dialogs.detach import DetachDialog
from absurd_tui.ui.dialogs.drop_queue import DropQueueDialog
from absurd_tui.ui.dialogs.make_partitions import MakePartitionsDialog
from absurd_tui.ui.dialogs.queue_frame import QueueDialog
from absurd_tui.ui.dialogs.queue_policy import QueuePolicyDialog
from absurd_tui.ui.watch import Watch

_ABOUT_ONE: dict[str, type[QueueDialog[Any]]] = {
    DROP_QUEUE: DropQueueDialog,
    QUEUE_POLICY: QueuePolicyDialog,
    CLEAN_UP: CleanUpDialog,
    MAKE_PARTITIONS: MakePartitionsDialog,
    CRON_ON: EnableCronDialog,
    CRON_OFF: DisableCronDialog,
    DETACH: DetachDialog,
}


def queue_dialog(command: str, watch: Watch, queue: str | None, seen: Clock) -> QueueDialog[Any] | None:
    """Make the dialog of a command; None where it needs a queue and none is chosen."""
    if command == CREATE_QUEUE:
        return CreateQueueDialog(watch, seen)
    return _ABOUT_ONE[command](watch, queue, seen) if queue is not None else None
