"""What both tables show: rows like those of our Claimed panel, made in memory, of which the last cell counts down."""

import time

COLUMNS = {"task": 20, "queue": 12, "id": 8, "attempt": 7, "worker": 20, "lease": 8, "left": 8}
ROWS_SHOWN = 24
"""As tall as our panel is when it stands alone in a terminal of 40 lines."""

LEASE = 300
_began = time.monotonic()


def cells(number: int) -> tuple[str, ...]:
    """The cells of a row as they are now."""
    return (f"task {number + 1:05}", "mail", f"{number:08x}", "1", f"worker-{number % 7}", "━━━━━━━━", left(number))


def left(number: int) -> str:
    """The cell that counts down."""
    seconds = LEASE + number // 100 - round(time.monotonic() - _began)
    return f"{seconds // 60}m {seconds % 60:02}s"
