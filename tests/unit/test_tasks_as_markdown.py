"""Tasks as Markdown: what came from the database is code on one line, whatever is in it; params are not there."""

import re
from dataclasses import replace

import pytest
from fakes import FakeSource, FakeStage, page_of
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.observe.found import seen
from absurd_tui.observe.records import Failure
from absurd_tui.text import plain
from absurd_tui.ui import markdown

HOSTILE = "[x](http://evil.example) @channel | `rm -rf` ``` <img src=x>\n# head\x1b]0;x\x07"


@given(st.text())
def test_a_text_is_one_span_of_code(raw: str) -> None:
    written = markdown.code(raw)
    fence = written[: len(written) - len(written.lstrip("`"))]
    assert written.endswith(fence)
    inner = written[len(fence) : -len(fence)]
    assert len(fence) not in {len(run) for run in re.findall("`+", inner)}
    assert "\n" not in written
    assert plain(raw).text in inner


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


async def test_a_long_list_says_how_many_are_left_out(source: FakeSource) -> None:
    (row,) = source.rows.values()
    text = markdown.listing(plain("/"), plain(""), [seen(replace(row, failure=Failure("E", None)))] * 130, "x")
    assert text.endswith("and 30 more")
