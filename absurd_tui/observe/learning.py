"""Which statements are new to a server: planning them costs once, and says nothing about the next reading."""

import time
from collections import OrderedDict, deque

from absurd_tui.database.session import STATEMENTS_KEPT
from absurd_tui.observe.governor import BUDGET

_WITHIN = 600.0


class Learning:
    """Remembers the statements that ran on a connection.

    What is learned may take its two per cent of ten minutes at once. Beyond that it counts as what readings cost:
    statements that are new again and again are dear.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[int, None] = OrderedDict()
        self._spent: deque[tuple[float, float]] = deque()

    def connected(self) -> None:
        """Begin with a new connection: nothing is planned there."""
        self._known.clear()

    def is_new(self, statement: str) -> bool:
        """Say whether a statement that runs now is new to the server, and that is forgiven."""
        key = hash(statement)
        is_known = key in self._known
        self._known[key] = None
        self._known.move_to_end(key)
        if len(self._known) > STATEMENTS_KEPT:
            self._known.popitem(last=False)
        return not is_known and self._is_forgiven()

    def spent(self, seconds: float) -> None:
        """Note what a new statement took."""
        self._spent.append((time.monotonic(), seconds))

    def _is_forgiven(self) -> bool:
        while self._spent and self._spent[0][0] < time.monotonic() - _WITHIN:
            self._spent.popleft()
        return sum(seconds for _, seconds in self._spent) < BUDGET * _WITHIN
