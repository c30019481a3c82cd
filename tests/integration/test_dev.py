"""`dev.py`: what it says and does around the set-up, which itself is proven by running it on a clean clone."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def dev(tmp_path: Path) -> ModuleType:
    """The script as a module, in a folder of its own with a finished set-up."""
    for name in ("dev.py", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    spec = importlib.util.spec_from_file_location("dev", tmp_path / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, ROOT / "dev.py", *arguments], capture_output=True, text=True, check=False)


def test_help_names_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(
        f"dev.py {command}" in done.stdout
        for command in ("demo", "test", "check", "bench", "soak", "screenshots", "run")
    )


def test_an_unknown_command_is_one_line() -> None:
    done = run("tset")
    assert done.returncode == 2
    assert (
        done.stderr == "dev.py: no such command: tset; there are demo, test, check, bench, soak, screenshots and run\n"
    )


def test_a_failed_set_up_says_what_failed(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = [sys.executable, "-c", "print('no route to the index'); raise SystemExit(3)"]
    monkeypatch.setattr(dev, "make_venv", lambda: None)
    monkeypatch.setattr(dev, "installer", lambda: failing)
    monkeypatch.setattr(sys, "argv", ["dev.py", "test"])
    assert dev.main() == 2
    said = capsys.readouterr().err
    assert said.splitlines()[0].startswith("Setting up .venv")
    assert "the set-up failed:" in said
    assert said.rstrip().endswith("no route to the index")
    assert not dev.STAMP.exists()


def test_the_set_up_is_done_once_and_again_when_the_pins_change(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = []
    monkeypatch.setattr(dev, "installer", lambda: [sys.executable, "-c", "pass"])
    monkeypatch.setattr(dev, "make_venv", lambda: installed.append("venv"))
    dev.PYTHON.parent.mkdir(parents=True)
    dev.PYTHON.symlink_to(sys.executable)
    monkeypatch.setattr(dev, "call", lambda *_command: installed.append("install"))
    dev.set_up()
    dev.set_up()
    assert installed == ["install"]
    (dev.ROOT / "constraints.txt").write_text("asyncpg==0.31.0\n")
    dev.set_up()
    assert installed == ["install", "install"]


def test_without_pip_and_uv_the_way_out_is_named(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda _program: None)
    monkeypatch.setattr(dev, "works", lambda *_command: False)
    with pytest.raises(dev.SetUpError, match="neither uv nor pip; install one of them"):
        dev.installer()


@pytest.mark.parametrize(
    ("command", "started"),
    [
        ("test", ["-m", "pytest"]),
        ("demo", ["-m", "absurd_tui", "demo"]),
        ("run", ["-m", "absurd_tui"]),
        ("bench", ["tests/bench"]),
        ("soak", ["tests/soak"]),
    ],
)
def test_options_are_passed_on(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, command: str, started: list[str]
) -> None:
    became: list[str] = []

    def become(*arguments: str) -> int:
        became.extend(arguments)
        return 3

    monkeypatch.setattr(dev, "set_up", lambda: None)
    monkeypatch.setattr(dev, "become", become)
    monkeypatch.setattr(sys, "argv", ["dev.py", command, "--check", "--rate", "5"])
    monkeypatch.chdir(ROOT)
    assert dev.main() == 3
    assert became[: len(started)] == started
    assert became[-3:] == ["--check", "--rate", "5"]
    assert ("demo" in became) == (command == "demo")


def test_what_is_started_compiles_once_and_not_at_every_start(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(dev, "set_up", lambda: None)
    monkeypatch.setattr(dev, "become", lambda *_arguments: int("PYTHONDONTWRITEBYTECODE" in os.environ))
    monkeypatch.setattr(sys, "argv", ["dev.py", "test"])
    monkeypatch.chdir(ROOT)
    assert dev.main() == 0


def test_a_failed_check_is_named(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "CHECKS", {"good": ["/bin/true"], "bad": ["/bin/false"]})
    assert dev.check() == 1
    assert capsys.readouterr().out.splitlines()[-1] == "failed: bad"
