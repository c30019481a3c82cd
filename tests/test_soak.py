"""The soak: what it reads from a screen, that it sees what is false, and that it runs."""

import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from attacks import ATTACKS, commands_in
from soak.health import without_copied_ids
from soak.oracle import Mismatch, Oracle
from soak.reading import Reading, Row, Told, read
from soak.stage import stage

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 120
SCREEN = f"""\
 absurd-tui  postgres@db/soaked   PG 18.6 · Absurd 0.5.1{"live  05:02:44 +00:00  every 1.3s  panels 4s".rjust(62)}
    OK      2 queues. Nothing is due.

 0 Queues                                    pending running expired sleeping  failed completed cancelled oldest due
›  all queues                                10,000+       2       0       11     ~13       146      128k         0s
   mail                                            0       2       0        9       –         5         1          –
 ! payments         refused: locked by somebody else

 1 ◌ Pending  0     queue        …id      att.       due for    2 » Claimed  2 of 2             …id      att. worker
 Nothing is due.                                               ·transcode_video    media        6c811e63  1/2 gpu-1:24
                                                                transcode_stream   media        afd0dedb  1/1 gpu-1:24

 3 z Sleeping  11  ▲ 2 newer  reason            wakes in        4 ✗ Failed  13     queue        …id      att. failure
 sync_ledger        billing      a8c879a1  2/2 KeyError due    ·sync_ledger        billing      98df1ee7  2/2 KeyError
 send_invoice       billing      d0db982a  2/2 Value... due     sync_ledger        billing      63bd326d  1/2 retried ·
 ✗ billing › sync_ledger  01a225af-061c-73fe-a487-c12998df1ee7
"""
CLAIMED = {Row("running", "6c811e63"), Row("running", "afd0dedb"), Row("failed", "98df1ee7")}


class Drawn:
    """A screen of 160 columns made by hand."""

    def __init__(self, text: str, *struck: int) -> None:
        self._lines = [line.ljust(WIDTH)[:WIDTH] for line in text.splitlines()]
        self._struck = struck
        self.size = (WIDTH, len(self._lines))

    def row(self, at: int) -> str:
        return self._lines[at]

    def is_struck(self, row: int, column: int) -> bool:
        return row in self._struck


def test_rows_stand_under_the_title_of_their_panel() -> None:
    found = read(Drawn(SCREEN))
    assert found is not None
    assert set(found.rows) == CLAIMED
    assert found.every == 4


def test_a_row_that_is_struck_through_claims_nothing() -> None:
    found = read(Drawn(SCREEN, 10))
    assert found is not None
    assert set(found.rows) == CLAIMED - {Row("running", "afd0dedb")}


def test_counts_are_read_where_they_are_certain() -> None:
    found = read(Drawn(SCREEN))
    assert found is not None
    counts = {(told.queue, told.state): (told.number, told.is_capped) for told in found.counts}
    assert counts == {
        (None, "pending"): (10_000, True),
        (None, "running"): (2, False),
        (None, "sleeping"): (11, False),
        (None, "completed"): (146, False),
        ("mail", "pending"): (0, False),
        ("mail", "running"): (2, False),
        ("mail", "sleeping"): (9, False),
        ("mail", "completed"): (5, False),
        ("mail", "cancelled"): (1, False),
    }


@pytest.mark.parametrize(
    "covered", [("live", "LOST"), ("live", "FROZEN 3s"), ("live", "STALE 7s"), ("Nothing is", "╭──")]
)
def test_what_is_not_live_or_covered_by_a_dialog_claims_nothing(covered: tuple[str, str]) -> None:
    assert read(Drawn(SCREEN.replace(*covered))) is None


def told(found: list[Mismatch]) -> set[Row | Told]:
    return {mismatch.claim for mismatch in found}


@pytest.mark.slow
def test_the_id_that_a_key_copies_is_no_command_and_any_other_copy_is() -> None:
    copied = b"\x1b]52;c;" + b64encode(b"01970000-0000-7000-8000-0000000003c1") + b"\x07"
    assert commands_in(without_copied_ids(b"Copied the id." + copied)) == set()
    assert commands_in(without_copied_ids(copied[:-1] + b"A\x07")) == {"\x1b", "\x07"}
    assert commands_in(without_copied_ids(ATTACKS["clipboard"].encode())) == {"\x1b", "\x07"}


def test_what_the_database_does_not_show_is_a_mismatch_at_the_second_look() -> None:
    with stage(workers=0) as made, made.connected() as connection:
        spawned = connection.execute("select task_id from absurd.spawn_task('mail', 'a', '{}')").fetchone()
        assert spawned is not None
        short = spawned[0].hex[-8:]
        true = (
            Row("pending", short),
            Told("mail", "pending", 1, is_capped=False),
            Told(None, "failed", 0, is_capped=False),
        )
        false = (Row("failed", short), Row("pending", "ffffffff"), Told("mail", "pending", 2, is_capped=False))
        claims = (*true, *false)
        rows = tuple(claim for claim in claims if isinstance(claim, Row))
        counts = tuple(claim for claim in claims if isinstance(claim, Told))
        oracle, reading = Oracle(made), Reading(0.01, rows, counts)
        assert oracle.compare(reading, is_troubled=False, lag=0.0) == []
        assert oracle.suspects
        assert told(oracle.compare(reading, is_troubled=False, lag=0.0)) == set(false)
        connection.execute("select absurd.cancel_task('mail', %s)", (spawned[0],))
        still = Reading(0.01, true[:1], ())
        for _ in range(2):
            assert oracle.compare(still, is_troubled=False, lag=0.0) == [], "it was pending a moment ago"
        made.drop_queue("mail")
        gone = Reading(0.01, (), (Told("mail", "cancelled", 2, is_capped=False),))
        assert oracle.compare(gone, is_troubled=False, lag=0.0) == []
        assert told(oracle.compare(gone, is_troubled=False, lag=0.0)) == set(gone.counts)


@pytest.mark.slow
def test_a_short_run_finds_nothing_false() -> None:
    options = ["--minutes", "0.3", "--seed", "3"]
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "soak", *options], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "seed 3, 0.3 min" in done.stdout
    assert " 0 mismatches" in done.stdout
