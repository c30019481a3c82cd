"""What was spawned before from here under the name in the form: gone through with one key, newest first."""

from absurd_tui.observe.why import Clock
from absurd_tui.operations.spawn_history import Sent, SpawnHistory
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.dialogs.spawn_offer import laid_out
from absurd_tui.ui.dialogs.text import Choice


class SentBefore:
    """Where in the history a form is; None is the params that it offers by itself."""

    def __init__(self, history: SpawnHistory) -> None:
        self._history = history
        self._name = ""
        self._at = -1

    def turn(self, task_name: str) -> Sent | None:
        """Go to the params before, and after the oldest back to None."""
        sents = self._history.of(task_name)
        self._at = self._at + 1 if task_name == self._name else 0
        self._name = task_name
        if self._at >= len(sents):
            self._at = -1
            return None
        return sents[self._at]

    def told(self, task_name: str, params: str, clock: Clock) -> Plain:
        """Say when the params that stand in the form were sent; empty where they were not, or were edited since."""
        sents = self._history.of(task_name) if task_name == self._name else ()
        if not 0 <= self._at < len(sents) or params != laid_out(sents[self._at].params):
            return Plain("")
        place = f"{self._at + 1} of {len(sents)}"
        return say("JSON, spawned from here {ago} ago ({place}; f3)", ago=clock.ago(sents[self._at].at), place=place)

    def keys(self, task_name: str) -> tuple[Choice, ...]:
        """Name the key, where there is something to go through."""
        count = len(self._history.of(task_name)) if task_name else 0
        return (Choice("f3", plain(f"{count} spawned from here")),) if count else ()
