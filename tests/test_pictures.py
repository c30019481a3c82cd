"""The pictures in `screenshots/` are what the program shows today, byte by byte."""

from importlib.metadata import version
from pathlib import Path

import pytest

from absurd_tui.demo.pictures import PICTURES, Picture, take

ROOT = Path(__file__).resolve().parent.parent
DRAWN_BY = ("textual", "rich", "pygments")


def pinned(package: str) -> str:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return next(pin.partition("==")[2].split()[0] for pin in pins if pin.startswith(f"{package}=="))


@pytest.mark.skipif(
    any(version(package) != pinned(package) for package in DRAWN_BY),
    reason="other versions than those of constraints.txt draw other bytes",
)
@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
@pytest.mark.slow
async def test_a_picture_is_what_the_program_shows(picture: Picture) -> None:
    kept = (ROOT / "screenshots" / f"{picture.name}.svg").read_text(encoding="utf-8")
    assert await take(picture) == kept, "python3 dev.py screenshots makes them anew"


def test_every_picture_is_one_of_ours() -> None:
    kept = {path.stem for path in (ROOT / "screenshots").glob("*.svg")}
    assert kept == {picture.name for picture in PICTURES}
