"""Our three themes, and what our own colour names mean under any other theme.

The hex values and the roles are those of the look's palette: every text colour
reaches 4.5:1 on every ground it is used on, in both themes.
"""

from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from absurd_tui.ui.contrast import readable

_DARK = {
    "bar": "#1B222B",
    "bar-focus": "#1E3B5C",
    "text-strong": "#FFFFFF",
    "text-muted": "#A3AEBA",
    "text-disabled": "#8A95A1",
    "rule": "#3B4653",
    "edge": "#A3AEBA",
    "spark": "#66788A",
    "cursor": "#202D3A",
    "state-pending": "#B9C4D0",
    "state-running": "#58A9F2",
    "state-sleeping": "#D3B5F8",
    "state-failed": "#FF7F73",
    "state-completed": "#6CC79B",
    "state-cancelled": "#99A5BA",
    "state-warning": "#F0BE4A",
    "verdict-wedged": "#C93C37",
    "verdict-degraded": "#D99A1E",
    "verdict-unknown": "#56616E",
    "on-wedged": "#FFFFFF",
    "on-degraded": "#14181D",
    "on-unknown": "#FFFFFF",
    "header-production": "#5A2349",
    "on-production": "#FFD9F0",
}
_LIGHT = {
    "bar": "#E6E9ED",
    "bar-focus": "#C6DDF5",
    "text-strong": "#000000",
    "text-muted": "#4A5561",
    "text-disabled": "#5E6974",
    "rule": "#B9C0C8",
    "edge": "#4A5561",
    "spark": "#7E8B98",
    "cursor": "#E3EDF8",
    "state-pending": "#303C4A",
    "state-running": "#0A5FA6",
    "state-sleeping": "#9B2C9E",
    "state-failed": "#A80F24",
    "state-completed": "#14683E",
    "state-cancelled": "#546071",
    "state-warning": "#7D5200",
    "verdict-wedged": "#A80F24",
    "verdict-degraded": "#F0BE4A",
    "verdict-unknown": "#66717D",
    "on-wedged": "#FFFFFF",
    "on-degraded": "#14181D",
    "on-unknown": "#FFFFFF",
    "header-production": "#F4D3E6",
    "on-production": "#5A1440",
}
_SIXTEEN = {
    "bar": "ansi_default",
    "bar-focus": "ansi_default",
    "text-strong": "ansi_default",
    "text-muted": "ansi_default",
    "text-disabled": "ansi_default",
    "rule": "ansi_default",
    "edge": "ansi_default",
    "spark": "ansi_default",
    "cursor": "ansi_default",
    "state-pending": "ansi_default",
    "state-running": "ansi_blue",
    "state-sleeping": "ansi_magenta",
    "state-failed": "ansi_red",
    "state-completed": "ansi_green",
    "state-cancelled": "ansi_default",
    "state-warning": "ansi_yellow",
    "verdict-wedged": "ansi_red",
    "verdict-degraded": "ansi_yellow",
    "verdict-unknown": "ansi_default",
    "on-wedged": "ansi_bright_white",
    "on-degraded": "ansi_black",
    "on-unknown": "ansi_default",
    "header-production": "ansi_magenta",
    "on-production": "ansi_default",
}

DARK = Theme(
    name="absurd-dark",
    dark=True,
    background="#0E1216",
    surface="#161C23",
    panel="#1C242D",
    foreground="#D6DCE4",
    primary=_DARK["state-running"],
    secondary=_DARK["state-sleeping"],
    accent=_DARK["state-running"],
    error=_DARK["state-failed"],
    success=_DARK["state-completed"],
    warning=_DARK["state-warning"],
    variables={**_DARK, "border": _DARK["rule"], "footer-background": _DARK["bar"]},
)
LIGHT = Theme(
    name="absurd-light",
    dark=False,
    background="#FBFBF9",
    surface="#F1F3F5",
    panel="#FFFFFF",
    foreground="#1F2730",
    primary=_LIGHT["state-running"],
    secondary=_LIGHT["state-sleeping"],
    accent=_LIGHT["state-running"],
    error=_LIGHT["state-failed"],
    success=_LIGHT["state-completed"],
    warning=_LIGHT["state-warning"],
    variables={**_LIGHT, "border": _LIGHT["rule"], "footer-background": _LIGHT["bar"]},
)
SIXTEEN = Theme(
    name="absurd-ansi",
    ansi=True,
    dark=True,
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    foreground="ansi_default",
    primary="ansi_blue",
    secondary="ansi_magenta",
    accent="ansi_blue",
    error="ansi_red",
    success="ansi_green",
    warning="ansi_yellow",
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        **_SIXTEEN,
        "border": "ansi_default",
        "footer-background": "ansi_default",
    },
)
THEMES = (DARK, LIGHT, SIXTEEN)

READABLE, VISIBLE = 4.5, 3.0
"""The contrast that text must have, and what is only drawn."""

ROWS = ("background", "surface", "panel", "bar", "cursor")
_EVERYWHERE = (*ROWS, "bar-focus")
_STANDS_ON = {
    **dict.fromkeys(("foreground", "text-strong", "text-muted", "state-warning"), (*_EVERYWHERE, "header-production")),
    **dict.fromkeys(("state-pending", "state-running", "state-sleeping"), _EVERYWHERE),
    **dict.fromkeys(("state-failed", "state-completed", "state-cancelled"), _EVERYWHERE),
    "text-disabled": ROWS,
    "spark": ("background", "surface"),
}
"""The grounds that each colour of text stands on."""


def meanings(theme: Theme) -> dict[str, str]:
    """Give our own colour names, and those of ours that every theme has, what they mean under a theme.

    Of a theme that does not know them the colours are taken from its own where it has one for the purpose, else from
    our palette; each is made readable on every ground of that theme that it stands on.
    """
    if theme.ansi:
        return {"foreground": "ansi_default"} | _SIXTEEN
    ours = _DARK if theme.dark else _LIGHT
    if theme in THEMES:
        return {"foreground": str(theme.foreground)} | ours
    named = theme.to_color_system().generate()
    taken = {
        "foreground": named["foreground"],
        "bar": named["panel"],
        "state-running": named["primary"],
        "state-sleeping": named["secondary"],
        "state-failed": named["error"],
        "state-completed": named["success"],
        "state-warning": named["warning"],
        "text-strong": named["foreground"],
    }
    found = ours | taken
    for name, grounds in _STANDS_ON.items():
        under = [Color.parse(found.get(ground) or named[ground]) for ground in grounds]
        least = VISIBLE if name == "spark" else READABLE
        found[name] = readable(Color.parse(found[name]), under, on_dark=theme.dark, least=least).hex
    return found
