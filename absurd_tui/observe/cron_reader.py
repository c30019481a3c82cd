"""Reads what pg_cron does for Absurd."""

from absurd_tui.database.faults import Fault, classify
from absurd_tui.observe import storage_queries
from absurd_tui.observe.branches import Fetch, Row
from absurd_tui.observe.storage import Cron, CronJob


async def read_cron(fetch: Fetch) -> Cron:
    """Read what pg_cron does for Absurd; what it refuses is not known, and nothing else is the worse for it."""
    (there,) = await fetch(storage_queries.CRON)
    if not there["is_there"]:
        return Cron(is_there=False)
    if not there["may_jobs"]:
        return Cron(is_there=True, jobs=None)
    try:
        jobs = await fetch(storage_queries.CRON_JOBS)
        ids = [job["jobid"] for job in jobs]
        runs = await fetch(storage_queries.CRON_RUNS, ids) if ids and there["may_runs"] else ()
    except Exception as error:
        if classify(error) in (Fault.RECONNECT, Fault.RETRY_ONCE):
            raise
        return Cron(is_there=True, jobs=None)
    last = {run["jobid"]: run for run in runs}
    return Cron(is_there=True, jobs=tuple(_job(job, last.get(job["jobid"])) for job in jobs))


def _job(job: Row, run: Row | None) -> CronJob:
    return CronJob(
        name=job["name"] or "",
        schedule=job["schedule"],
        command=job["command"],
        is_active=job["active"],
        ran_at=run["ran_at"] if run is not None else None,
        status=run["status"] if run is not None else None,
        message=run["message"] if run is not None else None,
    )
