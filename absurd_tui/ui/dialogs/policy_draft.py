"""A queue's policy as a form has it: a line `key = value` each, checked while it is typed. Pure."""

from dataclasses import dataclass

from absurd_tui.lifecycle.arguments import INTEGER_MAX
from absurd_tui.observe.queue_facts import POLICY_KEYS, QueueFacts
from absurd_tui.text import Plain, say
from absurd_tui.ui.dialogs.hidden_characters import hidden
from absurd_tui.ui.dialogs.intervals import is_interval

_PARTITIONS = ("partition_lookahead", "partition_lookback", "detach_mode", "detach_min_age", "default_partition")
_WORDS = {"detach_mode": ("none", "empty"), "default_partition": ("enabled", "disabled")}


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """What was typed: the values that differ from those read, and what is wrong, by lines from 1."""

    changed: tuple[tuple[str, str], ...]
    errors: tuple[tuple[int, Plain], ...]


def laid_out(facts: QueueFacts) -> str:
    """Write a policy as the form begins with it; what only partitioned queues use is left out elsewhere."""
    return "\n".join(
        f"{key} = {value}" for key, value in facts.policy if facts.is_partitioned or key not in _PARTITIONS
    )


def read_draft(text: str, facts: QueueFacts) -> PolicyDraft:
    """Read what was typed. A line that is left out changes nothing."""
    errors: list[tuple[int, Plain]] = []
    values: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        key, is_set, value = (part.strip() for part in line.partition("="))
        if wrong := _wrong(key, value, facts, is_set=bool(is_set), is_known=key in values):
            errors.append((number, wrong))
        else:
            values[key] = value
    changed = tuple((key, value) for key, value in values.items() if value != facts.value(key))
    return PolicyDraft(changed, tuple(errors))


def _wrong(key: str, value: str, facts: QueueFacts, *, is_set: bool, is_known: bool) -> Plain:
    if not is_set:
        return say("{line} is no key = value.", line=key)
    if key not in POLICY_KEYS:
        return say("A policy has no {key}.", key=key or "empty key")
    if is_known:
        return say("{key} stands there twice.", key=key)
    if key == "default_partition" and not facts.is_partitioned:
        return say("{key} is for partitioned queues only.", key=key)
    if key == "cleanup_limit":
        is_whole = value.isascii() and value.isdecimal() and len(value) < 11 and 1 <= int(value) <= INTEGER_MAX
        return Plain("") if is_whole else say("{key} is a whole number from 1 on.", key=key)
    if key in _WORDS:
        words = _WORDS[key]
        return Plain("") if value in words else say("{key} is {one} or {other}.", key=key, one=words[0], other=words[1])
    if hidden(value) or not is_interval(value):
        return say("{key} is no interval; write 30 days, 12 hours or 1 day 06:00.", key=key)
    return Plain("")
