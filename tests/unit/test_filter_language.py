"""Filters are read as they were meant, written so that they are read the same, and refused where they are wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.observe.records import State
from absurd_tui.observe.search.language import FIELDS, OPS, Wrong, parse, seconds
from absurd_tui.observe.search.terms import COMPARED, DOCUMENTS, Field, Filter, Op, Term, Value, written

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
filled = texts.filter(bool)


def exact(text: str) -> Value:
    return Value((text,))


def read(typed: str) -> tuple[Term, ...]:
    found = parse(typed)
    assert isinstance(found, Filter), found
    return found.terms


def refused(typed: str) -> Wrong:
    found = parse(typed)
    assert isinstance(found, Wrong), found
    return found


@st.composite
def patterns(draw: st.DrawFn) -> Value:
    middle = draw(st.lists(filled, max_size=2))
    return Value((draw(texts), *middle, draw(texts)))


@st.composite
def terms(draw: st.DrawFn) -> Term:
    field = draw(st.sampled_from(list(Field)))
    op = Op.HAS if field in (Field.TEXT, Field.ERROR) else draw(st.sampled_from(OPS[field]))
    value = {
        Field.STATE: st.sampled_from([state.value for state in State]).map(exact),
        Field.ATTEMPT: st.integers(0, 999).map(str).map(exact),
        Field.AGE: st.tuples(st.integers(0, 999), st.sampled_from("smhdw")).map(lambda of: exact(f"{of[0]}{of[1]}")),
        Field.ID: st.uuids().map(str).map(exact),
        Field.KEY: texts.map(exact),
    }.get(field, st.one_of(texts.map(exact), patterns()))
    if field in DOCUMENTS and op in COMPARED:
        value = st.integers(-999, 999).map(str).map(exact)
    path: tuple[str, ...] = ()
    if field in DOCUMENTS and (op is not Op.HAS or draw(st.booleans())):
        path = tuple(draw(st.lists(texts, min_size=1, max_size=3)))
    is_negated = field is not Field.KEY and draw(st.booleans())
    return Term(field, op, tuple(draw(st.lists(value, min_size=1, max_size=3))), path, is_negated)


@given(st.lists(terms(), max_size=4).map(lambda made: Filter(tuple(made))))
def test_what_is_written_is_read_the_same(filter: Filter) -> None:
    assert parse(written(filter)) == filter


pieces = st.sampled_from([*FIELDS, *Op, *State, " ", '"', "\\", "*", ",", ".", "-", "!", "1h", "0197c3d2", "x", "\t"])


@given(st.one_of(st.text(), st.lists(pieces, max_size=12).map("".join)))
def test_no_text_breaks_it_and_a_refusal_points_into_the_text(typed: str) -> None:
    found = parse(typed)
    if isinstance(found, Wrong):
        assert 0 <= found.start < found.end
        assert found.start <= len(typed)
        assert found.why
    else:
        assert parse(written(found)) == found


def test_the_language_reads_what_its_readme_shows() -> None:
    typed = (
        'state:failed,cancelled queue:emails name:send* worker:host-3 attempt>2 age>1h age<7d error~"timed out"'
        ' params.user.id:42 header.trace:abc id:0197c3d2-4e5f-7a6b-8c9d-0e1f2a3b4c5d -queue:tests refund "two words"'
    )
    assert read(typed) == (
        Term(Field.STATE, Op.IS, (exact("failed"), exact("cancelled"))),
        Term(Field.QUEUE, Op.IS, (exact("emails"),)),
        Term(Field.NAME, Op.IS, (Value(("send", "")),)),
        Term(Field.WORKER, Op.IS, (exact("host-3"),)),
        Term(Field.ATTEMPT, Op.OVER, (exact("2"),)),
        Term(Field.AGE, Op.OVER, (exact("1h"),)),
        Term(Field.AGE, Op.UNDER, (exact("7d"),)),
        Term(Field.ERROR, Op.HAS, (exact("timed out"),)),
        Term(Field.PARAMS, Op.IS, (exact("42"),), ("user", "id")),
        Term(Field.HEADER, Op.IS, (exact("abc"),), ("trace",)),
        Term(Field.ID, Op.IS, (exact("0197c3d2-4e5f-7a6b-8c9d-0e1f2a3b4c5d"),)),
        Term(Field.QUEUE, Op.IS, (exact("tests"),), is_negated=True),
        Term(Field.TEXT, Op.HAS, (exact("refund"),)),
        Term(Field.TEXT, Op.HAS, (exact("two words"),)),
    )


@pytest.mark.parametrize(
    ("typed", "wrong", "why"),
    [
        ("name:x stat:failed", "stat", "There is no field stat. Fields: state queue name"),
        ("state:fialed", "fialed", "There is no state fialed. States: pending running sleeping failed"),
        ("attempt>two", "two", "two is no number of attempts."),
        ("queue:a age>yesterday", "yesterday", "yesterday is no span of time"),
        ("age:1h", ":", "age is compared by"),
        ("name>3", ">", "name is compared by : ~"),
        ("state:", "state:", "A value is missing after state:"),
        ('error~"timeout', '"timeout', "This quote is not closed."),
        ("params:42", "params", "A path is missing: params.user.id:42"),
        ("params..x:1", ".", "A name is missing after the dot."),
        ("params.total>lots", "lots", "lots is no number."),
        ("params.total>٣", "٣", "٣ is no number."),
        ("attempt>٣", "٣", "٣ is no number of attempts."),
        ("id:0197", "0197", "0197 has 4 digits"),
        ("id:0197*", "0197*", "id takes no *."),
        ("a\\", "\\", "Nothing stands after the backslash."),
        ("name:a,,b", ",", "A value is missing here."),
        ('"a"b', "b", "A blank or a comma is missing after the quote."),
        ("x\0y", "\0", "No text in PostgreSQL has this character."),
        ("-", "-", "What should not be so is missing after the minus."),
        ("https://x.example", "https", "There is no field https."),
    ],
)
def test_what_cannot_be_read_is_pointed_at(typed: str, wrong: str, why: str) -> None:
    found = refused(typed)
    assert typed[found.start : found.end] == wrong
    assert why in found.why.text


@pytest.mark.parametrize(
    ("typed", "text", "is_so"),
    [
        ("name:send*", "send_mail", True),
        ("name:send*", "resend", False),
        ("name:*mail", "send_mail", True),
        ("name:s*d*l", "send_mail", True),
        ("name:ab*ba", "aba", False),
        ("name:*", "", True),
        ("name:a\\*b", "a*b", True),
        ("name:a\\*b", "axb", False),
        ('name:"a*b"', "a*b", True),
    ],
)
def test_wildcards_stand_for_anything_unless_they_are_escaped_or_quoted(typed: str, text: str, is_so: bool) -> None:
    (value,) = read(typed)[0].values
    assert value.matches(text) == is_so


def test_a_like_pattern_in_a_value_means_itself() -> None:
    (value,) = read(r"name:50%_\\x*")[0].values
    assert value.like == r"50\%\_\\x%"


def test_states_and_queues_are_what_all_terms_allow() -> None:
    found = parse("state:failed,pending -state:pending queue:mail* -queue:mail-test")
    assert isinstance(found, Filter)
    assert found.states == frozenset({State.FAILED})
    assert [queue for queue in ("mail", "mail-2", "mail-test", "orders") if found.admits(queue)] == ["mail", "mail-2"]
    assert seconds("1h30m") == 5_400
    assert Filter().states is None


def test_a_key_takes_neither_a_minus_nor_a_wildcard() -> None:
    assert parse("key:a,b") == Filter((Term(Field.KEY, Op.IS, (exact("a"), exact("b"))),))
    for typed, why in (
        ("-key:a", "A key is looked up by its index; it takes no minus."),
        ("key:a*", "key takes no *."),
        ("key~a", "key is compared by :"),
    ):
        found = parse(typed)
        assert isinstance(found, Wrong)
        assert found.why.text == why
