"""What is told of a queue's storage: a few sentences under a name each, and the role of what is not as it should be."""

from dataclasses import dataclass

from absurd_tui import units
from absurd_tui.observe.records import Count, QueueReading, State
from absurd_tui.observe.storage import DAY, Cron, CronJob, Partitions, QueueStorage
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say

SHORT_AHEAD = 7 * DAY
"""Partitions that end sooner than that are told."""

_TABLES = {"t": "tasks", "r": "runs", "c": "checkpoints", "e": "events", "w": "waits", "i": "keys"}


@dataclass(frozen=True, slots=True)
class Words:
    """One fact under its name."""

    label: str
    told: Plain
    role: str = ""


def words(queue: QueueStorage, reading: QueueReading | None, cron: Cron, clock: Clock) -> list[Words]:
    """Tell all that is known of a queue; `reading` has its counts."""
    told = [Words("refused", plain(why.reason), "warning") for why in queue.refusals]
    told += [Words("allow it", plain(why.remedy)) for why in queue.refusals if why.remedy is not None]
    told += [
        _counts(reading),
        _mode(queue, clock),
        *_policy(queue),
        *_sizes(queue),
        _growth(queue),
        _kept(queue, clock),
    ]
    if queue.is_partitioned:
        told += _partitions(queue, clock)
    return told + _cron(queue, cron, clock)


def _counts(reading: QueueReading | None) -> Words:
    if reading is None or reading.counts is None:
        return Words("counts", plain(units.UNKNOWN))
    counts = reading.counts
    return Words("counts", plain(" · ".join(f"{_full(counts.of(state))} {state}" for state in State)))


def _full(count: Count) -> str:
    return f"{'~' if count.is_estimate else ''}{count.value:,}{'+' if count.is_capped else ''}"


def _mode(queue: QueueStorage, clock: Clock) -> Words:
    kept = "a partition for each week" if queue.is_partitioned else "unpartitioned"
    return Words("mode", say("{kept}, made {at}", kept=kept, at=clock.at(queue.created_at)))


def _policy(queue: QueueStorage) -> list[Words]:
    if not queue.policy:
        return [Words("policy", plain("This schema keeps none."))]
    kept = {key: value for key, value in queue.policy if queue.is_partitioned or key.startswith("cleanup")}
    return [Words("policy", plain(", ".join(f"{key} {value}" for key, value in kept.items())))]


def _sizes(queue: QueueStorage) -> list[Words]:
    if queue.tables is None:
        return [Words("size", plain("not known"))]
    each = ", ".join(f"{_TABLES.get(one.letter, one.letter)} {units.size(one.bytes)}" for one in queue.tables)
    size = Words("size", say("{all}: {each}", all=units.size(queue.bytes or 0), each=each))
    with_dead = [one for one in queue.tables if one.dead]
    if not with_dead:
        return [size, Words("dead rows", plain("none, as far as statistics know"))]
    dead = ", ".join(f"{one.dead:,} of {_TABLES.get(one.letter, one.letter)}" for one in with_dead)
    role = "warning" if has_many_dead(queue) else ""
    told = say(
        "{n} beside {live} that live, by statistics: {dead}", n=f"{queue.dead:,}", live=f"{queue.live:,}", dead=dead
    )
    return [size, Words("dead rows", told, role)]


