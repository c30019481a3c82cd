"""From safe text to Textual's `Content`: the only place that names it.

Textual reads a `str` as markup in most of its widgets; a `Content` is taken as
it is. So every text that goes into a stock widget, a title or a toast is a
`Plain` that came through here.
"""

from textual.content import Content

from absurd_tui.text import Plain

Span = tuple[Plain, str]
"""A piece of safe text and its style: a colour or style of Textual (`"bold $state-failed"`), `""` for none."""


def content(plain: Plain, style: str = "") -> Content:
    """Make a `Content` of one text in one style."""
    return Content.styled(plain.text, style)


def assemble(*spans: Span) -> Content:
    """Make a `Content` of several spans, one after the other."""
    return Content.assemble(*((plain.text, style) for plain, style in spans))
