"""What is offered after a filter is what it may go on with, and never breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.observe.search.completion import Known, completions
from absurd_tui.observe.search.language import parse
from absurd_tui.observe.search.terms import Filter

KNOWN = Known(("emails", "emails-eu", 'q"%{queue} x'), ("send_mail", "send receipt"), ("host-3:118",))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("st", ("state:",)),
        ("-q", ("-queue:",)),
        ("state:f", ("state:failed",)),
        ("state:failed,c", ("state:failed,completed", "state:failed,cancelled")),
        ("age<1h queue:em", ("age<1h queue:emails", "age<1h queue:emails-eu")),
        ("queue:q", ('queue:"q\\"%{queue} x"',)),
        ("name:send", ("name:send_mail", 'name:"send receipt"')),
        ('name:"send r', ('name:"send receipt"',)),
        ("worker:", ('worker:"host-3:118"',)),
        ("params.user:", ()),
        ('error~"a b', ()),
        ("nonsense", ()),
        ("nonsense:x", ()),
    ],
)
def test_it_offers_fields_states_and_what_was_seen(typed: str, offered: tuple[str, ...]) -> None:
    assert completions(typed, KNOWN) == offered


def test_at_the_beginning_every_field_is_offered() -> None:
    assert "state:" in completions("", KNOWN)
    assert completions("state:failed ", KNOWN)[0] == "state:failed state:"


@given(
    st.text(max_size=30),
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)),
)
def test_no_text_breaks_it_and_a_name_that_is_taken_is_read_as_it_is(typed: str, names: list[str]) -> None:
    known = Known(tuple(names), tuple(names), tuple(names))
    assert all(isinstance(option, str) for option in completions(typed, known))
    for option, name in zip(completions("queue:", known), names, strict=False):
        found = parse(option)
        assert isinstance(found, Filter)
        assert found.admits(name)
