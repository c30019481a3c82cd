"""The pager in a real terminal: what it is given, and what is left of it."""

import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from absurd_server import Database
from terminal import QUITS_WITHIN, Terminal, terminal

from absurd_tui.lifecycle import Lifecycle

pytestmark = pytest.mark.slow

SECRET = "hunter2-secret"
PAGER = """
import json, os, signal, stat, sys, termios
from pathlib import Path
from typing import Any
file = Path(sys.argv[1])
told = {
    "arguments": sys.argv[1:],
    "environ": dict(os.environ),
    "modes": [oct(stat.S_IMODE(path.stat().st_mode)) for path in (file, file.parent)],
    "echoes": bool(termios.tcgetattr(0)[3] & termios.ECHO),
    "text": file.read_text(),
}
Path(os.environ["TOLD"]).write_text(json.dumps(told))
modes = termios.tcgetattr(0)
modes[3] &= ~termios.ECHO
termios.tcsetattr(0, termios.TCSANOW, modes)
signal.signal(signal.SIGINT, lambda *_: print("PAGER INTERRUPTED", flush=True))
print("PAGER SHOWS", flush=True)
for line in sys.stdin:
    print(f"PAGER HEARD {line.strip()}", flush=True)
    if line.strip() == "end":
        break
    if line.strip() == "die":
        os.kill(os.getpid(), 9)
"""


def told_by_the_pager(environ: dict[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path(environ["TOLD"]).read_text())
    return told


def left_by(environ: dict[str, str]) -> list[Path]:
    """What is left where temporary files go."""
    return list(Path(environ["TMPDIR"]).iterdir())


def open_task(shown: Terminal) -> None:
    shown.until_shown("live", "letter")
    shown.press("1", "enter")
    shown.until_shown("Timeline")
    shown.press("5")
    shown.until_shown('"end": 1.50')


async def spawn(connection: asyncpg.Connection) -> None:
    await Lifecycle(connection).create_queue("mail")
    params = json.dumps({"text": "a\u202eb\x9b31m"})[:-1] + ', "end": 1.50}'
    await connection.execute("select absurd.spawn_task('mail', 'letter', $1)", params)


def with_pager(folder: Path) -> dict[str, str]:
    """The environment of a program whose pager tells what it was given, and which has passwords for other places."""
    program, temporary = folder / "pager.py", folder / "temporary"
    program.write_text(PAGER)
    temporary.mkdir()
    return {
        "PAGER": f"{sys.executable} {program}",
        "TOLD": str(folder / "told.json"),
        "TMPDIR": str(temporary),
        "PGPASSWORD": SECRET,
        "ABSURD_DATABASE_URL": f"postgresql://u:{SECRET}@nowhere/x",
        "OTHER_URL": f"postgresql://u:{SECRET}@nowhere/x",
        "KEY_URL": f"postgresql://nowhere/x?sslkey=key&sslpassword={SECRET}",
    }


@pytest.mark.parametrize("last", ["end", "die"])
async def test_the_pager_has_the_terminal_to_itself_and_no_password(
    connection: asyncpg.Connection, database: Database, tmp_path: Path, last: str
) -> None:
    await spawn(connection)
    environ = with_pager(tmp_path)
    with terminal("--dsn", database.dsn, "--every", "0.2", environ=environ) as shown:
        open_task(shown)
        before = len(shown.raw)
        shown.press("O")
        shown.until_shown("PAGER SHOWS")
        given = told_by_the_pager(environ)
        (argument,) = given["arguments"]
        assert re.fullmatch(r".*/absurd-tui-[^/]+/params-[0-9a-f-]{36}\.json", argument)
        assert given["modes"] == ["0o600", "0o700"]
        assert given["echoes"], "the terminal is as it was before the program"
        assert given["text"] == '{\n  "end": 1.50,\n  "text": "a�b�31m"\n}\n'
        assert SECRET not in json.dumps(given)
        shown.press("\x03")
        shown.until_shown("PAGER INTERRUPTED")
        shown.press("first\n")
        shown.until_shown("PAGER HEARD first")
        shown.settle(1.0)
        lent = bytes(shown.raw[before:])
        lent = lent[lent.index(b"PAGER SHOWS") :]
        assert b"\x1b" not in lent, "nothing is painted over the pager, although the program reads on"
        shown.press(f"{last}\n")
        shown.until(lambda: not left_by(environ))
        shown.until_shown('"end": 1.50', "live", *(["The pager ended with -9."] if last == "die" else []))
        shown.press("q")
        assert shown.wait(QUITS_WITHIN) == 0
        shown.assert_restored()


async def test_ending_the_program_ends_its_pager_and_leaves_nothing(
    connection: asyncpg.Connection, database: Database, tmp_path: Path
) -> None:
    await spawn(connection)
    environ = with_pager(tmp_path)
    with terminal("--dsn", database.dsn, "--every", "0.2", environ=environ) as shown:
        open_task(shown)
        shown.press("O")
        shown.until_shown("PAGER SHOWS")
        shown.process.terminate()
        assert shown.wait(QUITS_WITHIN) == 128 + signal.SIGTERM
        shown.assert_restored()
        shown.press("first\n")
        shown.settle()
        assert "PAGER HEARD" not in shown.text
    assert not left_by(environ)
