"""The real program on the real demo, in a terminal: rows read from the screen, keys, sizes, and every way to end."""

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminal import PATIENCE, QUITS_WITHIN, Terminal, terminal

from absurd_tui.demo.mix import STEADY, TIMED

pytestmark = pytest.mark.xdist_group("demo in a terminal")

GONE_WITHIN = 30.0
ZOOMS = 80 * "z"
"""Keys that paint the whole screen: so many that a terminal which takes nothing is far behind."""

ENDS_WITHIN = 4 * QUITS_WITHIN
"""Seconds: the demo takes down a server and its workers."""

TASK_NAMES = {recipe.__name__ for _, recipe in STEADY} | {recipe.__name__ for _, _, recipe in TIMED} | {"render_chart"}
WHY_COMPLETED = re.compile("^ ✓ .* › .*  ([0-9a-f]{8}-[0-9a-f-]{27})$", re.MULTILINE)
PANELS = ("1 ◌ Pending", "2 » Claimed", "3 z Sleeping", "4 ✗ Failed", "5 ✓ Completed", "6 ⊖ Cancelled")


def panel_rows(shown: Terminal, title: str) -> list[str]:
    """The rows under a panel's title on a screen that shows the panels two by two."""
    lines = shown.lines
    for at, line in enumerate(lines):
        if (column := line.find(title)) >= 0:
            start = 0 if column < 10 else column - 1
            end = len(line) // 2 if column < 10 else len(line)
            rows = []
            for below in lines[at + 1 :]:
                if not below[start:end].strip():
                    break
                rows.append(below[start:end].strip().lstrip("·"))
            return rows
    return []


def task_rows(shown: Terminal, title: str) -> list[str]:
    """Those rows of a panel that begin with the name of one of the demo's tasks."""
    return [row for row in panel_rows(shown, title) if row.partition(" ")[0] in TASK_NAMES]


def folder(shown: Terminal) -> Path:
    found = re.search(r"\[(/[^\]]+)/socket\]", shown.text)
    assert found, shown.text
    return Path(found[1])


def processes_naming(text: str) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "pid,args"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line for line in listed.splitlines() if text in line]


def state_of(pid: int) -> str:
    """The letter that the system has for how a process stands."""
    listed = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], stdout=subprocess.PIPE, text=True, check=True)
    return listed.stdout.strip()[0]


def assert_nothing_is_left(left: Path) -> None:
    deadline = time.monotonic() + GONE_WITHIN
    while time.monotonic() < deadline and (left.exists() or processes_naming(left.name)):
        time.sleep(0.05)
    assert not left.exists()
    assert processes_naming(left.name) == []


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[Terminal]:
    with terminal("demo", environ={"HOME": str(home), "XDG_STATE_HOME": ""}) as started:
        started.until_shown("live", *PANELS)
        yield started


@pytest.fixture
def demo(running: Terminal) -> Terminal:
    """The demo's dashboard at 120 by 40."""
    if "esc back" in running.text:
        running.press("escape")
    running.resize(120, 40)
    running.until_shown("live", *PANELS)
    return running


def all_have_rows(shown: Terminal) -> Callable[[], bool]:
    return lambda: all(task_rows(shown, title) for title in PANELS)


def test_each_of_the_six_panels_shows_tasks(demo: Terminal) -> None:
    demo.until(all_have_rows(demo), within=3 * PATIENCE)
    demo.until_shown("all queues")
    queues = {"billing", "imports", "media", "notifications", "orders", "reports"}
    demo.until(lambda: queues <= {line.split()[0] for line in demo.lines if line.strip()})
    demo.until(lambda: "live" in demo.lines[0] and "/demo" in demo.lines[0])


def test_a_task_page_opens_and_closes(demo: Terminal) -> None:
    demo.press("5")
    demo.until(lambda: WHY_COMPLETED.search(demo.text) is not None)
    found = WHY_COMPLETED.search(demo.text)
    assert found
    demo.press("enter")
    demo.until_shown("✓ COMPLETED", found[1], "Timeline", "Facts", "Checkpoints", "Params", "result", "esc back")
    demo.resize(80, 24)
    demo.until_shown("✓ COMPLETED", "esc back")
    demo.press("escape")
    demo.resize(120, 40)
    demo.until_shown(*PANELS)


def test_a_narrow_terminal_shows_one_panel_at_a_time(demo: Terminal) -> None:
    demo.resize(80, 24)
    demo.until(lambda: PANELS[0] not in demo.text)
    for key, name in zip("123456", ("Pending", "Claimed", "Sleeping", "Failed", "Completed", "Cancelled"), strict=True):
        demo.press(key)
        demo.until_shown(f" {name} ")
    assert max(len(line.rstrip()) for line in demo.lines) <= 80


def test_a_wide_terminal_shows_six_panels_with_more_columns(demo: Terminal) -> None:
    demo.resize(200, 60)
    demo.until_shown("database clock", "params", "worker", "runs for", *PANELS)
    demo.until(lambda: all(task_rows(demo, title) for title in PANELS[2:]))


