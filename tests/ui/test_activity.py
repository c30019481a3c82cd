"""The Activity screen: what was written from here, newest first, and the chosen one in full."""

from dataclasses import replace
from uuid import UUID

from fakes import FakePerformer, FakeSource
from screen import running, text, until_shown

from absurd_tui.operations.audit import AuditRecord

RECORD = AuditRecord(
    at="2026-09-21T14:13:20Z",
    clock="database",
    os_user="op\x1b[31m",
    role="operator",
    server="operator@db1/orders",
    operation="cancel",
    queue="payments",
    task_name="charge_card",
    task_id=UUID("0193a41f-2c7e-7d10-9b33-51c07be2d48a"),
    run_id=None,
    before="pending, attempt 1",
    after="cancelled, attempt 1",
    spawned=(),
    xid=4711,
    outcome="done",
    told="Cancelled · payments › charge_card …7be2d48a · Read back 14:13:20: by this call.",
    sql="select absurd.cancel_task('payments', '0193a41f-2c7e-7d10-9b33-51c07be2d48a')",
    absurdctl="absurdctl cancel-task -q payments 0193a41f-2c7e-7d10-9b33-51c07be2d48a",
    seconds=0.005,
)


async def test_a_write_is_shown_with_its_sql_and_the_line_that_does_the_same() -> None:
    performer = FakePerformer()
    performer.audit.add(RECORD)
    async with running(FakeSource(), performer=performer) as pilot:
        await pilot.press("A")
        await until_shown(
            pilot, "Activity", "7be2d48a", "select absurd.cancel_task('payments'", "absurdctl cancel-task"
        )
        assert "op␛[31m as operator on operator@db1/orders" in text(pilot.app)
        performer.audit.add(replace(RECORD, at="2026-09-21T14:15:00Z", operation="retry", outcome="refused"))
        await until_shown(pilot, "14:15:00", "refused")
        await pilot.press("escape")
        await until_shown(pilot, "0 Queues")


async def test_it_says_that_nothing_was_written() -> None:
    async with running(FakeSource(), performer=FakePerformer()) as pilot:
        await pilot.press("A")
        await until_shown(pilot, "Nothing was written from here.")
