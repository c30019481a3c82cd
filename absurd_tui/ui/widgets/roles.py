"""What the roles of text and the grounds behind it look like: one invisible widget a screen.

Roles and grounds are component classes, so that their looks stand in `styles/`. They
are kept once a screen, not once a surface: Textual works every component class of a
widget out anew at each change of focus or class, which was nine tenths of a key press.
"""

from rich.style import Style
from textual.widget import Widget

ROLES = frozenset(
    {
        "strong",
        "bold",
        "muted",
        "muted-italic",
        "disabled",
        "struck",
        "rule",
        "spark",
        "pending",
        "running",
        "sleeping",
        "failed",
        "completed",
        "cancelled",
        "warning",
        "caution",
        "alarm",
        "well",
        "reversed",
        "block-wedged",
        "block-degraded",
        "block-unknown",
        "block-production",
        "open",
    }
)
GROUNDS = frozenset({"ground", "surface", "bar", "bar-focus", "cursor", "chosen", "dialog", "production"})


class Roles(Widget):
    """Knows the styles of roles and grounds under the theme of the moment."""

    COMPONENT_CLASSES = {*ROLES, *GROUNDS}
    DEFAULT_CSS = "Roles { display: none; }"

    def role(self, name: str) -> Style:
        """Give the style of a role, to be laid over a ground."""
        return self.get_component_rich_style(name, partial=True) if name else Style.null()

    def ground(self, name: str) -> Style:
        """Give the style of a ground."""
        return self.get_component_rich_style(name)
