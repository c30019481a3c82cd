"""What runs on this machine, from /proc, or from `ps` where there is none."""

import subprocess
from pathlib import Path

PROC = Path("/proc")


def parent_of(pid: int) -> int:
    """The id of a process's parent."""
    return next(parent for process, parent, _ in _processes() if process == pid)


def naming(text: str) -> list[str]:
    """The command lines that contain `text`."""
    return [command for _, _, command in _processes() if text in command]


def _processes() -> list[tuple[int, int, str]]:
    if (PROC / "self" / "stat").exists():
        return [found for folder in PROC.glob("[0-9]*") if (found := _read(folder))]
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [(int(pid), int(parent), command) for pid, parent, command in rows]


def _read(folder: Path) -> tuple[int, int, str] | None:
    try:
        after_name = (folder / "stat").read_text().rpartition(") ")[2].split()
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None  # ended just now
    return int(folder.name), int(after_name[1]), command
