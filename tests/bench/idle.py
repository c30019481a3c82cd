"""What a minute costs in which nothing happens: both programs side by side in the same minute."""

from collections.abc import Iterator
from contextlib import ExitStack

from bench.cost import cpu_seconds, peak_memory
from bench.pairs import Measured
from bench.programs.bare import HELLO
from bench.stage import backends
from bench.timed_terminal import skip_all, timed

CPU, SERVER_CPU, MEMORY = "CPU", "CPU of its backends", "peak memory"
MINUTE = 60.0
SETTLES = 3.0


def idle_minutes(dsn: str, rounds: int, seconds: float) -> Iterator[tuple[Measured, Measured]]:
    """Measure some times, each for some seconds, scaled to a minute; by turns one or the other is started first."""
    for number in range(rounds):
        yield _idle_minute(dsn, seconds, bare_first=bool(number % 2))


def _idle_minute(dsn: str, seconds: float, *, bare_first: bool) -> tuple[Measured, Measured]:
    programs = [("absurd_tui", "--dsn", dsn), ("bench.programs.bare",)]
    texts = {"absurd_tui": "notifications", "bench.programs.bare": HELLO}
    with ExitStack() as running:
        order = reversed(programs) if bare_first else programs
        shown = {command[0]: running.enter_context(timed(*command)) for command in order}
        for module, terminal in shown.items():
            terminal.time_of_text(texts[module])
        skip_all(list(shown.values()), SETTLES)
        ours, bare = (shown[command[0]].pid for command in programs)
        serving = backends(dsn)
        pids = [ours, bare, *serving]
        before = [cpu_seconds(pid) for pid in pids]
        skip_all(list(shown.values()), seconds)
        spent = [(cpu_seconds(pid) - begun) * MINUTE / seconds for pid, begun in zip(pids, before, strict=True)]
        return (
            {CPU: spent[:1], SERVER_CPU: [sum(spent[2:])], MEMORY: [peak_memory(ours)]},
            {CPU: spent[1:2], MEMORY: [peak_memory(bare)]},
        )
