"""libpq itself as the oracle: what we accept, PQconninfoParse reads in the same way."""

import ctypes
import ctypes.util
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from absurd_tui.conninfo.source import read_statement
from absurd_tui.errors import InvalidConnection

WE_ARE_STRICTER = ("percent-encode", "[address]:port", "not UTF-8")
WORDS = [
    *" =,:@/?&'\\\n",
    "[",
    "]",
    "#",
    "host",
    "user",
    "dbname",
    "password",
    "port",
    "sslmode",
    "requiressl",
    "x",
    "1",
]
KEYWORDS = st.lists(st.sampled_from([*WORDS, "'a b'", "a\\ b", "host=", " user = ", "ä"]), max_size=14).map("".join)
URIS = st.lists(st.sampled_from([*WORDS, "%40", "%2F", "%zz", "%00", "[::1]", "ssl=true", "?host=", "+"]), max_size=14)


class Option(ctypes.Structure):
    """PQconninfoOption of libpq-fe.h."""

    _fields_ = (
        ("keyword", ctypes.c_char_p),
        ("envvar", ctypes.c_char_p),
        ("compiled", ctypes.c_char_p),
        ("val", ctypes.c_char_p),
        ("label", ctypes.c_char_p),
        ("dispchar", ctypes.c_char_p),
        ("dispsize", ctypes.c_int),
    )


Parser = Callable[[str], dict[str, str] | None]


@pytest.fixture(scope="module")
def libpq() -> Parser:
    """PQconninfoParse: the parameters a string states, or None where libpq refuses it."""
    name = ctypes.util.find_library("pq")
    if name is None:
        pytest.skip("libpq is not on this machine, so there is no oracle")
    library = ctypes.CDLL(name)
    library.PQconninfoParse.restype = ctypes.POINTER(Option)
    library.PQconninfoParse.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p)]
    library.PQconninfoFree.argtypes = [ctypes.POINTER(Option)]
    library.PQfreemem.argtypes = [ctypes.c_char_p]

    def stated(options: Iterator[Option]) -> dict[str, str]:
        found = {}
        for option in options:
            if option.keyword is None:
                break
            if option.val is not None:
                found[option.keyword.decode()] = option.val.decode(errors="surrogateescape")
        return found

    def parse(text: str) -> dict[str, str] | None:
        problem = ctypes.c_char_p()
        options = library.PQconninfoParse(text.encode(), ctypes.byref(problem))
        if not options:
            library.PQfreemem(problem)
            return None
        try:
            return stated(iter(options))
        finally:
            library.PQconninfoFree(options)

    return parse


def compare(libpq: Parser, text: str) -> None:
    theirs = libpq(text)
    try:
        ours = dict(read_statement(text, "test").pairs)
    except InvalidConnection as refusal:
        if theirs is not None and not any(reason in str(refusal) for reason in WE_ARE_STRICTER):
            raise
    else:
        assert ours == theirs


@given(URIS.map("".join).map(str.strip))
@settings(deadline=None, max_examples=300)
def test_uris_are_read_as_libpq_reads_them(libpq: Parser, text: str) -> None:
    compare(libpq, f"postgresql://{text}")


@given(KEYWORDS)
@settings(deadline=None, max_examples=300)
def test_keyword_strings_are_read_as_libpq_reads_them(libpq: Parser, text: str) -> None:
    compare(libpq, f"host=h {text}")


@pytest.mark.fault(46)
@pytest.mark.parametrize(
    "text",
    [
        "postgresql://",
        "postgresql://u:p@h:1,[::1]:2,k/d?sslmode=require&application_name=a%20b",
        "postgresql://u:p@/d?host=%2Ftmp",
        "postgresql://h?user=me@tenant",
        "postgresql://h/d?user=me@tenant&",
        "postgresql://u@h/d?ssl=true",
        "postgresql://u:a:b;c$d!e*f(g)@h/d",
        "postgresql://u@@h",
        "postgresql://h/d?options=-c%20geqo%3Doff",
        "postgresql://h/d?password=a+b&password=c",
        "host=h user='a'dbname=b",
        "host=h password=a'b",
        "host=h password=a\\",
        "host=h requiressl=0",
        "host = 'h' \r\n dbname = d \v",
    ],
)
def test_odd_strings(libpq: Parser, text: str) -> None:
    compare(libpq, text)
