"""The rules of the house that a machine can check, besides those of import-linter (`python3 dev.py check`)."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "absurd_tui"
SOURCES = sorted(PACKAGE.rglob("*.py"))
SQL = re.compile(r"\b(select|insert into|update|delete from)\s+[\w*({].*\b(from|set|values)\b", re.IGNORECASE)
SQL_ROOMS = (
    "lifecycle/statements.py",
    "observe/children.py",
    "observe/count_queries.py",
    "observe/failure_queries.py",
    "observe/event_queries.py",
    "observe/health_queries.py",
    "observe/lock_queries.py",
    "observe/page_queries.py",
    "observe/panel_queries.py",
    "observe/pick_queries.py",
    "observe/find_queries.py",
    "observe/queries.py",
    "observe/queue_queries.py",
    "observe/rate_queries.py",
    "observe/spot_queries.py",
    "observe/symptom_queries.py",
    "observe/storage_queries.py",
    "observe/table_queries.py",
    "observe/search/conditions.py",
    "observe/search/search_queries.py",
    "observe/task_queries.py",
    "observe/total_queries.py",
    "observe/worker_queries.py",
    "database/",
    "operations/",
    "demo/",
)


def imported_by(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_passes_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_sql_stands_in_its_rooms_alone() -> None:
    strays = [
        str(path.relative_to(PACKAGE))
        for path in SOURCES
        if SQL.search(path.read_text(encoding="utf-8")) and not str(path.relative_to(PACKAGE)).startswith(SQL_ROOMS)
    ]
    assert strays == []


def test_the_layer_needs_neither_textual_nor_rich_nor_click() -> None:
    loaded = imported_by("import absurd_tui.lifecycle; absurd_tui.lifecycle.Lifecycle")
    assert "asyncpg" in loaded
    assert loaded.isdisjoint({"textual", "rich", "pygments", "click"})


def test_options_cost_no_driver() -> None:
    assert "asyncpg" not in imported_by("from absurd_tui.lifecycle import SpawnOptions, encode_options")


def test_the_command_line_answers_before_the_screen_is_loaded() -> None:
    loaded = imported_by("import absurd_tui.cli")
    assert loaded.isdisjoint({"textual", "rich", "asyncpg", "pygments"})


def test_only_one_module_names_textuals_content() -> None:
    users = [path.name for path in SOURCES if "textual.content" in path.read_text(encoding="utf-8")]
    assert users == ["content.py"]
