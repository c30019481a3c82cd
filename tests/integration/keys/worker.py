"""A worker on the official SDK, a process of its own: `python -m integration.keys.worker DSN QUEUE FOLDER`.

Its tasks look at files in the folder, so that a test decides when they end. It ends when its standard input does.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from absurd_sdk import Absurd, TaskContext

from absurd_tui.demo.children import Child, end_with_owner

WORKER = "sdk-worker:7"
LEASE = 250
"""Seconds."""


@contextmanager
def worker(dsn: str, queue: str, folder: Path) -> Iterator[None]:
    """Have a worker poll a queue."""
    child = Child(__name__, dsn, queue, str(folder))
    try:
        yield
    finally:
        child.stop()


def charge_card(params: Any, _ctx: TaskContext) -> Any:
    """Complete at once."""
    return {"charged": params["order"] * 7}


def send_mail(params: Any, _ctx: TaskContext) -> Any:
    """Fail unless there is such a file."""
    if not Path(params["needs"]).exists():
        raise LookupError("no such card")
    return {"sent": True}


def resize_video(params: Any, _ctx: TaskContext) -> Any:
    """Run until there is such a file, without a heartbeat."""
    while not Path(params["until"]).exists():
        time.sleep(0.1)
    return {"resized": True}


def import_orders(params: Any, ctx: TaskContext) -> None:
    """Save a checkpoint, then run until a heartbeat says that it is over; leave behind what that said."""
    ctx.step("first half", lambda: {"rows": 1})
    try:
        while True:
            ctx.heartbeat()
            time.sleep(0.2)
    except BaseException as learned:
        Path(params["learned"]).write_text(type(learned).__name__)
        raise


def main(dsn: str, queue: str, folder: str) -> None:
    end_with_owner()
    os.chdir(folder)
    client = Absurd(dsn, queue_name=queue)
    for workflow in (charge_card, send_mail, resize_video, import_orders):
        client.register_task(workflow.__name__, queue=queue)(workflow)
    client.start_worker(worker_id=WORKER, claim_timeout=LEASE, concurrency=4, poll_interval=0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
