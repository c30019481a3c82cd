"""Failed attempts in groups of the same error: its name, its message without digits and ids, and where it failed. Pure.

Two errors are the same whose messages differ only in words that hold a digit, and whose top frame is the same function
of the same file, on whatever line.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from uuid import UUID

from absurd_tui.observe.records import Place

KEPT = 200
"""How many attempts of a group are kept, the newest; the others are counted."""

_NAMED = 5
_WORD = re.compile(r"[\w-]+")
_BLANKS = re.compile(r"#(?:[.,:]#)+")
_LONGEST_MESSAGE = 300
_LONGEST_FRAME = 400
_PYTHON = re.compile(r'\s*File "(?P<path>[^"]*)", line \d+(?:, in (?P<function>.*))?$')
_AT = "at "


@dataclass(frozen=True, slots=True)
class FailedRun:
    """One failed attempt; every string is raw. `trace` is the beginning and the end of its stack trace.

    `is_final` says whether its task failed with it, so that nothing is tried again.
    """

    queue: str
    task_id: UUID
    run_id: UUID
    task_name: str
    attempt: int
    max_attempts: int | None
    claimed_at: float
    failed_at: float | None
    place: Place
    name: str | None
    message: str | None
    trace: str | None
    is_final: bool

    @property
    def at(self) -> float:
        """When it failed, or was claimed where that is not recorded."""
        return self.failed_at if self.failed_at is not None else self.claimed_at


@dataclass(frozen=True, slots=True)
class FailedTask:
    """A task that failed for good with the attempt `run_id`, as it was when that was read; its name is raw."""

    queue: str
    task_id: UUID
    run_id: UUID
    task_name: str
    attempt: int
    at: float


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What errors have in common that are the same: raw."""

    name: str
    message: str
    frame: str


class Window(IntEnum):
    """How far back one counts, in seconds."""

    HOUR = 3_600
    DAY = 86_400
    WEEK = 604_800


@dataclass(frozen=True, slots=True)
class Group:
    """The attempts that failed with the same error, as far as they were looked at.

    `counts` is by window; `finals` are the tasks that failed for good with it. `names` are the most frequent of the
    `name_count` names of its tasks, `runs` the newest attempts.
    """

    fingerprint: Fingerprint
    counts: tuple[int, int, int]
    finals: int
    first: float
    last: float
    names: tuple[tuple[str, int], ...]
    name_count: int
    queues: tuple[str, ...]
    runs: tuple[FailedRun, ...]

    def count(self, window: Window) -> int:
        """Give how many failed within a window."""
        return self.counts[list(Window).index(window)]


def fingerprint(run: FailedRun) -> Fingerprint:
    """Tell what an attempt's error has in common with others."""
    message = (run.message or "").strip().split("\n", 1)[0][:_LONGEST_MESSAGE]
    return Fingerprint(run.name or "", blanked(message), top_frame(run.trace or ""))


def blanked(message: str) -> str:
    """Take out of a message what differs each time: every word that holds a digit."""
    words = _WORD.sub(lambda word: "#" if any(char.isdigit() for char in word[0]) else word[0], message)
    return _BLANKS.sub("#", words)


def top_frame(trace: str) -> str:
    """Give where an error was raised, as its function and its file's name; empty where that is not known.

    That is the last frame of a stack trace of Python, the first of one of JavaScript.
    """
    lines = [line for line in trace.splitlines() if len(line) <= _LONGEST_FRAME]
    python = [found for line in lines if (found := _PYTHON.match(line)) is not None]
    if python:
        return _frame(python[-1]["function"] or "", python[-1]["path"])
    javascript = next((line.lstrip() for line in lines if line.lstrip().startswith(_AT)), None)
    if javascript is None:
        return ""
    function, _, place = javascript.removeprefix(_AT).rstrip().removesuffix(")").rpartition(" (")
    parts = place.split(":")
    while len(parts) > 1 and parts[-1].isdigit():
        parts.pop()
    return _frame(function, ":".join(parts))


def _frame(function: str, path: str) -> str:
    file = re.split(r"[\\/]", path)[-1]
    return f"{function} ({file})" if function else file


@dataclass(slots=True)
class _Gathered:
    times: list[float] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    queues: set[str] = field(default_factory=set)
    runs: list[FailedRun] = field(default_factory=list)

    def keep_newest(self) -> None:
        self.runs.sort(key=lambda run: -run.at)
        del self.runs[KEPT:]


class Groups:
    """Attempts as they are read, each once, by what their errors have in common."""

    def __init__(self) -> None:
        self._known: set[UUID] = set()
        self._gathered: dict[Fingerprint, _Gathered] = {}
        self._finals: dict[tuple[str, UUID], tuple[Fingerprint, FailedTask]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def add(self, runs: Sequence[FailedRun]) -> int:
        """Take attempts in; give how many of them were not known. One read again tells what became of its task."""
        fresh = [run for run in runs if run.run_id not in self._known]
        for run in fresh:
            self._known.add(run.run_id)
            common = fingerprint(run)
            gathered = self._gathered.setdefault(common, _Gathered())
            gathered.times.append(run.at)
            gathered.names[run.task_name] += 1
            gathered.queues.add(run.queue)
            gathered.runs.append(run)
            if len(gathered.runs) >= 2 * KEPT:
                gathered.keep_newest()
            if run.is_final:
                self._take_final(common, run)
        for run in runs:
            if not run.is_final:
                self._went_on(run)
        return len(fresh)

    def _take_final(self, common: Fingerprint, run: FailedRun) -> None:
        """Keep the attempt with which a task failed for good: where that was so more than once, the last."""
        before = self._finals.get((run.queue, run.task_id))
        if before is None or before[1].attempt < run.attempt:
            task = FailedTask(run.queue, run.task_id, run.run_id, run.task_name, run.attempt, run.at)
            self._finals[run.queue, run.task_id] = common, task

    def _went_on(self, run: FailedRun) -> None:
        """Forget that a task failed for good with this attempt or one before: it was tried again."""
        before = self._finals.get((run.queue, run.task_id))
        if before is not None and before[1].attempt <= run.attempt:
            del self._finals[run.queue, run.task_id]

    def failed_for_good(self, common: Fingerprint, since: float) -> tuple[FailedTask, ...]:
        """Give the tasks that failed for good with an error, the newest first."""
        found = [task for of, task in self._finals.values() if of == common and task.at >= since]
        return tuple(sorted(found, key=lambda task: -task.at))

    def told(self, now: float, window: Window) -> tuple[Group, ...]:
        """Give the groups that have failed within a window before `now`, the most frequent there first."""
        finals = Counter(common for common, _ in self._finals.values())
        groups = [_group(common, gathered, finals[common], now) for common, gathered in self._gathered.items()]
        shown = [group for group in groups if group.count(window)]
        return tuple(sorted(shown, key=lambda group: (-group.count(window), -group.last, group.fingerprint.message)))


def _group(common: Fingerprint, gathered: _Gathered, finals: int, now: float) -> Group:
    gathered.keep_newest()
    hour, day, week = (sum(at >= now - window for at in gathered.times) for window in Window)
    return Group(
        fingerprint=common,
        counts=(hour, day, week),
        finals=finals,
        first=min(gathered.times),
        last=max(gathered.times),
        names=tuple(gathered.names.most_common(_NAMED)),
        name_count=len(gathered.names),
        queues=tuple(sorted(gathered.queues)),
        runs=tuple(gathered.runs),
    )
