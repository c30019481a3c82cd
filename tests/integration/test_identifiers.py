"""Names in a statement that is told are quoted where the server itself would quote them, and nowhere else."""

import asyncpg
import pytest

from absurd_tui.observe.identifiers import KEYWORDS, identifier, table_to_read

ODD = ("", "_", "a1", "1a", "a$", "Mail", "größe", "to come", 'say "no"', "a-b", "a.b", "ſ", "a\nb", "line\n", "x" * 80)


async def test_every_keyword_of_the_server_is_quoted_as_the_server_does(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch("select word, quote_ident(word) as quoted from pg_get_keywords()")
    assert len(rows) > 400
    assert {row["word"]: identifier(row["word"]) for row in rows} == {row["word"]: row["quoted"] for row in rows}


@pytest.mark.parametrize("name", ODD)
async def test_other_names_are_quoted_as_the_server_does(connection: asyncpg.Connection, name: str) -> None:
    assert identifier(name) == await connection.fetchval("select quote_ident($1)", name)


async def test_the_name_of_a_queues_table_is_never_a_keyword() -> None:
    assert all(table_to_read(letter, word) == f"absurd.{letter}_{word}" for letter in "trcewi" for word in KEYWORDS)
    assert table_to_read("t", "to come") == 'absurd."t_to come"'
