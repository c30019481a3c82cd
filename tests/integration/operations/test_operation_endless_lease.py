"""A lease that ends at PostgreSQL's `infinity` or `-infinity`: no call of Absurd's makes one, but an UPDATE does."""

import pytest
from integration.operations.stage import Stage

from absurd_tui.operations.outcomes import Done, Refused
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import ExtendClaim

SLACK = 25
"""Seconds that a slow machine may need from the write to the look at it."""


async def claimed(stage: Stage, ends: str) -> ExtendClaim:
    task_id = await stage.running()
    await stage.connection.execute(f"update absurd.r_mail set claim_expires_at = '{ends}'")
    return ExtendClaim(await stage.target(task_id), seconds=60)


@pytest.mark.parametrize(("on_top", "reason"), [(False, "would give it an end"), (True, "nothing can be put on top")])
async def test_a_lease_without_end_is_left_so(stage: Stage, performer: Performer, on_top: bool, reason: str) -> None:
    request = await claimed(stage, "infinity")
    asked = ExtendClaim(request.target, 60, on_top=on_top)
    outcome = await performer.perform(asked)
    assert isinstance(outcome, Refused)
    assert reason in outcome.reason
    assert (await stage.row(request.target.task_id))["claim_expires_at"] == float("inf")


async def test_a_lease_without_end_is_given_one_where_that_was_ticked(stage: Stage, performer: Performer) -> None:
    request = await claimed(stage, "infinity")
    outcome = await performer.perform(ExtendClaim(request.target, 60, may_shorten=True))
    assert isinstance(outcome, Done)
    row = await stage.row(request.target.task_id)
    assert row["claim_expires_at"] - row["now"] == pytest.approx(60, abs=SLACK)


@pytest.mark.parametrize("on_top", [False, True])
async def test_a_lease_that_ended_before_all_time_is_revived(stage: Stage, performer: Performer, on_top: bool) -> None:
    request = await claimed(stage, "-infinity")
    outcome = await performer.perform(ExtendClaim(request.target, 60, on_top=on_top))
    assert isinstance(outcome, Done)
    row = await stage.row(request.target.task_id)
    assert row["claim_expires_at"] - row["now"] == pytest.approx(60, abs=SLACK)
