"""The palette: what it promises of contrast, and that every colour of ours has a meaning under every theme."""

import re

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from absurd_tui.styles import stylesheets
from absurd_tui.ui.theme import DARK, LIGHT, SIXTEEN, THEMES, meanings
from absurd_tui.ui.widgets.roles import GROUNDS, ROLES

READABLE, VISIBLE = 4.5, 3.0
OURS = [DARK, LIGHT]
TEXTS = [
    "foreground",
    "text-strong",
    "text-muted",
    "state-pending",
    "state-running",
    "state-sleeping",
    "state-failed",
    "state-completed",
    "state-cancelled",
    "state-warning",
]
ROW_GROUNDS = ["background", "surface", "panel", "bar", "cursor"]


def colour(theme: Theme, name: str) -> str:
    found = theme.variables.get(name) or getattr(theme, name)
    assert isinstance(found, str)
    return found


def luminance(code: str) -> float:
    channels = [channel / 255 for channel in Color.parse(code).rgb]
    red, green, blue = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(theme: Theme, text: str, ground: str) -> float:
    """The contrast of two colours as WCAG 2 reckons it, 1 to 21."""
    darker, lighter = sorted(luminance(colour(theme, name)) for name in (text, ground))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_reckoned_as_the_standard_does() -> None:
    extremes = Theme("extremes", primary="#777777", background="#000000", foreground="#FFFFFF")
    assert contrast(extremes, "foreground", "background") == pytest.approx(21.0)
    assert contrast(extremes, "foreground", "foreground") == 1.0
    assert contrast(extremes, "foreground", "primary") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
@pytest.mark.parametrize("text", TEXTS)
def test_every_text_is_readable_on_every_ground(theme: Theme, text: str) -> None:
    for ground in [*ROW_GROUNDS, "bar-focus"]:
        assert contrast(theme, text, ground) >= READABLE, ground


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_disabled_text_is_readable_where_it_stands_and_never_stands_on_a_focused_bar(theme: Theme) -> None:
    for ground in ROW_GROUNDS:
        assert contrast(theme, "text-disabled", ground) >= READABLE, ground


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
@pytest.mark.parametrize("level", ["wedged", "degraded", "unknown"])
def test_every_block_is_readable(theme: Theme, level: str) -> None:
    assert contrast(theme, f"on-{level}", f"verdict-{level}") >= READABLE


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
@pytest.mark.parametrize("text", ["on-production", "text-strong", "text-muted", "state-warning"])
def test_what_stands_in_the_header_of_production_is_readable(theme: Theme, text: str) -> None:
    assert contrast(theme, text, "header-production") >= READABLE


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_a_sparkline_can_be_seen_on_a_plain_and_on_a_chosen_row(theme: Theme) -> None:
    for ground in ("background", "surface"):
        assert contrast(theme, "spark", ground) >= VISIBLE


@pytest.mark.parametrize("theme", [*BUILTIN_THEMES.values(), *THEMES], ids=lambda theme: theme.name)
def test_every_theme_has_a_colour_for_each_of_our_names(theme: Theme) -> None:
    found = meanings(theme)
    assert found.keys() == meanings(DARK).keys()
    for name, code in found.items():
        Color.parse(code)
        assert code.startswith("ansi_") == theme.ansi, name


@pytest.mark.parametrize("theme", [*BUILTIN_THEMES.values(), *THEMES], ids=lambda theme: theme.name)
def test_every_name_in_the_stylesheets_is_known_under_every_theme(theme: Theme) -> None:
    used = {name for path in stylesheets() for name in re.findall(r"\$([a-z][a-z0-9-]*)", path.read_text())}
    known = meanings(theme).keys() | theme.to_color_system().generate().keys()
    assert used <= known
    assert "state-failed" in used


def test_our_own_themes_say_the_same_as_what_other_themes_take_from_our_palette() -> None:
    for theme in (DARK, LIGHT, SIXTEEN):
        said = meanings(theme)
        assert said.pop("foreground") == theme.foreground
        assert {name: theme.variables[name] for name in said} == said


FOREIGN = [theme for theme in BUILTIN_THEMES.values() if not theme.ansi]


def reckoned(theme: Theme, text: str, ground: str) -> float:
    """The contrast of two colours under a theme as the app shows them."""
    shown = theme.to_color_system().generate() | theme.variables | meanings(theme)
    darker, lighter = sorted(luminance(shown[name]) for name in (text, ground))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", FOREIGN, ids=lambda theme: theme.name)
def test_every_text_is_readable_on_every_ground_under_every_theme_of_textual(theme: Theme) -> None:
    for text in TEXTS:
        for ground in [*ROW_GROUNDS, "bar-focus"]:
            assert reckoned(theme, text, ground) >= READABLE, (text, ground)
    for ground in ROW_GROUNDS:
        assert reckoned(theme, "text-disabled", ground) >= READABLE, ground
    for ground in ("background", "surface"):
        assert reckoned(theme, "spark", ground) >= VISIBLE, ground
    for text in ("on-production", "text-strong", "text-muted", "state-warning"):
        assert reckoned(theme, text, "header-production") >= READABLE, text


def test_a_colour_of_a_theme_that_is_readable_is_left_as_it_is() -> None:
    theme = BUILTIN_THEMES["dracula"]
    assert meanings(theme)["state-completed"] == Color.parse(theme.success or "").hex


def test_every_role_and_ground_has_its_looks() -> None:
    rules = "".join(path.read_text() for path in stylesheets())
    styled = set(re.findall(r"^Roles > \.([a-z-]+)", rules, re.MULTILINE))
    assert styled == ROLES | GROUNDS