@pytest.mark.fault(44)
def test_a_terminal_of_one_cell_and_back(demo: Terminal) -> None:
    demo.resize(1, 1)
    demo.settle()
    demo.resize(52, 14)
    demo.until_shown("absurd-tui needs 60×16. This terminal is 52×14.")
    demo.resize(120, 40)
    demo.until_shown(*PANELS)


def test_keys_typed_in_a_rush_do_no_harm(demo: Terminal) -> None:
    demo.press(*"0123456zzaaffuu+-hljk", "down", "up", "left", "right", "?q")
    demo.until_shown("─ Keys ─")  # whatever was typed before has been done by now
    demo.press("\x03", "\x1a", "\x00", "\x1b[200~q\x1b[201~")
    demo.settle()
    demo.press("escape")
    demo.until(lambda: "─ Keys ─" not in demo.text)
    demo.until_shown("live", *PANELS)
    assert demo.process.poll() is None


@pytest.mark.fault(44)
@pytest.mark.parametrize("stop", [signal.SIGSTOP, signal.SIGTSTP])
def test_the_program_stopped_for_a_while_paints_everything_again(demo: Terminal, stop: signal.Signals) -> None:
    demo.process.send_signal(stop)
    demo.until(lambda: state_of(demo.process.pid) == "T")
    demo.settle()  # what was written before the stop is not what is painted after it
    demo.clear()
    demo.process.send_signal(signal.SIGCONT)
    demo.until_shown("live", "0 Queues", "? help  q quit", within=QUITS_WITHIN)


@pytest.mark.fault(44)
@pytest.mark.slow
def test_a_program_stopped_again_while_it_comes_back_on_a_slow_terminal_leaves_the_terminal_as_it_was() -> None:
    with terminal("demo") as shown:
        shown.until_shown("live", *PANELS)
        shown.stall(ZOOMS)
        for stop in (signal.SIGSTOP, signal.SIGTSTP):
            shown.process.send_signal(stop)
            while state_of(shown.process.pid) != "T":
                time.sleep(0.05)
            shown.process.send_signal(signal.SIGCONT)
            time.sleep(0.5)  # it waits for the terminal before it enters it again
        shown.until_shown("live", "0 Queues", "? help  q quit")
        shown.press("q")
        assert shown.wait(ENDS_WITHIN) == 0
        shown.assert_restored()


@pytest.mark.slow
def test_a_terminal_that_took_nothing_for_a_while_shows_what_it_has_missed(demo: Terminal) -> None:
    demo.stall(ZOOMS + "?")
    demo.until_shown("─ Keys ─", within=QUITS_WITHIN)
    demo.press("escape")
    demo.until(lambda: "─ Keys ─" not in demo.text)
    demo.until_shown("live", *PANELS)


def test_a_write_is_kept_in_memory_only(demo: Terminal, home: Path) -> None:
    demo.press("s")
    demo.until_shown("Spawn task")
    demo.until(lambda: "ctrl+s spawn" in demo.text)
    time.sleep(0.5)
    demo.press("ctrl+s")
    demo.until_shown("Spawned")
    demo.press("A")
    demo.until_shown("Activity  1", "absurdctl spawn-task")
    demo.press("escape")
    demo.until_shown("0 Queues")
    assert list(home.rglob("*")) == []


def test_q_ends_it_and_nothing_is_left(running: Terminal) -> None:
    left = folder(running)
    running.press("q")
    assert running.wait(ENDS_WITHIN) == 0
    running.assert_restored()
    assert running.said == []
    assert_nothing_is_left(left)


@pytest.mark.parametrize("ending", ["SIGTERM", "hang-up"])
@pytest.mark.slow
def test_nothing_is_left_after(ending: str) -> None:
    with terminal("demo") as shown:
        shown.until_shown("live")
        left = folder(shown)
        if ending == "hang-up":
            shown.hang_up()
            assert shown.wait(ENDS_WITHIN) == 128 + signal.SIGHUP
        else:
            shown.process.terminate()
            assert shown.wait(ENDS_WITHIN) == 128 + signal.SIGTERM
            shown.assert_restored()
            assert shown.said == []
        assert_nothing_is_left(left)


@pytest.mark.slow
@pytest.mark.parametrize(("ending", "ended_by"), [("SIGTERM", {143}), ("hang-up", {129}), ("both", {143, 129})])
def test_nothing_is_left_after_the_end_of_a_terminal_that_takes_nothing(ending: str, ended_by: set[int]) -> None:
    with terminal("demo", size=(200, 60)) as shown:
        shown.until_shown("live")
        left = folder(shown)
        shown.stall(ZOOMS)
        if ending != "hang-up":
            shown.process.terminate()
        if ending != "SIGTERM":
            time.sleep(0.5 if ending == "both" else 0.0)
            shown.hang_up()
        assert shown.process.wait(ENDS_WITHIN) in ended_by
        assert_nothing_is_left(left)


@pytest.mark.slow
def test_a_terminal_that_is_slow_and_behind_is_left_as_it_was() -> None:
    with terminal("demo") as shown:
        shown.until_shown("live", *PANELS)
        shown.stall(ZOOMS)
        shown.process.terminate()
        shown.trickle(bytes_a_second=40_000)
        assert shown.wait(ENDS_WITHIN) == 143
        shown.assert_restored()
