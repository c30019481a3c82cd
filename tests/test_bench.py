"""The benchmark: what it makes of its measurements, and that it runs."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from bench.keys import cursor_row
from bench.pairs import Measured, Spread, compare, in_turns, spread
from bench.table import row, row_of_one

ROOT = Path(__file__).resolve().parents[1]
ROWS = {
    "exec to first frame, ms": 1,
    "exec to first data, ms": 1,
    "CPU of the start, ms": 1,
    "peak memory after start, MB": 1,
    "down to paint, ms": 2,
    "pagedown, pageup to paint, ms": 2,
    "slowest press of a run, ms": 2,
    "CPU in a second of pressing, ms": 2,
    "peak memory, MB": 3,
    "CPU, s": 1,
    "CPU of its backends, s": 1,
}

FOUND = [
    "a jump over 3 queues",
    "first match, 10% of 2,000 tasks back",
    "longest step of it, with its pause",
    "one unbounded statement",
    "5.3 MB of JSON read",
    "its first page painted",
    "all of it laid out, in its thread",
    "all of it folded and painted",
    "a page further, painted",
    "longest stall of all that",
]


def test_programs_take_turns_and_the_first_round_is_thrown_away() -> None:
    ran: list[str] = []

    def program(name: str) -> Measured:
        ran.append(name)
        return {name: [float(len(ran))]}

    measured = in_turns([lambda: program("a"), lambda: program("b")], 3)
    assert "".join(ran) == "abbaabba"
    assert measured == [[{"a": [4.0]}, {"b": [3.0]}], [{"a": [5.0]}, {"b": [6.0]}], [{"a": [8.0]}, {"b": [7.0]}]]


def test_a_spread_is_the_median_between_the_least_and_the_greatest() -> None:
    assert spread([5.0, 1.0, 2.0]) == Spread(2.0, 1.0, 5.0)


def test_the_ratio_is_of_all_medians_and_its_spread_of_single_rounds() -> None:
    compared = compare([([1.0, 3.0], [4.0]), ([6.0], [6.0]), ([2.0], [8.0])])
    assert compared.ours == Spread(2.5, 1.0, 6.0)
    assert compared.theirs == Spread(6.0, 4.0, 8.0)
    assert compared.ratio == Spread(2.5 / 6.0, 0.25, 1.0)


def test_a_line_tells_medians_spreads_and_the_ratio() -> None:
    told = row("start", "ms", compare([([10.0], [40.0]), ([30.0], [60.0])]))
    assert " ".join(told.split()) == "start, ms 20.0 (10.0–30.0) 50.0 (40.0–60.0) 0.40 (0.25–0.50)"
    assert " ".join(row_of_one("CPU", "s", Spread(0.25, 0.125, 0.5)).split()) == "CPU, s 0.250 (0.125–0.500) – –"


@pytest.mark.parametrize(
    ("grounds", "found"),
    [("bbcbb", "task 00003"), ("ccccc", None), ("bccbb", None), ("cbbbb", "task 00001")],
    ids=["in the middle", "none", "half painted", "first"],
)
def test_the_cursor_is_the_row_with_a_background_of_its_own(grounds: str, found: str | None) -> None:
    lines = [f" task {number:05}  mail" for number in range(1, 6)]
    assert cursor_row(["a title", *lines], ["t", *grounds]) == found


@pytest.mark.slow
def test_the_shortest_run_tells_every_line() -> None:
    options = ["--quick", "--pairs", "1", "--rows", "100"]
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "bench", *options], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert {name: sum(line.startswith(name) for line in told) for name in ROWS} == ROWS
    assert "of which its panel reads a page at a time" in done.stdout


@pytest.mark.slow
def test_finding_tells_every_line() -> None:
    with tempfile.TemporaryDirectory(prefix="absurd-tui-") as folder:
        Path(folder).chmod(0o711)  # another account runs the server where we are root
        options = ["finding", "--tasks", "2000", "--queues", "3", "--keep", f"{folder}/data"]
        done = subprocess.run(
            [sys.executable, ROOT / "tests" / "bench", *options], capture_output=True, text=True, check=False, cwd=ROOT
        )
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert [line[:42].strip() for line in told] == FOUND
    assert all(float(line[42:].removesuffix(" ms").replace(",", "")) > 0 for line in told)


@pytest.mark.slow
def test_a_wrong_option_is_one_clear_line() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "bench", "--pairs", "0"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Invalid value for '--pairs'" in done.stderr
    assert "Traceback" not in done.stderr
