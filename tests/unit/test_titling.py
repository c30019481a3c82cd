from dataclasses import replace

from attacks import ATTACKS, commands_in
from fakes import SERVER
from readings import NOW, queue, refused, snapshot

from absurd_tui.observe.diagnosis import findings
from absurd_tui.observe.verdict import Settled
from absurd_tui.ui.titling import title_of

EXPIRED = queue("mail", pending=1284, running=9, expired=4, sleeping=70, failed=212, oldest_expired=NOW - 9)


def test_the_title_has_the_verdict_first_then_the_counts() -> None:
    found = findings(snapshot(EXPIRED))
    settled = Settled().after(found, NOW).after(found, NOW)
    told = title_of(snapshot(EXPIRED, refused("b")), settled, is_live=True)
    assert told == "DEGRADED absurd: 1,284 pending, 9 running, 70 sleeping, 212 failed, 4 expired"
    assert title_of(snapshot(queue()), Settled(), is_live=True).startswith("OK absurd: 0 pending")
    assert title_of(snapshot(EXPIRED), settled, is_live=False) == "UNKNOWN absurd: no answer"
    assert title_of(None, Settled(), is_live=False) == "absurd-tui"


def test_no_name_of_a_database_gets_into_the_title_but_for_letters_digits_and_few_signs() -> None:
    for attack in ATTACKS.values():
        hostile = snapshot(EXPIRED, server=replace(SERVER, database=attack))
        for is_live in (True, False):
            told = title_of(hostile, Settled(), is_live=is_live)
            assert told.isascii()
            assert told.isprintable()
            assert commands_in(f"\x1b]2;{told}\x07".encode()) == set()
            assert len(told) < 130
