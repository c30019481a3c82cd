"""The header that says which task another is a copy of: Absurd itself keeps no link. Pure."""

import json
import re
from uuid import UUID

from absurd_tui.operations.copies import HEADER

_THERE = re.compile(rf'"{HEADER}"\s*:\s*"(?:[^"\\]|\\.)*"')


def with_lineage(headers: str | None, queue: str, task_id: UUID) -> str | None:
    """Put the header into a task's headers, which are JSON text whose numbers stay as they are written.

    A copy of a copy names the one it was made from. Headers that are no object are left as they are.
    """
    value = json.dumps(f"{queue}/{task_id}", ensure_ascii=False)
    entry = f'"{HEADER}": {value}'
    text = (headers or "").strip()
    if text in ("", "null", "{}"):
        return f"{{{entry}}}"
    if not text.startswith("{"):
        return headers
    if _THERE.search(text):
        return _THERE.sub(lambda _: entry, text, count=1)
    return f"{{{entry}, {text[1:].lstrip()}"
