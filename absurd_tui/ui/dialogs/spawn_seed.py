"""What the spawn form begins with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from absurd_tui.ui.dialogs.hidden_characters import shown_json
from absurd_tui.ui.dialogs.spawn_draft import Retry, SpawnDraft
from absurd_tui.ui.dialogs.spawn_offer import EMPTY, Newest, laid_out

DEFAULT_ATTEMPTS = "5"
"""What a form that copies nothing begins with, as Absurd's own workers do."""


@dataclass(frozen=True, slots=True)
class SpawnSeed:
    """What the form begins with; everything is raw.

    `queues` are offered, and the `task_names` known in each of them (newest first). `params` is JSON text; `headers`,
    `retry_strategy` and `cancellation` are the JSON texts of the task that is copied, None where it has none. In a form
    that is no copy, the params are those of `newest`, and `max_attempts` None is `DEFAULT_ATTEMPTS`; in a copy it is no
    limit.
    """

    queue: str
    queues: tuple[str, ...] = ()
    task_name: str = ""
    task_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    params: str = EMPTY
    headers: str | None = None
    max_attempts: int | None = None
    retry_strategy: str | None = None
    cancellation: str | None = None
    is_copy: bool = False
    newest: Newest | None = None


def begin(seed: SpawnSeed, key: str) -> SpawnDraft:
    """Make the draft a form begins with; what of a copied task cannot be sent stays in its field, to be refused."""
    strategy = _stored(seed.retry_strategy)
    limits = _stored(seed.cancellation)
    limits = limits if isinstance(limits, dict) else {}
    attempts = DEFAULT_ATTEMPTS if seed.max_attempts is None and not seed.is_copy else _lexeme(seed.max_attempts)
    headers = seed.headers if seed.headers != "null" else None
    if isinstance(strategy, dict):
        retry = _lexeme(strategy.get("kind")) or Retry.NONE
    else:
        retry, strategy = Retry.NONE if strategy is None else seed.retry_strategy or "", {}
    return SpawnDraft(
        queue=seed.queue,
        task_name=seed.task_name,
        params=laid_out(seed.params),
        key=key,
        headers=shown_json(headers or ""),
        max_attempts=attempts,
        retry=retry,
        base=_lexeme(strategy.get("base_seconds")) or ("60" if retry == Retry.FIXED else "30"),
        factor=_lexeme(strategy.get("factor")) or "2",
        most=_lexeme(strategy.get("max_seconds")),
        max_duration=_lexeme(limits.get("max_duration")),
        max_delay=_lexeme(limits.get("max_delay")),
    )


def _stored(text: str | None) -> Any:
    """Read stored JSON with its numbers as they are written."""
    try:
        return None if text is None else json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return text


def _lexeme(value: Any) -> str:
    """Write a stored value as Absurd reads it, as text; null is nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
