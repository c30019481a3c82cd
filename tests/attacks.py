"""Text that attacks a terminal, a markup parser or a reader's eyes, and what bytes a program of ours may write."""

import re

ATTACKS = {
    "title": "\x1b]0;PWNED-title\x07",
    "hyperlink": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;UFdORUQ=\x07",
    "clear": "\x1b[2J\x1b[3;3H\x1b[38;5;201m",
    "modes": "\x1b[?1049l\x1b[?25h\x1bc\x1b(0",
    "device": '\x1bP$q"p\x1b\\\x1b_GPWNED\x1b\\\x1b^PWNED\x1b\\',
    "eight-bit": "\x9b2J\x9d0;PWNED\x9c\x90q\x9c\x85",
    "control": "\x07\x08\x08\r\t\n\x0b\x0c\x7f\x00".replace("\x00", "\x01"),
    "direction": "\u202egpj.exe\u202c\u2066x\u2069\u200f\u061c",
    "hidden": "\u200b\u200d\ufeff\u2060\u00ad\u3164\U000e0041\U000e007f\u2028\u2029",
    "markup": "[/][/red][red]x[@click=app.quit]press[/][b",
    "marks": "a" + "\u0301" * 60 + "\u0489" * 20,
}
"""By kind. PostgreSQL stores no NUL, so there is none."""

SIGNS = ("␛]0;", "␛]8;", "␛]52;", "␛[2J", "␛[?10", "␛P$q", "␇␈␈␍␉␊␋␌␡", "[/][/red][red]", "�gpj.exe")
"""How the beginnings of most of them have to look."""


def rotated() -> list[str]:
    """All attacks in one text, once beginning with each of them: what is cut at the end has been first elsewhere."""
    texts = list(ATTACKS.values())
    return ["".join(texts[at:] + texts[:at]) for at in range(len(texts))]


_OURS = re.compile(
    "|".join(
        (
            r"\x1b\[[0-9;]*m",  # colours and styles
            r"\x1b\[[0-9]+;[0-9]+H",  # cursor
            r"\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1049|2004|2026|2048)[hl]",  # modes
            r"\x1b\[\?(?:2026|2048)\$p",  # questions about modes
            r"\x1b\[>[0-9]+u|\x1b\[<u",  # keyboard protocol
            r"\x1b\]22;[a-z-]+\x07",  # shape of the pointer
            r"\x1b\[2[23];2t|\x1b\]2;[A-Za-z0-9 ,.:_?+-]*\x07",  # the title: the old one kept, ours, the old one back
            r"\r\n",  # after the program has left
        )
    )
)
_COMMAND = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_HIDDEN = re.compile("[\u200b-\u200d\u2028\u2029\u2060\ufeff\u00ad\u3164\U000e0000-\U000e007f]")


def commands_in(raw: bytes) -> set[str]:
    """What in these bytes could command a terminal and is not what Textual itself writes."""
    return set(_COMMAND.findall(_OURS.sub("", raw.decode())))


def hidden_in(raw: bytes) -> set[str]:
    """Characters in these bytes that nobody can see."""
    return set(_HIDDEN.findall(raw.decode()))


def injected_in(raw: bytes) -> list[str]:
    """The kinds of the attacks that went through as they were."""
    whole = raw.decode()
    return [kind for kind, text in ATTACKS.items() if kind != "markup" and text in whole]
