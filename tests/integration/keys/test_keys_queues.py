"""Whole queues, in a terminal: one is given a policy, then dropped, and the audit tells both."""

from pathlib import Path

import pytest
from integration.keys.pressing import audited, dashboard
from integration.keys.side import QUEUE, Side
from terminal import Terminal

pytestmark = pytest.mark.slow

PALETTE, END = "\x10", "\x1b[F"


def command(shown: Terminal, words: str, title: str, act: str) -> None:
    """Find a command by its words, and wait until its dialog offers to leave and its field takes what is typed."""
    shown.press(PALETTE)
    shown.until_shown("Search for commands")
    shown.press(words)
    shown.until_shown(words[:1].upper() + words[1:])
    shown.press("enter")
    shown.until_shown(f"─ {title} ─", act)


def test_a_queue_lives_and_dies_by_the_keys(side: Side, tmp_path: Path) -> None:
    with dashboard(side.dsn, tmp_path, "-q", QUEUE) as shown:
        side.spawn("welcome", {})
        command(shown, "change the policy of the chosen queue", "Policy of a queue", "cleanup_ttl = 30 days")
        shown.settle()
        shown.press(END)
        for _ in "30 days":
            shown.press("backspace")
        shown.press("7 days")
        shown.until_shown("cleanup_ttl: 30 days becomes 7 days.")
        shown.until_offered("ctrl+s set 1 value")
        shown.press("ctrl+s")
        shown.until_shown(f"✓ Policy set · queue {QUEUE}", "cleanup_ttl 7 days.")
        assert side.value(f"select cleanup_ttl::text from absurd.queues where queue_name = '{QUEUE}'") == "7 days"

        command(shown, "drop the chosen queue with everything", "Drop queue", "on disk")
        shown.settle()
        shown.press(QUEUE.upper())
        shown.until_shown("Upper and lower case count.")
        shown.press("ctrl+u")
        shown.press(QUEUE)
        shown.until_offered("enter drop the queue")
        shown.press("enter")
        shown.until_shown(f"✓ Dropped · queue {QUEUE}", "it and its tables are gone.")
        assert side.value(f"select to_regclass('absurd.t_{QUEUE}') is null")
    assert [(line["operation"], line["outcome"]) for line in audited(tmp_path)] == [
        ("set policy", "done"),
        ("drop queue", "done"),
    ]
    assert "1 pending" in audited(tmp_path)[1]["before"]
