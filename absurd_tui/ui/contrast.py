"""How readable a colour is on grounds, and what makes it so: the contrast of WCAG 2, 1 to 21."""

from collections.abc import Sequence

from textual.color import BLACK, WHITE, Color

_STEPS = 20


def contrast(one: Color, other: Color) -> float:
    """Give the contrast of two colours."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: Color, grounds: Sequence[Color], *, on_dark: bool, least: float) -> Color:
    """Give a colour mixed with as much white, or black on light grounds, as gives it the least contrast on all."""
    towards = WHITE if on_dark else BLACK
    mixed = (colour.blend(towards, step / _STEPS, alpha=1.0) for step in range(_STEPS + 1))
    return next((one for one in mixed if all(contrast(one, ground) >= least for ground in grounds)), towards)


def _luminance(colour: Color) -> float:
    channels = [channel / 255 for channel in colour.rgb]
    red, green, blue = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
