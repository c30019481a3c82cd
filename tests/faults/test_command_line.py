"""Arguments, files and surroundings of any kind: a line that says what is wrong, or a dashboard, and no traceback."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from absurd_server import Database
from terminal import QUITS_WITHIN, terminal

pytestmark = pytest.mark.xdist_group("command line")

NO_TEXT = b"\xff\xfe".decode(errors="surrogateescape")
NOWHERE = ["-d", "postgresql://ines@127.0.0.1:1/db"]


def refused(*arguments: str, **environ: str) -> str:
    """What the program says in a terminal when it ends with 2: one line."""
    with terminal(*arguments, environ=environ) as shown:
        assert shown.wait() == 2, shown.text
        lines = shown.said
    assert len(lines) == 1, lines
    assert lines[0].startswith("absurd-tui: ")
    return lines[0]


@pytest.mark.slow
@pytest.mark.fault(54)
@pytest.mark.parametrize(
    "arguments",
    [
        ["--dsn", NO_TEXT],
        ["-d", NO_TEXT],
        ["-d", f"postgresql://h/{NO_TEXT}"],
        ["-d", f"host={NO_TEXT}"],
        [*NOWHERE, "-d", "absurd", "-H", NO_TEXT],
        [*NOWHERE, "-d", "absurd", "-p", NO_TEXT],
        [*NOWHERE, "-d", "absurd", "-U", NO_TEXT],
        [*NOWHERE, "--every", NO_TEXT],
        [*NOWHERE, "--theme", NO_TEXT],
        [NO_TEXT],
        [f"--{NO_TEXT}"],
        ["demo", "--rate", NO_TEXT],
        ["demo", NO_TEXT],
    ],
    ids=range(13),
)
def test_an_argument_that_is_no_utf_8_is_refused_in_one_line(arguments: list[str]) -> None:
    assert refused(*arguments)


@pytest.mark.slow
@pytest.mark.fault(54)
def test_a_queue_that_is_no_utf_8_is_one_that_is_not_there(database: Database) -> None:
    assert "There is no queue" in refused("--dsn", database.dsn, "--queue", NO_TEXT)


def keywords(database: Database) -> str:
    parts = urlsplit(database.dsn)
    (host,) = parse_qs(parts.query).get("host", [parts.hostname])
    return f"host={host} port={parts.port or 5432} user={parts.username} dbname={database.name}"


def binary(folder: Path) -> Path:
    file = folder / "binary"
    file.write_bytes(os.urandom(4_096) + b"\xff\n[here]\n\x00\xff=\xfe\n")
    file.chmod(0o600)
    return file


def open_to_all(folder: Path) -> Path:
    file = folder / "open"
    file.write_text("[here]\n*:*:*:*:secret\n")
    file.chmod(0o644)
    return file


def a_folder(folder: Path) -> Path:
    return folder


def missing(folder: Path) -> Path:
    return folder / "missing"


@pytest.mark.slow
@pytest.mark.fault(53)
@pytest.mark.parametrize("kind", [binary, open_to_all, a_folder, missing])
def test_a_service_file_of_any_kind_is_told_in_one_line(tmp_path: Path, kind: Callable[[Path], Path]) -> None:
    assert "service" in refused("-d", "service=here", PGSERVICEFILE=str(kind(tmp_path)))


SURROUNDINGS = {
    "no home": {"HOME": ""},
    "a home that is a file": {"HOME": "{folder}/file"},
    "a home that cannot be written": {"HOME": "{folder}/shut"},
    "a home that is not there": {"HOME": "{folder}/nothing"},
    "a relative home": {"HOME": "relative"},
    "state that cannot be written": {"XDG_STATE_HOME": "{folder}/shut"},
    "state that is a file": {"XDG_STATE_HOME": "{folder}/file"},
    "relative state": {"XDG_STATE_HOME": "relative"},
    "plain language": {"LANG": "C", "LC_ALL": "C"},
    "unknown language": {"LANG": "xx_YY.nothing", "LC_ALL": "xx_YY.nothing"},
    "no UTF-8 at all": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "a binary password file": {"PGPASSFILE": "{folder}/binary"},
    "an open password file": {"PGPASSFILE": "{folder}/open"},
    "a folder as password file": {"PGPASSFILE": "{folder}"},
    "unknown zone": {"TZ": "Nowhere/Nothing"},
}


@pytest.mark.slow
@pytest.mark.fault(53)
@pytest.mark.parametrize("kind", SURROUNDINGS)
def test_the_dashboard_opens_in_any_surroundings(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "shut").mkdir(mode=0o500)
    for make in (binary, open_to_all):
        make(tmp_path)
    environ = {name: value.format(folder=tmp_path) for name, value in SURROUNDINGS[kind].items()}
    with terminal("-d", keywords(database), environ=environ) as shown:
        shown.until_shown("live", "Pending")
        shown.press("q")
        assert shown.wait(QUITS_WITHIN) == 0
        shown.assert_restored()
        assert all(line.startswith("absurd-tui: the password file is ignored") for line in shown.said)
    assert not (tmp_path / "relative").exists()
