"""A mark names faults of the catalogue; a number that means nothing would pass for a proof."""

import re
from pathlib import Path

from faults.catalogue import FAULTS

TESTS = Path(__file__).parent.parent
MARK = re.compile(r"pytest\.mark\.fault\(([\d, ]+)\)")


def test_every_mark_names_a_fault() -> None:
    texts = (file.read_text() for file in TESTS.rglob("test_*.py"))
    marked = {int(number) for text in texts for found in MARK.findall(text) for number in found.split(",")}
    assert marked
    assert marked <= set(FAULTS)
