"""Filters are kept by name in a file of one's own, and a file that is something else is left as it is."""

import fcntl
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.kept import MOST_BYTES, MOST_DATABASES, MOST_FILTERS, CannotKeep, Kept

names = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(names, texts, max_size=5))
def test_what_is_saved_is_read_the_same(tmp_path_factory: pytest.TempPathFactory, filters: dict[str, str]) -> None:
    path = tmp_path_factory.mktemp("state") / "absurd-tui" / "kept.toml"
    for name, text in filters.items():
        Kept(path).save(name, text)
    assert Kept(path).filters() == filters
    if filters:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert [found.name for found in path.parent.iterdir()] == [path.name]
        Kept(path).forget(next(iter(filters)))
        assert Kept(path).filters() == dict(list(filters.items())[1:])


def test_without_a_file_they_are_kept_for_the_run() -> None:
    saved = Kept(None)
    saved.save("mine", "state:failed")
    assert saved.filters() == {"mine": "state:failed"}


@pytest.mark.parametrize(
    "content",
    [
        b"[filters",
        b"\xff\xfe",
        b"other = 1\n",
        b"filters = 3\n",
        b"theme = 3\n",
        b"[filters]\n'my own' = 'x'\n",
        b"[queues]\na = 1\n",
        b"theme = " + b"9" * 5_000,
        b"theme = " + b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:12]),
)
def test_a_file_that_is_something_else_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kept.toml"
    path.write_bytes(content)
    with pytest.raises(CannotKeep, match="left as it is"):
        Kept(path).save("mine", "x")
    assert path.read_bytes() == content


def test_what_is_no_text_is_not_kept_and_what_was_kept_stays(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept.toml")
    kept.save("mine", "state:failed")
    for queue, address in (("caf\udce9", "here"), ("mail", "caf\udce9")):
        with pytest.raises(CannotKeep, match="no text"):
            kept.remember_queue(address, queue)
    with pytest.raises(CannotKeep, match="no text"):
        kept.save("other", "name:caf\udce9")
    assert kept.filters() == {"mine": "state:failed"}
    assert [found.name for found in tmp_path.iterdir()] == ["kept.toml"]


def test_a_link_a_folder_and_a_closed_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    for name in ("link", "folder", "file/kept.toml"):
        with pytest.raises(CannotKeep):
            Kept(tmp_path / name).save("mine", "x")
    assert (tmp_path / "target").read_text() == ""


def test_there_is_an_end_to_them(tmp_path: Path) -> None:
    path = tmp_path / "kept.toml"
    path.write_text("[filters]\n" + "".join(f"f{number} = ''\n" for number in range(MOST_FILTERS)))
    saved = Kept(path)
    saved.save("f0", "again")
    with pytest.raises(CannotKeep, match="forget one first"):
        saved.save("another", "x")


def test_a_file_that_is_too_large_to_be_read_whole_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "kept.toml"
    path.write_text("[filters]\na = 'x'\n" + "# more\n" * (MOST_BYTES // 7))
    before = path.read_bytes()
    with pytest.raises(CannotKeep, match="too large"):
        Kept(path).save("mine", "x")
    assert path.read_bytes() == before


@given(texts, st.dictionaries(texts, texts, max_size=4))
def test_theme_and_queues_beside_the_filters(
    tmp_path_factory: pytest.TempPathFactory, theme: str, queues: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("state") / "kept.toml"
    Kept(path).save("mine", "state:failed")
    Kept(path).remember_theme(theme)
    for address, queue in queues.items():
        Kept(path).remember_queue(address, queue)
    assert (Kept(path).theme(), Kept(path).filters()) == (theme, {"mine": "state:failed"})
    assert {address: Kept(path).queue(address) for address in queues} == queues
    for address in queues:
        Kept(path).remember_queue(address, None)
        assert Kept(path).queue(address) is None


def test_of_many_databases_the_one_left_first_is_forgotten(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept.toml")
    for number in [*range(MOST_DATABASES), 0, MOST_DATABASES]:
        kept.remember_queue(f"database {number}", "mail")
    assert [kept.queue(f"database {number}") for number in (0, 1, 2, MOST_DATABASES)] == ["mail", None, "mail", "mail"]


def test_of_programs_that_write_at_once_none_undoes_what_another_kept(tmp_path: Path) -> None:
    path, at_once = tmp_path / "kept.toml", Barrier(3)

    def one(program: int) -> None:
        at_once.wait()
        for number in range(10):
            Kept(path).remember_queue(f"{program} {number}", "mail")

    with ThreadPoolExecutor(3) as programs:
        list(programs.map(one, range(3)))
    assert all(Kept(path).queue(f"{program} {number}") for program in range(3) for number in range(10))


def test_a_program_that_hangs_while_it_writes_stops_nobody(tmp_path: Path) -> None:
    opened = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(opened, fcntl.LOCK_EX)
    try:
        Kept(tmp_path / "kept.toml").save("mine", "state:failed")
    finally:
        os.close(opened)
    assert Kept(tmp_path / "kept.toml").filters() == {"mine": "state:failed"}
