"""What is wrong with JSON that a person typed, where, and in that person's words.

What may be sent is for `lifecycle.json_values` to judge. This says why it refused,
and refuses besides what that would take silently: a key that stands twice.
"""

import re
from dataclasses import dataclass
from json import JSONDecodeError

from absurd_tui.errors import InvalidRequest, Undecodable
from absurd_tui.lifecycle.json_values import MAX_DIGITS, Json, decode_json, encode_json
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import cut_end

_SHOWN = 24
_SPACE = " \t\n\r"
_TOKEN = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*+"(?=[ \t\n\r]*+:))|(?P<text>"(?:[^"\\]|\\.)*+")
      |(?P<open>[{\[])|(?P<close>[}\]])|(?P<constant>-?Infinity|NaN)|(?P<number>-?[0-9][-+.0-9eE]*+)""",
    re.VERBOSE | re.DOTALL,
)
_PIECE = re.compile(r'"[^"\n]*"?|[\w.+-]+|.', re.DOTALL)
_WORDS = {"True": "true", "False": "false", "None": "null", "undefined": "null", "nil": "null", "NULL": "null"}


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a field cannot be sent; `place` is the line and the column, both from 1, in a field of many lines."""

    text: Plain
    place: tuple[int, int] | None = None


def read_json(text: str, name: str) -> Json | Wrong:
    """Read the value of JSON text, or say what is wrong with it; a sentence about the whole names it `name`."""
    try:
        value = decode_json(text, name)
        encode_json(value, name)
    except Undecodable as error:
        return _unreadable(text, name, error.__cause__)
    except InvalidRequest as error:
        return _unstorable(text, error)
    repeated = _repeated_key(text)
    return value if repeated is None else repeated


def _at(text: str, position: int, said: Plain) -> Wrong:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return Wrong(say("Line {line}, column {column}: {said}.", line=line, column=column, said=said), (line, column))


def _unreadable(text: str, name: str, cause: BaseException | None) -> Wrong:
    if isinstance(cause, JSONDecodeError):
        return _at(text, *_malformed(text, cause))
    if isinstance(cause, RecursionError):
        return _too_deep(text)
    for token in _TOKEN.finditer(text):
        if token["constant"]:
            return _at(text, token.start(), say("JSON has no {word}", word=token["constant"]))
        if token["number"] and not _is_sendable(token["number"]):
            return _at(text, token.start(), _too_long(token["number"]))
    return Wrong(say("{name} cannot be read as JSON.", name=name))


def _too_deep(text: str) -> Wrong:
    """Point to the bracket that stands deepest."""
    depth = deepest = at = 0
    for token in _TOKEN.finditer(text):
        depth += (1 if token["open"] else 0) - (1 if token["close"] else 0)
        if depth > deepest:
            deepest, at = depth, token.start()
    return _at(text, at, plain("this is nested too deeply to be sent"))


def _too_long(number: str) -> Plain:
    written_out = "" if sum(map(str.isdigit, number)) > MAX_DIGITS else "written out, "
    return plain(f"{written_out}this number has more than {MAX_DIGITS:,} digits")


def _is_sendable(token: str) -> bool:
    try:
        encode_json(decode_json(token, "text"), "text")
    except (InvalidRequest, Undecodable):
        return False
    return True


def _unstorable(text: str, error: InvalidRequest) -> Wrong:
    if isinstance(error.__cause__, RecursionError):
        return _too_deep(text)
    for token in _TOKEN.finditer(text):
        if token["number"] and not _is_sendable(token["number"]):
            return _at(text, token.start(), _too_long(token["number"]))
        if (token["key"] or token["text"]) and not _is_sendable(token[0]):
            return _at(text, token.start(), plain("this text holds a NUL or half a character, which cannot be stored"))
    return Wrong(plain(f"{error}."))


def _repeated_key(text: str) -> Wrong | None:
    """Find a key that stands twice in one object, however its letters are written; `text` is JSON."""
    known: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        if token["open"]:
            known.append(set())
        elif token["close"]:
            known.pop()
        elif token["key"]:
            key = decode_json(token["key"], "key")
            if key in known[-1]:
                return _at(
                    text, token.start(), say("the key {key} stands here a second time", key=_piece(token["key"]))
                )
            known[-1].add(key)
    return None


def _malformed(text: str, error: JSONDecodeError) -> tuple[int, Plain]:
    """Find where the JSON breaks off and say why; the parser's own words differ between versions of Python."""
    at = error.pos
    while at < len(text) and text[at] in _SPACE and "control" not in error.msg:
        at += 1
    comma = _trailing_comma(text, at)
    if comma is not None and not error.msg.startswith(("Invalid", "Unterminated", "Extra")):
        return comma, plain("nothing follows this comma; take it away")
    if error.msg.startswith("Invalid control"):
        return at, _control(text[at])
    if error.msg.startswith("Invalid"):
        return _escape(text, at)
    if error.msg.startswith("Unterminated"):
        return at, plain("the text that begins here has no closing quote")
    if at >= len(text):
        return max(0, len(text.rstrip(_SPACE)) - 1), _ended(text)
    if error.msg.startswith("Extra"):
        return at, say("the JSON is complete before {piece}; only one value is sent", piece=_piece(text[at:]))
    return at, _unexpected(text, at, error.msg)


def _unexpected(text: str, at: int, expected: str) -> Plain:
    found = text[at]
    piece = _piece(text[at:])
    if found in "#/":
        return plain("JSON has no comments")
    if found == "'":
        return plain('text stands in double quotes ("), not in single ones')
    if "':'" in expected:
        return say("a colon is missing after the key, before {piece}", piece=piece)
    if "','" in expected:
        return _no_comma(text, at, piece)
    if "property name" in expected:
        if found.isalnum() or found in "_$":
            return say('the key {piece} must stand in double quotes (")', piece=piece)
        return say("a key in double quotes is missing before {piece}", piece=piece)
    word = _PIECE.match(text, at)
    if word is not None and word[0] in _WORDS:
        return plain(f"JSON writes {_WORDS[word[0]]}, not {word[0]}")
    if found in "+.":
        return say("a number in JSON begins with a digit or a minus: {piece}", piece=piece)
    if found.isalpha() or found == "_":
        return say('text must stand in double quotes ("): {piece}', piece=piece)
    return say("a value is missing before {piece}", piece=piece)


def _no_comma(text: str, at: int, piece: Plain) -> Plain:
    found, closer = text[at], _closer(text[:at])
    if found in "}]":
        return say("{found} stands where {closer} should", found=_quoted(found), closer=_quoted(closer))
    if found.isdigit() and text[at - 1] == "0":
        return plain("a number in JSON does not begin with 0")
    if found.isalnum() and text[at - 1].isalnum():
        return say("this is no value of JSON: {piece}", piece=piece)
    if found in '"{[-' or found.isalnum():
        return say("a comma is missing before {piece}", piece=piece)
    return say("a comma or {closer} is missing before {piece}", closer=_quoted(closer), piece=piece)


def _ended(text: str) -> Plain:
    if not text.strip(_SPACE):
        return plain("nothing stands here; write {} for none")
    closer = _closer(text)
    if closer:
        return say("the JSON ends here, and {closer} is missing", closer=_quoted(closer))
    return plain("the JSON ends here, before a value")


def _closer(text: str) -> str:
    """Give the bracket that would close what is open at the end of `text`."""
    closers: list[str] = []
    for token in _TOKEN.finditer(text):
        if token["open"]:
            closers.append("}" if token["open"] == "{" else "]")
        elif token["close"] and closers:
            closers.pop()
    return closers[-1] if closers else ""


def _trailing_comma(text: str, at: int) -> int | None:
    """Give the place of a comma that a closing bracket follows, if the parser stopped at the one or the other."""
    if text[at : at + 1] == ",":
        return at if text[at + 1 :].lstrip(_SPACE)[:1] in ("}", "]") else None
    before = text[:at].rstrip(_SPACE)
    return len(before) - 1 if before.endswith(",") and text[at : at + 1] in ("}", "]") else None


def _control(found: str) -> Plain:
    if found in "\n\r":
        return plain("this text is not closed on its line; a line break inside text is written \\n")
    written = "\\t" if found == "\t" else f"\\u{ord(found):04x}"
    return plain(f"inside text this character is written {written}")


def _escape(text: str, at: int) -> tuple[int, Plain]:
    slash = text.rfind("\\", 0, at + 2)
    if text[slash : slash + 2] == "\\u":
        return slash, plain("\\u needs four hexadecimal digits")
    return slash, say("{escape} is no escape of JSON; a backslash is written \\\\", escape=text[slash : slash + 2])


def _piece(text: str) -> Plain:
    """Give the word, text or sign at the beginning, short enough for a sentence."""
    found = _PIECE.match(text)
    piece = found[0] if found is not None else ""
    shown = cut_end(plain(piece[: _SHOWN + 1]), _SHOWN)
    return shown if piece[:1] == '"' or piece.isalnum() else _quoted(shown.text)


def _quoted(sign: str) -> Plain:
    return say('"{sign}"', sign=sign)
