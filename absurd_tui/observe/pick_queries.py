"""The SQL that picks the runs of a panel's first rows, by index.

How many are wanted of a branch is an argument ($1, at its own position), so that its text stays the same while that
changes, and is planned once. But the text tells how many are looked at, at most: for a number that it does not know,
PostgreSQL would rather read a whole table.
"""

from dataclasses import dataclass

from absurd_tui.observe.records import State

ENDLESS = 5_000
"""How many runs that are due never are read: they share one time, so that no index has them in an order."""

_PICKED, _LOOKED_AT = 500, 2000


def wanted(position: int) -> str:
    """Say how many rows are wanted of the branch at a position."""
    return f"($1::int[])[{position + 1}]"


def in_turn(first: str, second: str, rows: int | str) -> str:
    """Read a second source of runs only where the first has fewer rows than wanted."""
    return f"""(with near as materialized (select * from {first} n)
                select * from near union all
                select * from {second} f where (select count(*) from near) < {rows})"""


def endless(r: str, state: State, columns: str = "*") -> str:
    """Name the runs of a state that are due never, as many of them as are read."""
    return f"""(select {columns} from {r} where state = '{state}' and available_at >= 'infinity'
                 order by available_at limit {ENDLESS})"""


@dataclass(frozen=True, slots=True)
class Picks:
    """Picks runs of one queue, whose tables are `r` and `t`: the first `rows`, and their `columns`."""

    r: str
    t: str
    rows: str
    columns: str = "*"

    def first_of(self, state: State, lowest: str) -> str:
        """Pick the first rows of a panel; those that are pending from a time on."""
        by_time = "order by available_at, run_id"
        if state is State.PENDING:
            return self._first(f"state = 'pending' and available_at >= {lowest} {by_time}")
        if state is State.RUNNING:
            leased = self._first("state = 'running' and claim_expires_at is not null order by claim_expires_at, run_id")
            unleased = self._first(f"state = 'running' and claim_expires_at is null {by_time}")
            return in_turn(leased, unleased, self.rows)
        if state is State.SLEEPING:
            limited = self._first(f"state = 'sleeping' and available_at < 'infinity' {by_time}")
            unlimited = f"(select * from {endless(self.r, state, self.columns)} e order by run_id limit {self.rows})"
            return in_turn(limited, unlimited, self.rows)
        if state is State.COMPLETED:
            return self._last_ended(self._newest("state = 'completed'", times=10), "completed_at")
        if state is State.FAILED:
            looked_at = self._newest("state = 'failed'", times=40, most=_LOOKED_AT)
            enough = f"limit least({_PICKED}, 10 * {self.rows})"
            return self._last_ended(self._of_task(looked_at, "failed", enough), "failed_at")
        gone = self._newest("state = 'cancelled' and available_at <= now()", times=10)
        not_due = self._first("state = 'cancelled' and available_at > now()", times=10)
        by_failure = self._of_task(self._newest("state = 'failed'", times=10), "cancelled")
        return f"({gone} union all {not_due} union all {by_failure})"

    def failed_runs(self) -> str:
        """Pick the last failed runs, also those whose task was retried since."""
        return self._last_ended(self._newest("state = 'failed'", times=10), "failed_at")

    def _first(self, where: str, *, times: int = 1, most: int = _PICKED) -> str:
        return f"""(select * from (select {self.columns} from {self.r} where {where} limit {most}) x
                     limit {times} * {self.rows})"""

    def _newest(self, where: str, *, times: int, most: int = _PICKED) -> str:
        return self._first(f"{where} order by available_at desc, run_id desc", times=times, most=most)

    def _of_task(self, runs: str, state: str, limit: str = "") -> str:
        """Keep those runs that brought their task into a state."""
        return f"""(select r.* from {runs} r
                     cross join lateral (select from {self.t} t where t.task_id = r.task_id
                                            and t.last_attempt_run = r.run_id and t.state = '{state}' offset 0) t
                     {limit})"""

    def _last_ended(self, runs: str, ended_at: str) -> str:
        return f"(select * from {runs} x order by {ended_at} desc nulls last, run_id desc limit {self.rows})"
