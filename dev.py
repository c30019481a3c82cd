#!/usr/bin/env python3
"""Set-up and run with nothing but Python 3.11 or newer and pip, or uv.

python3 dev.py demo [OPTIONS]   a real Absurd system and the dashboard on it; --check needs no terminal
python3 dev.py test [OPTIONS]   the tests, with pytest's options; --all also those that wait on real clocks,
                                --faults only what makes faults of tests/faults/catalogue.py happen
python3 dev.py check            ruff, mypy and the rules of who may import whom
python3 dev.py bench [OPTIONS]  how fast it is, beside other programs; --quick for a first look
python3 dev.py soak [OPTIONS]   the dashboard for --minutes, while one misfortune after the other befalls it
python3 dev.py screenshots      the pictures in screenshots/, made anew
python3 dev.py run [ARGS]       absurd-tui with these arguments
"""

import sys

# before anything that an older Python could not read
if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything has checked the version
    sys.exit("absurd-tui needs Python 3.11 or newer; this is " + sys.version.split()[0])

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "absurd-tui-set-up"
PACKAGE = ".[demo,test]"
COMMANDS = ("demo", "test", "check", "bench", "soak", "screenshots", "run")
CHECKS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "import-linter": ["lint-imports"],
}


class SetUpError(Exception):
    """The virtual environment could not be made; the text says why and what to do."""


def main() -> int:
    """Run the command; its exit code, 2 for a wrong command or a failed set-up."""
    command, *arguments = sys.argv[1:] or ["--help"]
    if command in ("-h", "--help"):
        print(__doc__)
        return 0
    if command not in COMMANDS:
        known = f"{', '.join(COMMANDS[:-1])} and {COMMANDS[-1]}"
        print(f"dev.py: no such command: {command}; there are {known}", file=sys.stderr)
        return 2
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # .venv and the caches are ours: compile once, not at every start
    try:
        set_up()
    except (SetUpError, OSError) as error:
        print(f"dev.py: the set-up failed: {error}", file=sys.stderr)
        return 2
    os.chdir(ROOT)
    if command == "check":
        return check()
    if command == "test":
        return test(arguments)
    if command == "screenshots":
        return become("-m", "absurd_tui.demo.pictures", "screenshots")
    if command in ("bench", "soak"):
        return become(f"tests/{command}", *arguments)
    return become("-m", "absurd_tui", *(["demo"] if command == "demo" else []), *arguments)


def test(arguments: "list[str]") -> int:
    """Run the tests; those marked slow only with --all or --faults, and say so."""
    processors = os.cpu_count() or 1
    workers = processors + 3  # most of the time of most tests is waiting
    chosen = [argument for argument in arguments if argument not in ("--all", "--faults")]
    if chosen == arguments:
        print("Without the tests that wait on real clocks; dev.py test --all runs them too.", flush=True)
        chosen = ["-m", "not slow", *chosen]
    elif "--faults" in arguments:
        chosen = ["-m", "fault", *chosen]
    return become("-m", "pytest", "-n", str(workers), "--dist", "loadgroup", *chosen)


def set_up() -> None:
    """Make `.venv` and install the project into it, unless that has been done from the same pins in the same place."""
    wanted = "\n".join([str(ROOT), *((ROOT / name).read_text() for name in ("pyproject.toml", "constraints.txt"))])
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("Setting up .venv; this takes up to a minute, once.", file=sys.stderr, flush=True)
    if not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        make_venv()
    call(*installer(), "--constraint", "constraints.txt", "--editable", PACKAGE)
    STAMP.write_text(wanted)


def make_venv() -> None:
    """A virtual environment; without a pip of its own where this Python's ensurepip is missing, as on Debian."""
    if shutil.which("uv") or not works(sys.executable, "-m", "venv", VENV):
        call(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV)


def installer() -> "list[str | Path]":
    """The command that installs into the virtual environment: uv, its own pip, or this Python's pip from outside."""
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--python", PYTHON, *([] if home_is_writable() else ["--no-cache"])]
    options = ["install", "--disable-pip-version-check", *([] if home_is_writable() else ["--no-cache-dir"])]
    if works(PYTHON, "-m", "pip", "--version"):
        return [PYTHON, "-m", "pip", *options]
    if works(sys.executable, "-m", "pip", "--version"):
        return [sys.executable, "-m", "pip", "--python", PYTHON, *options]
    raise SetUpError("there is neither uv nor pip; install one of them (Debian: apt install python3-venv)")


def home_is_writable() -> bool:
    """Is there a home folder for uv's and pip's caches?"""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
    return home.is_absolute() and os.access(home, os.W_OK)


def works(*command: "str | Path") -> bool:
    """Does the command succeed?"""
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def call(*command: "str | Path") -> None:
    """Run a command quietly; SetUpError with the end of what it said when it fails."""
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        said = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise SetUpError(f"{' '.join(map(str, command))}\n{said}")


def become(*arguments: str) -> int:
    """Run the virtual environment's Python with these arguments in place of this process, so that signals reach it."""
    command = [str(PYTHON), *arguments]
    if os.name == "nt":
        return subprocess.run(command, check=False).returncode
    sys.stdout.flush()
    return os.execv(PYTHON, command)


def check() -> int:
    """Run every check, and name those that failed."""
    failed = []
    for name, (program, *arguments) in CHECKS.items():
        print(f"--- {name}", flush=True)
        if subprocess.run([BIN / program, *arguments], cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
