"""A field of digits."""

from textual.widgets import Input


class Digits(Input):
    """Takes digits, and leaves every other key to its dialog."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Textual gives a field every printable key before any binding, also one with priority."""
        return character is not None and character.isdecimal()
