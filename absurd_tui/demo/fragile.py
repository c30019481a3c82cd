"""Keeps the fragile queue's worker in a process of its own: `python -m absurd_tui.demo.fragile DSN RATE`.

One of its tasks kills that process. For a while nobody works on the queue: the
leases expire and due tasks wait. Then another worker is started.
"""

import sys
import time
from typing import NoReturn

from absurd_tui.demo.children import Child, end_with_owner
from absurd_tui.demo.queues import FRAGILE

STAYS_DEAD_FOR = 20.0
"""Seconds: longer than the queue's lease, so that it is seen to expire."""


def main(dsn: str, rate: str) -> NoReturn:
    """Start a worker whenever the last one has been dead for long enough."""
    end_with_owner()
    while True:
        died = Child("absurd_tui.demo.workers", dsn, rate, FRAGILE.name).wait()
        sys.stderr.write(f"the worker of {FRAGILE.name} died ({died}), the next one in {STAYS_DEAD_FOR:.0f} s\n")
        sys.stderr.flush()
        time.sleep(STAYS_DEAD_FOR)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
