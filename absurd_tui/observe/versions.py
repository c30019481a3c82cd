"""What the version of a schema says, which is shown and decides nothing. Pure."""

import re

KNOWN = "0.5.1"
"""The newest release of Absurd that this program was tested on."""

_RELEASE = re.compile(r"v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")


def is_newer(version: str) -> bool:
    """Whether a version is a later one than is known here; what does not begin like a release is not."""
    return _release(version) > _release(KNOWN)


def _release(version: str) -> tuple[int, ...]:
    found = _RELEASE.match(version)
    return tuple(int(part or 0) for part in found.groups()) if found else ()
