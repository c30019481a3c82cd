"""Records of writes as Markdown, for the channel in which an incident is told, and which of them hold some words."""

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

from absurd_tui import units
from absurd_tui.operations.audit import AuditRecord
from absurd_tui.text import clean

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~@&$-]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
"""What has a meaning in Markdown; an address is made a link even where nothing marks it as one."""

_BACKTICKS = re.compile(r"`+")


def holds(record: AuditRecord, words: str) -> bool:
    """Whether a record holds every one of the words, in whatever case, in what is shown of it."""
    shown = (record.operation, record.outcome, record.queue, record.task_name, record.task_id or "", record.role)
    text = " ".join(map(str, (*shown, record.os_user, record.told, record.reason))).lower()
    return all(word in text for word in words.lower().split())


def code(raw: str) -> str:
    """Write a text as code on one line, whatever is in it."""
    text = clean(raw)
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(text)), default=0) + 1)
    is_stripped = text.startswith(" ") and text.endswith(" ") and bool(text.strip())
    pad = " " if text.startswith("`") or text.endswith("`") or is_stripped or not text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def as_markdown(records: Sequence[AuditRecord]) -> str:
    """Write one item for each record, the oldest first. Nothing in it is a command, a link or a mention."""
    lines = [f"**Written from absurd-tui: {units.plural(len(records), 'write')}**", ""]
    for record in sorted(records, key=lambda each: each.at):
        what = f"{_escaped(record.operation)}: **{_escaped(record.outcome)}**"
        lines += [f"- {record.at} {what}. {_escaped(record.told)}"]
        by = f"{record.os_user} as {record.role} on {record.server}"
        because = f"; reason: {_escaped(record.reason)}" if record.reason else ""
        lines += [f"  - by {_escaped(by)}{because}"]
        about = [f"queue {code(record.queue)}"]
        about += [f"task {code(record.task_name)}"] if record.task_name else []
        about += [code(str(record.task_id))] if record.task_id is not None else []
        lines += [f"  - {', '.join(about)}"]
        if record.before or record.after:
            lines += [f"  - {_escaped(record.before or 'nothing')} → {_escaped(record.after or 'not read')}"]
        if record.sql:
            lines += [f"  - {code(record.sql)}"]
    return "\n".join(lines) + "\n"


def export(records: Sequence[AuditRecord], audit_file: Path | None) -> Path:
    """Write them into a new file beside the audit's, which only its owner may read. Raises `OSError`."""
    if audit_file is None:
        raise FileNotFoundError("there is no folder for it")
    audit_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    for number in range(100):
        path = audit_file.with_name(f"activity-{stamp}{f'-{number}' if number else ''}.md")
        try:
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write(as_markdown(records))
        return path
    raise FileExistsError("there is one of this second")


def _escaped(raw: str) -> str:
    return _SPECIAL.sub(r"\\\1", clean(raw))
