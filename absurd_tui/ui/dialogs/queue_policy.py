"""Change a queue's policy: its lines as they are stored, edited, and what of them changes."""

from collections.abc import Iterator, Sequence

from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import TextArea

from absurd_tui import units
from absurd_tui.observe.queue_facts import QueueFacts
from absurd_tui.operations.queue_requests import SetQueuePolicy
from absurd_tui.text import plain, say
from absurd_tui.ui.availability import QUEUE_POLICY
from absurd_tui.ui.dialogs.policy_draft import PolicyDraft, laid_out, read_draft
from absurd_tui.ui.dialogs.queue_frame import INNER_WIDTH, QueueDialog
from absurd_tui.ui.dialogs.text import BLANK, Choice, Paragraph, Piece, point, reserved, warning

_ROWS = 4
_NOTHING = PolicyDraft((), ())


class QueuePolicyDialog(QueueDialog[SetQueuePolicy]):
    """Sends only what differs from what was read; what Absurd does not know is refused here, by its line."""

    BINDINGS = [Binding("ctrl+s", "confirm", show=False, priority=True)]
    COMMAND = QUEUE_POLICY
    TITLE_TEXT = "Policy of a queue"
    KEEP = "leave the policy"
    FIELD_ROWS = 7

    def fields(self) -> Iterator[Widget]:
        """The lines of the policy, once they were read."""
        yield TextArea(id="dialog-policy", soft_wrap=False, compact=True, disabled=True)

    def facts_arrived(self) -> None:
        """Lay the policy out."""
        editor = self.query_one(TextArea)
        if self.facts is not None and not editor.text:
            editor.text = laid_out(self.facts)

    @property
    def _draft(self) -> PolicyDraft:
        return read_draft(self.query_one(TextArea).text, self.facts) if self.facts is not None else _NOTHING

    def text(self) -> Sequence[Piece]:
        """Say what a policy does."""
        told = "What clean-up and partition jobs go by. Nothing happens at once, but for default_partition."
        return [Paragraph(plain(told), "strong"), BLANK]

    def notes(self) -> Sequence[Piece]:
        """Say what is wrong, by lines; else what changes."""
        draft, facts = self._draft, self.facts
        if facts is None:
            return reserved([], _ROWS, INNER_WIDTH)
        said: list[Piece] = [
            Paragraph(say("Line {n}: {wrong}", n=number, wrong=wrong), "failed", plain("✗"), "alarm")
            for number, wrong in draft.errors[:_ROWS]
        ]
        if not draft.errors:
            said = self._changes(draft, facts)
        return [BLANK, *reserved(said, _ROWS, INNER_WIDTH)]

    def _changes(self, draft: PolicyDraft, facts: QueueFacts) -> list[Piece]:
        said: list[Piece] = [
            point(say("{key}: {old} becomes {new}.", key=key, old=facts.value(key) or units.UNKNOWN, new=value))
            for key, value in draft.changed
        ]
        if dict(draft.changed).get("default_partition") == "disabled":
            said.append(warning(plain("Without it, a spawn beyond the weeks that are made fails.")))
        return said or [point(plain("Nothing differs from what is stored."))]

    def act(self) -> Choice:
        """Set what differs."""
        draft = self._draft
        count = len(draft.changed)
        label = f"set {units.plural(count, 'value')}" if count else "set the policy"
        return Choice("ctrl+s", plain(label), self.is_awake and bool(count) and not draft.errors)

    def request(self) -> SetQueuePolicy:
        """Ask for the values that differ."""
        assert self.facts is not None
        changed, facts = self._draft.changed, self.facts
        seen = tuple((key, facts.value(key) or "") for key, _ in changed if facts.value(key) is not None)
        return SetQueuePolicy(self.queue, facts.created_at, changed, seen)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Judge what stands there now."""
        self.repaint()
