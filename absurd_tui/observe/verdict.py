"""The verdict: the findings that are shown. Pure.

A finding must be seen in two snapshots before it is shown and be absent from
five before it goes, so that the verdict does not flap.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from absurd_tui.observe.finding import Finding, Level

APPEARS_AFTER = 2
GOES_AFTER = 5


@dataclass(frozen=True, slots=True)
class Settled:
    """The findings that are shown, and what was counted on the way to showing or dropping others.

    `quiet_since` is since when none was shown, by the database's clock, or since when it was looked; None where one is.
    """

    shown: tuple[Finding, ...] = ()
    seen: Mapping[tuple[str, str], int] = field(default_factory=dict)
    missed: Mapping[tuple[str, str], int] = field(default_factory=dict)
    quiet_since: float | None = None

    def after(self, found: tuple[Finding, ...], at: float) -> "Settled":
        """Take in the findings of the next snapshot, which was taken at `at`."""
        now = {finding.identity: finding for finding in found}
        seen = {identity: self.seen.get(identity, 0) + 1 for identity in now}
        shown = {finding.identity: finding for finding in self.shown}
        missed = {identity: self.missed.get(identity, 0) + 1 for identity in shown if identity not in now}
        kept = {
            identity: now.get(identity, finding)
            for identity, finding in shown.items()
            if missed.get(identity, 0) < GOES_AFTER
        }
        kept |= {identity: finding for identity, finding in now.items() if seen[identity] >= APPEARS_AFTER}
        order = sorted(kept.values(), key=lambda finding: finding.order)
        quiet_since = None if order else at if self.quiet_since is None else self.quiet_since
        return Settled(tuple(order), seen, missed, quiet_since)

    @property
    def level(self) -> Level:
        """The worst level shown."""
        return max((finding.level for finding in self.shown), default=Level.OK)

    def level_of(self, queue: str) -> Level:
        """The worst level shown of one queue."""
        return max((finding.level for finding in self.shown if finding.queue == queue), default=Level.OK)