def has_many_dead(queue: QueueStorage) -> bool:
    """Whether autovacuum seems not to keep up."""
    return queue.dead is not None and queue.live is not None and queue.dead > max(10_000, queue.live // 2)


def _growth(queue: QueueStorage) -> Words:
    if queue.spawned is None:
        return Words("growth", plain("not known: its tasks cannot be read"))
    a_day = queue.spawned.a_day
    if a_day is None:
        return Words("growth", plain("not known yet: what was spawned is of too short a time"))
    grows = queue.bytes_a_day
    size = f", {units.size(round(grows))}" if grows is not None else ", how much that is on disk is not known yet"
    told = "about {n} tasks{size} a day before clean-up, by what was spawned in the last {span}"
    return Words("growth", say(told, n=f"{a_day:,.0f}", size=size, span=units.duration(queue.spawned.span)))


def _kept(queue: QueueStorage, clock: Clock) -> Words:
    if queue.kept is None:
        return Words("oldest", plain("not known: its tasks cannot be read"))
    pieces = []
    if queue.kept.task_ended_at is not None:
        pieces.append(f"a task ended {clock.ago(queue.kept.task_ended_at)} ago")
    if queue.kept.event_at is not None:
        pieces.append(f"an event was emitted {clock.ago(queue.kept.event_at)} ago")
    if not pieces:
        looked = queue.kept.looked_at
        none = f"none of the {looked} oldest tasks has ended" if looked else "there is no task"
        return Words("oldest", plain(f"{none}, and there is no event"))
    oldest = " and ".join(pieces)
    if queue.ttl is None:
        return Words("oldest", say("{oldest}; no policy says how long they are kept", oldest=oldest))
    keeps = units.age(queue.ttl)
    if queue.is_behind(clock.now):
        told = "{oldest}; {keeps} are kept: clean-up is behind, or nobody runs it"
        return Words("oldest", say(told, oldest=oldest, keeps=keeps), "warning")
    return Words("oldest", say("{oldest}; {keeps} are kept", oldest=oldest, keeps=keeps))


def _partitions(queue: QueueStorage, clock: Clock) -> list[Words]:
    partitions = queue.partitions
    if partitions is None:
        return [Words("partitions", plain("not known"))]
    if partitions.until is None:
        return [Words("partitions", plain("none for a week"), "warning")]
    left = partitions.until - clock.now
    weeks = units.plural(partitions.number, "partition")
    until = clock.at(partitions.until)
    if left <= 0:
        goes = "new rows go to the default one" if partitions.has_default else "new rows are refused"
        first = Words("partitions", say("{weeks}, ended {at}: {goes}", weeks=weeks, at=until, goes=goes), "alarm")
    else:
        role = "warning" if left < SHORT_AHEAD else ""
        told = say("{weeks}, until {at}: {left} ahead", weeks=weeks, at=until, left=units.age(left))
        first = Words("partitions", told, role)
    return [first, _default(partitions)]


def _default(partitions: Partitions) -> Words:
    if not partitions.has_default:
        return Words("default", plain("there is no default partition"))
    if partitions.stray is None:
        return Words("default", plain("not known"))
    stray = Count(partitions.stray, is_capped=partitions.is_stray_capped)
    return Words("default", say("{n} tasks in the default partition", n=_full(stray)), "warning" if stray.value else "")


def _cron(queue: QueueStorage, cron: Cron, clock: Clock) -> list[Words]:
    if not cron.is_there:
        return [Words("pg_cron", plain("not in this database"), "muted")]
    if cron.jobs is None:
        return [Words("pg_cron", plain("its jobs may not be read"), "muted")]
    jobs = [job for job in cron.jobs if job.concerns(queue.name)]
    if not jobs:
        return [Words("pg_cron", plain("no job that this role may see calls Absurd here"), "muted")]
    return [_job(job, clock) for job in jobs]


def _job(job: CronJob, clock: Clock) -> Words:
    name = f"{job.name or job.command} ({job.schedule})"
    if not job.is_active:
        return Words("pg_cron", say("{name}: switched off", name=name), "warning")
    if job.ran_at is None or job.status is None:
        return Words("pg_cron", say("{name}: no run of it is known", name=name))
    ago = clock.ago(job.ran_at)
    if job.status == "failed":
        told = say("{name}: failed {ago} ago: {why}", name=name, ago=ago, why=job.message or "")
        return Words("pg_cron", told, "alarm")
    return Words("pg_cron", say("{name}: {status} {ago} ago", name=name, status=job.status, ago=ago))
