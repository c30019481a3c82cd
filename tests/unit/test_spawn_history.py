"""The params that were spawned from here: kept by name, for their owner alone, and never in the way."""

import json
import os
import stat
from pathlib import Path

import pytest

from absurd_tui.operations.spawn_history import (
    MOST_CHARACTERS,
    MOST_NAMES,
    MOST_PARAMS,
    SpawnHistory,
    history_path,
)


def texts(history: SpawnHistory, name: str) -> list[str]:
    return [sent.params for sent in history.of(name)]


def test_the_newest_come_first_and_each_only_once() -> None:
    history = SpawnHistory()
    for at, params in enumerate(('{"n": 1}', '{"n": 2}', '{"n": 1}')):
        history.remember("welcome", params, at)
    history.remember("bye", "{}", 9)
    assert texts(history, "welcome") == ['{"n": 1}', '{"n": 2}']
    assert history.of("welcome")[0].at == 2
    assert texts(history, "nobody") == []
    assert history.names() == ("bye", "welcome")


def test_only_a_few_of_each_name_and_the_newest_names_are_kept(tmp_path: Path) -> None:
    history = SpawnHistory(tmp_path / "spawned.json")
    for number in range(MOST_PARAMS + 2):
        history.remember("welcome", str(number), number)
    history.remember("welcome", '"' + "x" * MOST_CHARACTERS + '"', 99)
    assert texts(history, "welcome") == [str(number) for number in range(MOST_PARAMS + 1, 1, -1)]
    for number in range(MOST_NAMES):
        history.remember(f"name {number}", "{}", number)
    assert texts(history, "welcome") == []
    assert len(history.names()) == MOST_NAMES


def test_another_run_has_them_and_nobody_else_may_read_them(tmp_path: Path) -> None:
    path = tmp_path / "new" / "spawned.json"
    SpawnHistory(path).remember("we\x1blcome", '{"card": "\u2028"}', 1.5)
    assert texts(SpawnHistory(path), "we\x1blcome") == ['{"card": "\u2028"}']
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    path.chmod(0o644)
    SpawnHistory(path).remember("bye", "{}", 2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_another_program_added_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "spawned.json"
    one, other = SpawnHistory(path), SpawnHistory(path)
    one.remember("welcome", "1", 1)
    other.remember("welcome", "2", 2)
    one.remember("bye", "3", 3)
    assert texts(SpawnHistory(path), "welcome") == ["2", "1"]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}', '{"a": [{"params": 1}]}', "null", "[" * 100_000])
def test_a_file_of_anything_counts_as_empty(tmp_path: Path, content: str) -> None:
    path = tmp_path / "spawned.json"
    path.write_text(content)
    history = SpawnHistory(path)
    assert history.names() == ()
    history.remember("welcome", "{}", 1)
    assert list(json.loads(path.read_text())) == ["welcome"]


def test_a_link_or_a_pipe_is_not_read_and_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text('{"a": [{"params": "1", "at": 1}]}')
    (tmp_path / "link").symlink_to(secret)
    os.mkfifo(tmp_path / "pipe")
    assert SpawnHistory(tmp_path / "link").names() == ()
    assert SpawnHistory(tmp_path / "pipe").names() == ()
    history = SpawnHistory(secret / "spawned.json")
    history.remember("welcome", "{}", 1)
    assert history.trouble is not None
    assert "cannot be written" in history.trouble
    assert texts(history, "welcome") == ["{}"]


def test_it_is_beside_the_audit(tmp_path: Path) -> None:
    assert history_path({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "absurd-tui" / "spawned.json"
