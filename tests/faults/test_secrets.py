"""An error of the program's own, wherever it comes: one line, no password, and the terminal as it was."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from absurd_server import Database
from terminal import QUITS_WITHIN, Terminal, terminal

pytestmark = [pytest.mark.xdist_group("secrets"), pytest.mark.slow, pytest.mark.fault(51)]

PASSWORD = "ZQXJKVWYGH"
PIECES = {PASSWORD[at : at + 3].encode() for at in range(len(PASSWORD) - 2)}
DEVELOPING = {"PYTHONDEVMODE": "1", "PYTHONFAULTHANDLER": "1"}

_PLANT = """
from {module} import {owner}
{kind} fail(self, *rest, **named):
    secret = {secret}
    raise RuntimeError('it was ' + secret)
{owner}.{method} = fail
from absurd_tui.cli import main
main()
"""
PLACES = {
    "connecting": ("absurd_tui.database.session", "Session", "open", "async def"),
    "reading": ("absurd_tui.observe.source", "DatabaseSource", "snapshot", "async def"),
    "composing": ("absurd_tui.ui.screens.dashboard", "Dashboard", "compose", "def"),
    "mounting": ("absurd_tui.ui.app", "AbsurdApp", "on_mount", "def"),
    "a message": ("absurd_tui.ui.app", "AbsurdApp", "on_view_changed", "def"),
    "the background": ("absurd_tui.observe.poll", "Poll", "run", "async def"),
    "painting": ("absurd_tui.ui.widgets.head", "Header", "render_line", "def"),
}
"""Where an error is planted: a module, a class of it, and the method that fails."""

Given = tuple[list[str], dict[str, str]]


def planted(place: str) -> tuple[str, str]:
    """The program with an error in some place, which has the password in a local variable and in its text."""
    module, owner, method, kind = PLACES[place]
    return "-c", _PLANT.format(module=module, owner=owner, method=method, kind=kind, secret=repr(PASSWORD))


def url(database: Database, folder: Path) -> Given:
    return ["--dsn", database.dsn.replace("postgres@", f"postgres:{PASSWORD}@", 1)], {}


def words(database: Database, folder: Path) -> Given:
    return ["-d", f"{keywords(database)} password='{PASSWORD}'"], {}


def service(database: Database, folder: Path) -> Given:
    file = folder / "services"
    file.write_text(f"[here]\npassword={PASSWORD}\n" + "\n".join(keywords(database).split()))
    return ["-d", "service=here"], {"PGSERVICEFILE": str(file)}


def password_file(database: Database, folder: Path) -> Given:
    file = folder / "passwords"
    file.touch(0o600)
    file.write_text(f"*:*:*:*:{PASSWORD}\n")
    return ["-d", keywords(database)], {"PGPASSFILE": str(file)}


def variable(database: Database, folder: Path) -> Given:
    return ["-d", keywords(database)], {"PGPASSWORD": PASSWORD}


def keywords(database: Database) -> str:
    parts = urlsplit(database.dsn)
    (host,) = parse_qs(parts.query)["host"]
    return f"host={host} user={parts.username} dbname={database.name}"


def left(shown: Terminal) -> list[str]:
    """What a program that ended by an error left behind; nothing of the password was ever written."""
    assert shown.wait() != 0
    assert not any(piece in shown.raw for piece in PIECES)
    shown.assert_restored()
    return [line for line in shown.said if "can be read by everybody" not in line]


@pytest.fixture(autouse=True)
def is_local(database: Database) -> None:
    if not urlsplit(database.dsn).query:
        pytest.skip("the server that was brought listens on no Unix socket")


@pytest.mark.parametrize("place", PLACES)
def test_an_error_anywhere_is_one_line_without_what_it_held(database: Database, tmp_path: Path, place: str) -> None:
    arguments, environ = url(database, tmp_path)
    with terminal(*arguments, program=planted(place), environ=environ | DEVELOPING) as shown:
        lines = left(shown)
    assert len(lines) == 1, lines
    (line,) = lines
    assert "RuntimeError" in line
    assert line.startswith("absurd-tui: ")


@pytest.mark.parametrize("given", [url, words, service, password_file, variable])
def test_no_password_is_shown_however_it_was_given(
    database: Database, tmp_path: Path, given: Callable[[Database, Path], Given]
) -> None:
    arguments, environ = given(database, tmp_path)
    with terminal(*arguments, environ=environ | DEVELOPING) as shown:
        shown.until_shown("live")
        for key in ("?", "escape", "A", "escape", "C", "escape"):
            shown.press(key)
        shown.settle()
        shown.press("q")
        assert shown.wait(QUITS_WITHIN) == 0
        assert not any(piece in shown.raw for piece in PIECES)
        shown.assert_restored()


def test_nothing_is_loaded_from_the_folder_of_the_start(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = "import os; os._exit(66)\n"
    for name in ("absurd_tui.py", "textual.py", "asyncpg.py", "json.py", "sitecustomize.py", "usercustomize.py"):
        (tmp_path / name).write_text(evil)
    for name in ("textual.css", "absurd.tcss", ".env", ".pgpass", "pg_service.conf", ".pg_service.conf", "service"):
        (tmp_path / name).write_text("host=evil.invalid\nPGHOST=evil.invalid\n* { display: none; }\n")
    monkeypatch.chdir(tmp_path)
    script = ("-P", "-c", "from absurd_tui.cli import main; main()")
    with terminal("--dsn", database.dsn, program=script, environ={"HOME": "relative"}) as shown:
        shown.until_shown("live", "Pending")
        shown.press("q")
        assert shown.wait(QUITS_WITHIN) == 0
    assert not (tmp_path / "relative").exists()


def test_variables_for_textuals_developers_write_no_file_and_press_no_key(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    meddling = {
        "TEXTUAL": "debug,devtools",
        "TEXTUAL_LOG": str(tmp_path / "log"),
        "TEXTUAL_SCREENSHOT": "0",
        "TEXTUAL_SCREENSHOT_LOCATION": str(tmp_path / "pictures"),
        "TEXTUAL_PRESS": "E",
    }
    with terminal("--dsn", database.dsn, environ=meddling | {"XDG_STATE_HOME": str(tmp_path / "state")}) as shown:
        shown.until_shown("live", "Pending")
        shown.settle()
        assert "Completed" in shown.text
        shown.press("q")
        assert shown.wait(QUITS_WITHIN) == 0
    assert not list(tmp_path.iterdir())
