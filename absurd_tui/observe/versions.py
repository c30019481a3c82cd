"""What the version of a schema says, which is shown and decides nothing."""

import re

from absurd_tui.database.capabilities import Fetch
from absurd_tui.database.faults import Fault, classify
from absurd_tui.observe.queries import ABSURD_VERSION

KNOWN = "0.5.1"
"""The newest release of Absurd that this program was tested on."""

_RELEASE = re.compile(r"v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")


async def read_version(fetch: Fetch) -> str | None:
    """Ask the schema which it is; None where it does not say, or fails to, which is no reason not to read it."""
    try:
        version: str | None = (await fetch(ABSURD_VERSION))[0]["version"]
    except Exception as error:
        if classify(error) in (Fault.RECONNECT, Fault.RETRY_ONCE):
            raise
        return None
    return version or None


def is_newer(version: str) -> bool:
    """Whether a version is a later one than is known here; what does not begin like a release is not."""
    return _release(version) > _release(KNOWN)


def _release(version: str) -> tuple[int, ...]:
    found = _RELEASE.match(version)
    return tuple(int(part or 0) for part in found.groups()) if found else ()
