"""What the operations on pg_cron's jobs share: whether it is there, and the jobs that Absurd has made for one queue."""

from typing import Final

from absurd_tui.observe.storage import suffix
from absurd_tui.operations.outcomes import Refused
from absurd_tui.operations.standing import Fetch

IS_THERE: Final = """
select to_regclass('cron.job') is not null
       and (select count(distinct p.proname) = 2 from pg_proc p join pg_namespace n on n.oid = p.pronamespace
             where n.nspname = 'cron' and p.proname in ('schedule', 'unschedule')) as is_there"""
JOBS: Final = r"""
select jobname as name, schedule, xmin::text::bigint = $2::bigint as is_ours
  from cron.job
 where database = current_database() and jobname like 'absurd\_%' and position($1::text in jobname) > 0"""
"""The jobs of a queue by what its jobs are named by ($1), and whether the transaction $2 wrote them."""

NOT_THERE: Final = Refused(
    "pg_cron is not in this database, so that nothing runs jobs here. A superuser installs it: CREATE EXTENSION"
    " pg_cron, in the database that cron.database_name names."
)
NO_LOCK_LIMIT: Final = (
    "What detaches has no lock limit of its own: while it waits for a table, workers may wait behind it, however long."
)
"""Of the statements that Absurd gives to pg_cron; ours have one, and reach no other session."""


async def read_jobs(fetch: Fetch, queue: str, *, xmin: int = 0) -> tuple[tuple[str, ...], int]:
    """Read a queue's own jobs with their schedules, and how many of them the transaction wrote."""
    rows = await fetch(JOBS, suffix(queue), xmin)
    return tuple(sorted(job(row["name"], row["schedule"]) for row in rows)), sum(row["is_ours"] for row in rows)


def job(name: str, schedule: str) -> str:
    """Write a job as it is shown and compared: `absurd_cleanup_1a2b3c4d5e6f (17 * * * *)`."""
    return f"{name} ({schedule})"


def own_jobs(queue: str) -> tuple[str, ...]:
    """The jobs that absurd.enable_cron makes for one queue with the schedules that it has by itself."""
    made = (("cleanup", "17 * * * *"), ("detach_plan", "29 * * * *"), ("partitions", "5 * * * *"))
    return tuple(job(f"absurd_{what}_{suffix(queue)}", schedule) for what, schedule in made)
