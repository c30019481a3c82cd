"""Statements as an operator would type them, for the audit and the eye; what runs has parameters."""

import json
from collections.abc import Sequence
from uuid import UUID


def sql_call(function: str, *arguments: str) -> str:
    """A call of one of Absurd's functions, its arguments already literals."""
    return f"select * from absurd.{function}({', '.join(arguments)})"


def text_literal(value: str) -> str:
    """A string as SQL writes it."""
    quoted = "'" + value.replace("'", "''") + "'"
    return "e" + quoted.replace("\\", "\\\\") if "\\" in value else quoted


def id_literal(value: UUID) -> str:
    """A task's or run's id as SQL writes it."""
    return f"'{value}'"


def json_literal(value: object) -> str:
    """A JSON value of ours as SQL writes it."""
    return text_literal(json.dumps(value, ensure_ascii=False)) + "::jsonb"


def array(values: Sequence[str], kind: str) -> str:
    """Literals as SQL writes an array of them."""
    return f"array[{', '.join(values)}]::{kind}[]"
