"""Tasks as Markdown: what came from the database is code on one line, whatever is in it; params are not there."""

import re
from dataclasses import replace

import pytest
from fakes import FakeSource, FakeStage, page_of
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from absurd_tui import units
from absurd_tui.observe.found import seen
from absurd_tui.observe.records import Failure, Refusal, State
from absurd_tui.observe.task_records import CheckpointRow, Wait
from absurd_tui.operations.markdown import code
from absurd_tui.text import plain
from absurd_tui.ui import markdown

HOSTILE = "[x](http://evil.example) @channel | `rm -rf` ``` <img src=x>\n# head\x1b]0;x\x07"


@given(st.text())
def test_a_text_is_one_span_of_code(raw: str) -> None:
    written = code(raw)
    fence = written[: len(written) - len(written.lstrip("`"))]
    assert written.endswith(fence)
    inner = written[len(fence) : -len(fence)]
    assert len(fence) not in {len(run) for run in re.findall("`+", inner)}
    assert "\n" not in written
    assert plain(raw).text in inner


@given(st.text(st.sampled_from("`|\\ \n\r\t\x1b\u2028\u202e<a*_[]()")))
def test_a_text_in_a_cell_is_one_cell_of_code_whatever_is_in_it(raw: str) -> None:
    told = plain(raw).text
    page = "\n".join(["| a | b |", "| --- | --- |", f"| {markdown.cell(raw)} | end |"])
    tokens = MarkdownIt().enable("table").parse(page)
    cells = [token.children or [] for token in tokens if token.type == "inline"][2:]
    assert [[(part.type, part.content) for part in cell] for cell in cells] == [
        [("code_inline", told.replace("\\|", "\\ |") or "  ")],
        [("text", "end")],
    ]
    bars = re.findall(r"(\\*)\|", page.splitlines()[-1])
    assert sum(len(before) % 2 == 0 for before in bars) == 3, "where two backslashes are one, it is one cell too"


@given(st.text(st.sampled_from("`|\\ \n\x1b*_a")))
def test_a_text_in_a_line_is_read_back_as_it_is_shown(raw: str) -> None:
    (inline,) = [token for token in MarkdownIt().parse(f"- task {code(raw)}, x") if token.type == "inline"]
    told = [(part.type, part.content) for part in inline.children or []]
    assert told == [("text", "task "), ("code_inline", plain(raw).text or "  "), ("text", ", x")]


@pytest.fixture
async def source() -> FakeSource:
    source = FakeSource()
    stage = FakeStage(source)
    task_id = await stage.spawn("mail", HOSTILE, max_attempts=2)
    await stage.claim(task_id, "host-3|x")
    await stage.fail(task_id, "HTTPError", HOSTILE)
    return source


async def test_a_row_a_page_and_a_list_have_the_facts_and_no_params(source: FakeSource) -> None:
    (row,) = source.rows.values()
    row = replace(row, preview='{"secret": 1}')
    page = replace(page_of(row, source.now), idempotency_key="key`7")
    for text in (
        markdown.row(row, source.now, "me@db/orders"),
        markdown.page(page, "me@db/orders"),
        markdown.listing(plain("/ state:failed"), plain("1 task"), [seen(row)], "me@db/orders"),
    ):
        assert str(row.task_id) in text
        assert "failed" in text
        assert "2026-09-21T14:13:21Z" in text
        assert "secret" not in text
        assert "\x1b" not in text
        assert not [line for line in text.splitlines() if line.startswith("#")]
        for line in text.splitlines():
            if line.startswith("|"):
                assert line.replace("\\|", "").count("|") in (7, 9)
    assert "``key`7``" in markdown.page(page, "x")


async def test_a_page_says_what_a_live_task_waits_for_and_what_was_not_read(source: FakeSource) -> None:
    (row,) = source.rows.values()
    failed = page_of(row, source.now)
    told = markdown.page(replace(failed, has_more_runs=True, checkpoints_refusal=Refusal("no | right")), "x")
    assert "- checkpoints not read: `no | right`, as of" in told
    assert "0 checkpoints" not in told
    assert told.endswith("\n\nAttempts before these are left out.")
    step = CheckpointRow("step", "committed", None, source.now, 2)
    assert "- at least 1 checkpoint," in markdown.page(
        replace(failed, checkpoints=(step,), has_more_checkpoints=True), "x"
    )
    run = replace(failed.runs[0], state=State.RUNNING, claim_expires_at=source.now + 60, failed_at=None)
    running = replace(failed, state=State.RUNNING, runs=(run,), cancellation='{"max_delay": "`x"}')
    told = markdown.page(running, "x")
    assert f"- lease until {units.iso(float(int(source.now + 60)))}" in told
    assert '- cancellation policy ``{"max_delay": "`x"}``' in told
    asleep = replace(running, state=State.SLEEPING, runs=(replace(run, state=State.SLEEPING),))
    assert f"- available {units.iso(float(int(run.available_at)))}" in markdown.page(asleep, "x")
    waiting = replace(asleep, waits=(Wait("step", HOSTILE, None, source.now),))
    assert f"- waits for event {code(HOSTILE)} since" in markdown.page(waiting, "x")
    assert "available" not in markdown.page(waiting, "x")


async def test_a_long_list_says_how_many_are_left_out(source: FakeSource) -> None:
    (row,) = source.rows.values()
    text = markdown.listing(plain("/"), plain(""), [seen(replace(row, failure=Failure("E", None)))] * 130, "x")
    assert text.endswith("and 30 more")
