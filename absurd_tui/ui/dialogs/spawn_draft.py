"""The spawn form without its screen: the raw texts in it, and what they amount to.

What may be sent is for `lifecycle` and `operations.spawn` to judge; here their checks
are asked field by field, and their answers put into the words of the form.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from absurd_tui.errors import InvalidRequest
from absurd_tui.lifecycle.json_values import Json
from absurd_tui.lifecycle.options import (
    Cancellation,
    ExponentialRetry,
    FixedRetry,
    RetryStrategy,
    SpawnOptions,
    encode_options,
)
from absurd_tui.operations.requests import SpawnTask
from absurd_tui.operations.spawn import OWN_KEY, refusal
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import cut_end
from absurd_tui.ui.dialogs.hidden_characters import WHITE, hidden
from absurd_tui.ui.dialogs.json_errors import Wrong, read_json


class Part(StrEnum):
    """The fields of the form, in its order; each is the name of a text of the draft."""

    QUEUE = "queue"
    TASK_NAME = "task_name"
    PARAMS = "params"
    HEADERS = "headers"
    MAX_ATTEMPTS = "max_attempts"
    RETRY = "retry"
    BASE = "base"
    FACTOR = "factor"
    MOST = "most"
    MAX_DURATION = "max_duration"
    MAX_DELAY = "max_delay"
    KEY = "key"
    COUNT = "count"


class Retry(StrEnum):
    """The kinds of wait between attempts, as Absurd names them."""

    NONE = "none"
    FIXED = "fixed"
    EXPONENTIAL = "exponential"


MOST_PARAMS = 262_144
MOST_CHARACTERS: Mapping[Part, int] = {
    Part.QUEUE: 200,
    Part.TASK_NAME: 1_000,
    Part.PARAMS: MOST_PARAMS,
    Part.HEADERS: 16_384,
    Part.KEY: 1_000,
}
"""How many characters a field takes: what can still be edited without a pause."""
MOST_IN_NUMBER = 32

_INTEGER = re.compile(r"[+-]?[0-9]+")
_REAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class SpawnDraft:
    """The texts of all fields as they stand in the form; `retry` is a `Retry`, or what a copied task has instead."""

    queue: str
    task_name: str
    params: str
    key: str
    headers: str = ""
    max_attempts: str = ""
    retry: str = Retry.NONE
    base: str = "30"
    factor: str = "2"
    most: str = ""
    max_duration: str = ""
    max_delay: str = ""
    count: str = "1"

    def text(self, part: Part) -> str:
        """Give the text of one field."""
        text: str = getattr(self, part.value)
        return text


@dataclass(frozen=True, slots=True)
class Checked:
    """What a draft amounts to: the request if nothing is wrong, else what is wrong, field by field.

    `options` hold what could be read. `warnings` do not hinder; `doom` says how a limit of 0 would end the task,
    which has to be confirmed once more. `count` is 1 while it cannot be read.
    """

    request: SpawnTask | None
    options: SpawnOptions
    errors: Mapping[Part, Wrong]
    warnings: Mapping[Part, Plain]
    doom: Plain = Plain("")
    count: int = 1


def check(draft: SpawnDraft, queues: Sequence[str] = ()) -> Checked:
    """Read every field and say what is wrong with it; `queues` are those there are, none if that is not known."""
    read: dict[Part, Any] = {
        part: Wrong(plain(f"Longer than {most:,} characters; this form takes no more."))
        for part, most in MOST_CHARACTERS.items()
        if len(draft.text(part)) > most
    }
    for part, reading in (
        (Part.QUEUE, lambda: _queue(draft.queue, queues)),
        (Part.TASK_NAME, lambda: _refused(SpawnTask("q", draft.task_name, None)) or draft.task_name),
        (Part.PARAMS, lambda: read_json(draft.params, "params")),
        (Part.HEADERS, lambda: _headers(draft.headers)),
        (Part.MAX_ATTEMPTS, lambda: _attempts(draft.max_attempts)),
        (Part.MAX_DURATION, lambda: _limit(Part.MAX_DURATION, draft)),
        (Part.MAX_DELAY, lambda: _limit(Part.MAX_DELAY, draft)),
        (Part.COUNT, lambda: _count(draft.count)),
    ):
        if part not in read:
            read[part] = reading()
    read.update(_retry(draft))
    if Part.KEY not in read:
        count = 1 if isinstance(read[Part.COUNT], Wrong) else read[Part.COUNT]
        read[Part.KEY] = _key(draft.key, count)
    errors = {part: read[part] for part in Part if isinstance(read.get(part), Wrong)}
    good = {part: value for part, value in read.items() if part not in errors}
    options = _options(good)
    request = None
    if not errors:
        request = SpawnTask(good[Part.QUEUE], good[Part.TASK_NAME], good[Part.PARAMS], options, good[Part.COUNT])
    warnings = _warnings(draft, options, errors)
    return Checked(request, options, errors, warnings, _doom(options.cancellation), good.get(Part.COUNT, 1))


def sent_options(options: SpawnOptions) -> str:
    """Give the JSON that is sent as options, with a blank after each comma and colon so that it can be wrapped."""
    return re.sub(r'"(?:[^"\\]|\\.)*"|[,:]', _spaced, encode_options(options))


def _spaced(token: re.Match[str]) -> str:
    return token[0] if token[0].startswith('"') else token[0] + " "


def _refused(probe: SpawnTask) -> Wrong | None:
    said = refusal(probe)
    if said is None:
        return None
    said = said.removeprefix("Not sent: ")
    return Wrong(plain(said[:1].upper() + said[1:]))


def _unfit(options: SpawnOptions) -> Wrong | None:
    """Ask the judge of options about those that hold one value only."""
    try:
        encode_options(options)
    except InvalidRequest as error:
        return Wrong(plain(f"{error}."))
    return None


def _queue(queue: str, queues: Sequence[str]) -> str | Wrong:
    if not queue:
        return Wrong(plain("Which queue? ↑ and ↓ go through those there are."))
    if queues and queue not in queues:
        return Wrong(say("There is no queue {queue} in this database.", queue=queue))
    return _refused(SpawnTask(queue, "t", None)) or queue


def _headers(text: str) -> Json | Wrong:
    if not text.strip():
        return None
    value = read_json(text, "headers")
    if isinstance(value, dict | Wrong):
        return value
    return Wrong(plain("headers are a JSON object, {…}, or nothing."))


def _number(text: str) -> Any:
    """Read a number as it is typed: `int`, `float`, or the text itself, which every judge of numbers refuses."""
    typed = text.strip()
    if len(typed) > MOST_IN_NUMBER:
        return typed
    if _INTEGER.fullmatch(typed):
        return int(typed)
    return float(typed) if _REAL.fullmatch(typed) else typed


def _attempts(text: str) -> int | Wrong | None:
    number = _number(text) if text.strip() else None
    return _unfit(SpawnOptions(max_attempts=number)) or number


def _limit(part: Part, draft: SpawnDraft) -> int | Wrong | None:
    text = draft.text(part).strip()
    if not text:
        return None
    number = _number(text)
    if not isinstance(number, int):
        said = "Whole seconds only: {text} would make every claim in {queue} fail."
        return Wrong(say(said, text=cut_end(plain(text), MOST_IN_NUMBER), queue=draft.queue or "its queue"))
    return _unfit(SpawnOptions(cancellation=Cancellation(**{part.value: number}))) or number


def _count(text: str) -> int | Wrong:
    number = _number(text)
    return _refused(SpawnTask("q", "t", None, count=number)) or number


def _key(text: str, count: int) -> str | Wrong | None:
    if not text:
        return None
    return _refused(SpawnTask("q", "t", None, SpawnOptions(idempotency_key=text), count)) or text


def _retry(draft: SpawnDraft) -> dict[Part, Any]:
    """Read the retry strategy; without what it does not need."""
    base, factor = _number(draft.base), _number(draft.factor)
    most = _number(draft.most) if draft.most.strip() else None
    if draft.retry == Retry.NONE:
        return {Part.RETRY: None}
    if draft.retry == Retry.FIXED:
        wrong = _unfit(SpawnOptions(retry_strategy=FixedRetry(base)))
        return {Part.RETRY: None, Part.BASE: wrong} if wrong else {Part.RETRY: FixedRetry(base)}
    if draft.retry != Retry.EXPONENTIAL:
        said = "Absurd has no retry strategy {kind}; choose one of the three."
        return {Part.RETRY: Wrong(say(said, kind=draft.retry[:80]))}
    read: dict[Part, Any] = {
        Part.BASE: _unfit(SpawnOptions(retry_strategy=FixedRetry(base))),
        Part.FACTOR: _unfit(SpawnOptions(retry_strategy=ExponentialRetry(0, factor))),
        Part.MOST: _unfit(SpawnOptions(retry_strategy=ExponentialRetry(0, 0, most))),
    }
    read[Part.RETRY] = None if any(read.values()) else ExponentialRetry(base, factor, most)
    return read


def _options(good: Mapping[Part, Any]) -> SpawnOptions:
    strategy: RetryStrategy | None = good.get(Part.RETRY)
    duration, delay = good.get(Part.MAX_DURATION), good.get(Part.MAX_DELAY)
    return SpawnOptions(
        max_attempts=good.get(Part.MAX_ATTEMPTS),
        retry_strategy=strategy,
        cancellation=Cancellation(duration, delay) if (duration, delay) != (None, None) else None,
        headers=good.get(Part.HEADERS),
        idempotency_key=good.get(Part.KEY),
    )


def _warnings(draft: SpawnDraft, options: SpawnOptions, errors: Mapping[Part, Wrong]) -> dict[Part, Plain]:
    warnings: dict[Part, Plain] = {}
    for part in (Part.QUEUE, Part.TASK_NAME, Part.KEY, Part.HEADERS, Part.PARAMS):
        kept = WHITE if part is Part.PARAMS else frozenset[str]()
        if unseen := [char for char in hidden(draft.text(part)) if char not in kept]:
            codes = ", ".join(f"U+{ord(char):04X}" for char in unseen[:3])
            warnings[part] = plain(f"Holds what cannot be shown ({codes}); it is sent as it is.")
    if Part.TASK_NAME not in warnings and draft.task_name != draft.task_name.strip():
        warnings[Part.TASK_NAME] = plain("Begins or ends with a blank, which is sent as part of the name.")
    retry = {Part.MAX_ATTEMPTS, Part.RETRY, Part.BASE, Part.FACTOR, Part.MOST}
    if options.max_attempts is None and options.retry_strategy is None and not retry & set(errors):
        warnings[Part.RETRY] = plain("No limit and no wait: a task that always fails is tried again at once, for ever.")
    if options.idempotency_key is None and Part.KEY not in errors:
        warnings[Part.KEY] = plain("Without a key, sending twice spawns twice.")
    if doom := _doom(options.cancellation):
        warnings[Part.MAX_DURATION] = doom
    return {part: said for part, said in warnings.items() if part not in errors}


def _doom(limits: Cancellation | None) -> Plain:
    """Say what a limit of 0 does (absurd.claim_task)."""
    if limits is not None and limits.max_delay == 0:
        return plain("Not started in 0 s: it is cancelled before it runs.")
    if limits is not None and limits.max_duration == 0:
        return plain("Runs over 0 s: the next claim in the queue cancels it while its first attempt runs.")
    return Plain("")


def key_note(draft: SpawnDraft, count: int) -> Plain:
    """Say what the idempotency key does, for one task or for many."""
    if count > 1:
        return plain(f"each task gets its own: this one with :1 to :{count} behind it")
    own = draft.key.startswith(OWN_KEY)
    return plain(
        "made for this form: sending twice spawns once" if own else "a task that has it is given back, not made"
    )
