"""What holds for every text: a spec or one line, and never a word of the password."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from absurd_tui.conninfo import ConnSpec, resolve
from absurd_tui.conninfo.keywords import parse_keywords
from absurd_tui.errors import InvalidConnection

NOWHERE = {"HOME": "/nonexistent", "PGSYSCONFDIR": "/nonexistent"}
SIGNS = [*":@/?#[],&=% \n'\"\\ä\0", "::1", "%2F", "%ff", "\udc80", "+asyncpg", "..", "-1", "5433"]
WORDS = ["postgresql://", "postgres://", "u", "host", "hostaddr", "port", "user", "dbname", "password", "sslmode"]
PIECES = st.sampled_from([*SIGNS, *WORDS, "service", "require", "connect_timeout", "ssl=true", "options"])
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=14).map("".join), st.lists(PIECES).map("host=h ".join))
LETTERS = "ЖЩЪЮ"
PASSWORDS = st.text(st.sampled_from(LETTERS + "/#?@[]%:&=+ '\"\\1"), min_size=1, max_size=12)


def quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def attempt(dsn: str | None, environ: dict[str, str]) -> tuple[ConnSpec | None, str]:
    try:
        return resolve(dsn, environ=NOWHERE | environ), ""
    except InvalidConnection as refusal:
        return None, str(refusal)


@given(TEXTS)
@settings(deadline=None, max_examples=300)
def test_any_text_is_a_spec_or_one_line(text: str) -> None:
    spec, refusal = attempt(text, {})
    if spec is None:
        assert len(refusal.splitlines()) == 1
    else:
        assert all(0 < port < 65536 for _, port in spec.hosts)
        assert spec.user
        assert spec.database


@given(PASSWORDS)
@settings(deadline=None, max_examples=60)
@pytest.mark.fault(51)
@pytest.mark.parametrize(
    ("dsn", "environ"),
    [
        ("postgresql://u:{raw}@h:5433/d?sslmode=require", {}),
        ("postgresql+asyncpg://u:{raw}@h/d", {}),
        ("postgresql://u@h/d?password={raw}&sslmode=require", {}),
        ("u:{raw}@h/d", {}),
        ("mysql://u:{raw}@h/d", {}),
        ("psql postgresql://u:{raw}@h/d", {}),
        ("host=h password={quoted} dbname=d", {}),
        ("host=h password={quoted} dbname=d port=x", {}),
        ("host=h password={quoted} unknown=1", {}),
        ("dbname=postgresql://u:{raw}@h/d", {}),
        ("host=postgresql://u:{raw}@h/d", {}),
        ("absurd", {"PGPASSWORD": "{raw}"}),
        (None, {"PGDATABASE": "postgresql://u:{raw}@h:5433/d"}),
        ("postgresql://h", {"PGDATABASE": "postgresql://u:{raw}@h:5433/d"}),
        ("absurd", {"PGHOST": "postgresql://u:{raw}@h:5433/d"}),
    ],
)
def test_no_letter_of_the_password_is_ever_shown(dsn: str | None, environ: dict[str, str], password: str) -> None:
    def planted(text: str) -> str:
        return text.format(raw=password, quoted=quoted(password))

    spec, refusal = attempt(
        None if dsn is None else planted(dsn), {name: planted(value) for name, value in environ.items()}
    )
    shown = refusal if spec is None else f"{spec} {spec.label} {spec.connect_arguments()}"
    assert not set(LETTERS) & set(shown)


@given(st.lists(st.tuples(st.sampled_from(["host", "user", "dbname", "password", "options"]), st.text())), st.data())
@settings(deadline=None)
def test_what_is_quoted_comes_back(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    gap = st.sampled_from(["", " ", "\t\n "])
    words = [f"{name}{data.draw(gap)}={data.draw(gap)}{quoted(value)}" for name, value in pairs]
    assert parse_keywords(data.draw(gap) + " ".join(words) + data.draw(gap), "test") == pairs
