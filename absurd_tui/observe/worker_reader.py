"""Reads which workers were seen."""

from absurd_tui.observe.branches import Asked, Fetch, Question, Row
from absurd_tui.observe.tables import read_tables
from absurd_tui.observe.worker_queries import worker_branch
from absurd_tui.observe.workers import HeldRun, WorkersReading, workers_of

MOST_RUNS, LEAST_RUNS = 1_000, 25
ALL_RUNS = 5_000
"""How many running runs are read of one queue, and of all queues together."""

_FEWER_ENDED = 5


async def read_workers(fetch: Fetch, queue: str | None) -> WorkersReading:
    """Read who holds runs of one queue, or of all (None), and who ended some lately."""
    found = await read_tables(fetch, queue, "tr")
    rows = max(LEAST_RUNS, min(MOST_RUNS, ALL_RUNS // max(1, len(found.readable))))
    role = next((tables.role for tables in found.readable), "")
    blind = frozenset(tables.name for tables in found.readable if "c" not in tables.readable)

    def branch(position: int, name: str, _: None) -> str:
        return worker_branch(
            position, name, held=rows, ended=max(LEAST_RUNS, rows // _FEWER_ENDED), may_checkpoints=name not in blind
        )

    asked: Asked[None] = Asked(fetch=fetch, branch=branch, role=role, checkpoints=True)
    answer = (await asked.gather([Question(tables.listed, None) for tables in found.readable])).get(None)
    if answer is None:
        return WorkersReading(found.now, (), found.asked, found.refused, found.veiled)
    held = [(row["worker"], _held(name, row)) for name, some in answer.rows.items() for row in some if row["holds"]]
    ended = [
        (name, row["worker"], row["runs"], row["at"])
        for name, some in answer.rows.items()
        for row in some
        if not row["holds"]
    ]
    return WorkersReading(
        now=found.now,
        workers=workers_of(held, ended, found.now),
        asked=found.asked,
        refused=(*found.refused, *answer.refused),
        veiled=found.veiled,
        blind=tuple(sorted(blind)),
        capped=tuple(name for name, some in answer.rows.items() if sum(row["holds"] for row in some) == rows),
    )


def _held(queue: str, row: Row) -> HeldRun:
    return HeldRun(
        queue=queue,
        run_id=row["run_id"],
        task_id=row["task_id"],
        task_name=row["task_name"] or "",
        attempt=row["attempt"],
        max_attempts=row["max_attempts"],
        claimed_at=row["at"],
        claim_expires_at=row["claim_expires_at"],
        checkpoint_at=row["checkpoint_at"],
        checkpoint_name=row["checkpoint_name"],
    )
