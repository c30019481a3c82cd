"""Cancel a task with all its children: every one that is still live is named, and cancelled only as it was named."""

from collections.abc import Iterator, Sequence

from absurd_tui import units
from absurd_tui.observe.children import Child, Children
from absurd_tui.observe.records import Refusal, TaskRow
from absurd_tui.observe.why import Clock
from absurd_tui.operations.cancel import refusal
from absurd_tui.operations.requests import CancelTask, Target
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import cut_middle, cut_words
from absurd_tui.ui.dialogs.cancel import CancelDialog
from absurd_tui.ui.dialogs.frame import INNER_WIDTH
from absurd_tui.ui.dialogs.gone_through import GoesThrough
from absurd_tui.ui.dialogs.text import Choice, Fixed, Paragraph, Piece, point, reserved, warning
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.messages import ChildrenOf, LookupWanted
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.family_table import unread

_NAMED = 5
_NAME_CELLS = 40
_UNREAD_ROWS = 2
_ROWS = _NAMED + 3


class CancelTreeDialog(CancelDialog, GoesThrough):
    """As the dialog that cancels one task, and the children below it, as they were read when it opened."""

    TITLE_TEXT = "Cancel task and children"
    KEEP = "keep them all"

    def __init__(self, watch: Watch, row: TaskRow, seen: Clock, read_at: float) -> None:
        super().__init__(watch, row, seen, read_at)
        self.children_read: Children | None = None
        self._not_read = Plain("")

    def on_mount(self) -> None:
        """Look for the children."""
        self.post_message(LookupWanted(ChildrenOf(self)))

    def take_children(self, children: Children) -> None:
        """Take those that were found."""
        self.children_read, self._not_read = children, Plain("")
        self.to_first()
        if self.is_current:
            self.sleep()
            self.repaint()

    def take_children_refusal(self, refused: Refusal) -> None:
        """Take why they could not be read."""
        self._not_read = say("The children could not be read: {why}.", why=refused.reason.rstrip("."))
        if self.is_current:
            self.repaint()

    @property
    def _live(self) -> tuple[Child, ...]:
        found = self.children_read.found if self.children_read is not None else ()
        return tuple(child for child in found if refusal(child.state) is None)

    @property
    def besides(self) -> tuple[CancelTask, ...]:
        """The cancellations of the children, each of the task as it was named."""
        return tuple(
            CancelTask(
                Target(
                    child.queue,
                    child.task_id,
                    child.run_id,
                    child.task_name,
                    child.state,
                    child.attempt,
                    child.claim_expires_at,
                    child.seen_at,
                )
            )
            for child in self._live
        )

    def text(self) -> Sequence[Piece]:
        """Say what ends, the task first."""
        lost = "The task ends as cancelled, and then its children. There is no way back."
        listed = reserved(list(self._listed()), _ROWS, INNER_WIDTH)
        return [Paragraph(plain(lost), "strong"), *listed, *self.typing("cancel this task")]

    def _listed(self) -> Iterator[Piece]:
        children = self.children_read
        if children is None:
            yield point(self._not_read or plain("Looking for its children in its checkpoints."))
            return
        live, over = self._live, len(children.found) - len(self._live)
        told = "{n} likely: named in its checkpoints, or in theirs. Absurd keeps no parents."
        told += " ↑ ↓ go through all of them." if self.is_longer else ""
        yield point(say(told, n="1 live child" if len(live) == 1 else f"{len(live)} live children"))
        for child in live[self.in_view]:
            name = cut_middle(say("{queue} › {name}", queue=child.queue, name=child.task_name), _NAME_CELLS)
            tail = plain(f" …{units.short_id(child.task_id, 8)}")
            state = plain(f"{STATE_GLYPHS[child.state]} {child.state.value}")
            yield Fixed(
                ((plain("  "), ""), (name, ""), (tail, "strong"), (plain("  "), ""), (state, child.state.value))
            )
        rest = [f"{self.place} shown"] if self.is_longer else []
        rest += [f"{over} ended already and left"] if over else []
        rest += ["there may be more"] if children.is_cut else []
        if rest:
            yield point(plain(", ".join(rest)))
        if children.refused:
            why = say("Not looked into: {queues}.", queues=unread(children.refused))
            yield warning(cut_words(why, _UNREAD_ROWS * INNER_WIDTH - 10))

    @property
    def length(self) -> int:
        """How many are named."""
        return len(self._live)

    @property
    def most_in_view(self) -> int:
        """How many children are named at a time: fewer where a queue was not looked into, which is told below them."""
        return _NAMED - (_UNREAD_ROWS if self.children_read is not None and self.children_read.refused else 0)

    def act(self) -> Choice:
        """Cancel them, once the children are known."""
        choice = super().act()
        live = len(self._live)
        label = plain(f"cancel {1 + live} tasks") if live else plain("cancel the task alone")
        return Choice(choice.key, label, choice.is_enabled and self.children_read is not None)

    def look_again(self) -> None:
        """Look again at the children too."""
        self.children_read = None
        super().look_again()
        self.post_message(LookupWanted(ChildrenOf(self)))
