"""The characters that a terminal does not show as what they are, in what is typed or pasted into a form."""

import json

from absurd_tui.text import clean

WHITE = frozenset("\n\r\t")
"""The white space of JSON, but the blank."""


def hidden(text: str) -> list[str]:
    """Give the characters of a text that a terminal does not show as what they are, in the order of their codes."""
    return [] if text.isascii() and text.isprintable() else sorted(char for char in set(text) if _hides(char))


def shown_json(text: str) -> str:
    r"""Write the characters of JSON text that cannot be shown as `\u` escapes: the same value, and all to be seen.

    The white space of JSON stays; a byte order mark at the beginning is left out.
    """
    text = text.removeprefix("\ufeff")
    return text.translate({ord(char): json.dumps(char)[1:-1] for char in hidden(text) if char not in WHITE})


def _hides(char: str) -> bool:
    return clean("a" + char) != "a" + char
