"""The terminal's title: the verdict and the counts, in letters, digits and few signs, whatever the database holds."""

import re

from absurd_tui import units
from absurd_tui.observe.records import NOTHING, Snapshot, State
from absurd_tui.observe.verdict import Settled

_UNSAFE = re.compile(r"[^A-Za-z0-9 ,.:_+-]")
_NAME = 24


def title_of(snapshot: Snapshot | None, settled: Settled, *, is_live: bool) -> str:
    """Make the title: first the word of the verdict, because a tab shows but its beginning."""
    if snapshot is None:
        return "absurd-tui"
    name = _safe(snapshot.server.database)
    if not is_live:
        return f"UNKNOWN {name}: no answer"
    readable = [queue.counts for queue in snapshot.queues if queue.counts is not None]
    told = {state.value: sum((counts.of(state) for counts in readable), NOTHING) for state in _TOLD}
    told["expired"] = sum((counts.expired for counts in readable), NOTHING)
    counted = ", ".join(
        f"{units.count(count.value, capped=count.is_capped, estimated=count.is_estimate)} {word}"
        for word, count in told.items()
    )
    return f"{settled.level.name} {name}: {_safe(counted, longest=100)}"


_TOLD = (State.PENDING, State.RUNNING, State.SLEEPING, State.FAILED)


def _safe(raw: str, longest: int = _NAME) -> str:
    return _UNSAFE.sub("?", raw[:longest])
