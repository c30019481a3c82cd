"""From exec to the first frame, to the first data, and what this took of CPU and memory."""

from bench.cost import cpu_seconds, peak_memory
from bench.pairs import Measured
from bench.programs.bare import HELLO
from bench.timed_terminal import timed

FIRST_FRAME, FIRST_DATA = "exec to first frame", "exec to first data"
CPU, MEMORY = "CPU of the start", "peak memory after start"
SETTLES = 0.5


def start_dashboard(dsn: str) -> Measured:
    """Start the dashboard on the idle database. Its first frame has the panels, its first data the queues' names."""
    with timed("absurd_tui", "--dsn", dsn) as shown:
        frame = shown.time_of_text("Pending", "Completed")
        data = shown.time_of_text("notifications", "billing")
        shown.look(SETTLES)
        return {
            FIRST_FRAME: [1000 * (frame - shown.started)],
            FIRST_DATA: [1000 * (data - shown.started)],
            CPU: [1000 * cpu_seconds(shown.pid)],
            MEMORY: [peak_memory(shown.pid)],
        }


def start_bare() -> Measured:
    """Start the bare app, which has its data in its first frame."""
    with timed("bench.programs.bare") as shown:
        frame = 1000 * (shown.time_of_text(HELLO) - shown.started)
        shown.look(SETTLES)
        return {
            FIRST_FRAME: [frame],
            FIRST_DATA: [frame],
            CPU: [1000 * cpu_seconds(shown.pid)],
            MEMORY: [peak_memory(shown.pid)],
        }
