"""What a version says is compared as numbers, and text that is no release is never newer."""

import pytest

from absurd_tui.observe.versions import KNOWN, is_newer


@pytest.mark.parametrize(
    ("version", "newer"),
    [
        (KNOWN, False),
        ("0.5.2", True),
        ("0.5.10", True),
        ("0.10", True),
        ("1.0.0-rc1", True),
        ("v2.0", True),
        ("0.4.9", False),
        ("0.5", False),
        ("main", False),
        ("", False),
        ("9", False),
        ("9" * 5000 + ".1", False),
    ],
)
def test_only_a_later_release_is_newer(version: str, newer: bool) -> None:
    assert is_newer(version) is newer
