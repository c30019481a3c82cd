"""What `?` explains first: the verdict and the badges that are shown, each in two sentences."""

from dataclasses import dataclass

from absurd_tui.observe.finding import EXPLAINED, Finding
from absurd_tui.text import Plain, plain
from absurd_tui.ui.widgets.badges import EXPLAINED_BADGES, Badge
from absurd_tui.ui.widgets.head import HeadState, is_slowed, link_badge, place_badges, verdict_badge


@dataclass(frozen=True, slots=True)
class Explained:
    """A badge as it is written, what it is about, and what it means in two sentences."""

    word: Plain
    about: Plain
    means: Plain


def explained(state: HeadState, finding: Finding | None) -> tuple[Explained, ...]:
    """Explain a finding, else the worst that is shown, or that there is none; then the badges of the header."""
    verdict = verdict_badge(state)
    if finding is None and verdict is None:
        finding = state.settled.shown[0]
    told = [_of_finding(finding)] if finding is not None else [_of_badge(verdict)] if verdict is not None else []
    link = link_badge(state)
    others = [
        *place_badges(state),
        *([link] if link is not None else []),
        *([Badge.SLOWED] if is_slowed(state) else []),
    ]
    return (*told, *map(_of_badge, others))


def _of_finding(finding: Finding) -> Explained:
    return Explained(plain(finding.level.name), finding.what, plain(EXPLAINED[finding.kind]))


def _of_badge(badge: Badge) -> Explained:
    return Explained(plain(badge.word.strip()), Plain(""), plain(EXPLAINED_BADGES[badge]))
