"""Where somebody has been, in the manner of a browser: one step back, one step forward. Pure."""

from dataclasses import dataclass, field

MOST_SPOTS = 100


@dataclass(frozen=True, slots=True)
class Spot:
    """A screen that was looked at: its kind, and what it is about. Two are the same where they would show the same.

    `beside` is what opens it anew besides that.
    """

    kind: str
    about: tuple[object, ...] = ()
    beside: tuple[object, ...] = field(default=(), compare=False)


class History:
    """The spots in the order in which they were looked at first, and the one that is looked at now."""

    def __init__(self) -> None:
        self._spots: list[Spot] = []
        self._at = -1

    def came(self, spot: Spot, *, is_return: bool) -> None:
        """Take that a spot is looked at now; `is_return` says that a screen was closed to get there.

        To be back where one has been forgets nothing; to go elsewhere forgets what was ahead.
        """
        if self._spots and spot == self._spots[self._at]:
            return
        earlier = [at for at in range(self._at) if self._spots[at] == spot]
        if is_return and earlier:
            self._at = earlier[-1]
        elif self.ahead == spot:
            self._at += 1
        elif self.behind == spot:
            self._at -= 1
        else:
            self._spots = [*self._spots[: self._at + 1], spot][-MOST_SPOTS:]
            self._at = len(self._spots) - 1

    @property
    def behind(self) -> Spot | None:
        """The spot before; None at the first."""
        return self._spots[self._at - 1] if self._at > 0 else None

    @property
    def ahead(self) -> Spot | None:
        """The spot that was left by going back; None where there is none."""
        return self._spots[self._at + 1] if self._at + 1 < len(self._spots) else None
