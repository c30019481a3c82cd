"""The workers' process: `python -m absurd_tui.demo.workers DSN RATE QUEUE…`, on the official SDK.

It ends when its standard input does. What goes wrong is one line on standard
error: its owner sends that to a file, never to the terminal.
"""

import logging
import os
import sys
import threading
import time
from typing import NoReturn

from absurd_sdk import Absurd

from absurd_tui.demo.children import end_with_owner
from absurd_tui.demo.queues import QUEUES, Queue
from absurd_tui.demo.workflows import register

POLL_INTERVAL = 0.4
TRY_AGAIN_AFTER = 2.0

log = logging.getLogger("workers")


def work(dsn: str, rate: float, queue: Queue, worker: str) -> NoReturn:
    """Claim and run tasks for ever; whatever breaks the SDK's loop, start again."""
    while True:
        client = None
        try:
            client = Absurd(dsn, queue_name=queue.name, default_max_attempts=2)
            register(client, queue.name)
            client.start_worker(
                worker_id=f"{worker}:{os.getpid()}",
                claim_timeout=queue.claim_timeout,
                concurrency=queue.slots_at(rate),
                poll_interval=POLL_INTERVAL,
            )
        except Exception as error:
            log.warning("%s starts again after %s: %.300r", worker, type(error).__name__, str(error))
        finally:
            if client is not None:
                client.close()
        time.sleep(TRY_AGAIN_AFTER)


def main(dsn: str, rate: float, names: list[str]) -> NoReturn:
    """Start the workers of the queues `names`, a thread each."""
    end_with_owner()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    for queue in QUEUES:
        if queue.name in names:
            for worker in queue.workers:
                threading.Thread(target=work, args=(dsn, rate, queue, worker), daemon=True).start()
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3:])
