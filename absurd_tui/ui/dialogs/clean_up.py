"""Clean a queue up: from when on and in which batches, then what that would delete, counted, and only then a yes."""

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Static

from absurd_tui import units
from absurd_tui.operations.clean_up import LEAST_LIMIT, MOST_LIMIT
from absurd_tui.operations.clean_up_count import CleanUpCount
from absurd_tui.operations.outcomes import Refused
from absurd_tui.operations.queue_requests import CleanUp
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import CLEAN_UP
from absurd_tui.ui.content import content
from absurd_tui.ui.dialogs.intervals import interval_seconds
from absurd_tui.ui.dialogs.one_of import OneOf
from absurd_tui.ui.dialogs.queue_frame import INNER_WIDTH, QueueDialog, typed_name
from absurd_tui.ui.dialogs.text import BLANK, Choice, Paragraph, Piece, point, reserved, warning
from absurd_tui.ui.messages import CountOf, LookupWanted

_ROWS = 6
_MOST_TTL = 2**31 - 1
_WITH_EVENTS, _TASKS_ONLY = "tasks and events", "tasks only"


class CleanUpDialog(QueueDialog[CleanUp]):
    """Counts before it asks. What is counted is frozen: nothing that ends later goes, however long it takes."""

    BINDINGS = [
        Binding("enter", "confirm_typed", show=False),
        Binding("y", "say_yes", show=False),
        Binding("left", "change", show=False),
    ]
    COMMAND = CLEAN_UP
    TITLE_TEXT = "Clean up a queue"
    KEEP = "delete nothing"
    IS_FINAL = True
    FIELD_ROWS = 4

    counted: CleanUpCount | None = None
    _is_counting = False
    _not_counted = Plain("")

    def fields(self) -> Iterator[Widget]:
        """The age, the batch, with or without events; and the queue's name, where it has to be typed."""
        yield from self._row("older than", Input(id="dialog-ttl", max_length=40, compact=True, disabled=True))
        yield from self._row("in batches of", Input(id="dialog-limit", max_length=12, compact=True, disabled=True))
        yield OneOf((_WITH_EVENTS, _TASKS_ONLY), id="dialog-mode")
        yield Input(id="dialog-queue", max_length=240, compact=True, classes="-hidden")

    def _row(self, label: str, field: Input) -> ComposeResult:
        with Horizontal(classes="dialog-row"):
            yield Static(content(plain(label)), classes="dialog-label")
            yield field

    def facts_arrived(self) -> None:
        """Begin with what the queue's policy says."""
        if self.facts is not None and not self._ttl_field.value:
            self._ttl_field.value = self.facts.value("cleanup_ttl") or "30 days"
            self._limit_field.value = self.facts.value("cleanup_limit") or "1000"

    @property
    def _ttl_field(self) -> Input:
        return self.query_one("#dialog-ttl", Input)

    @property
    def _limit_field(self) -> Input:
        return self.query_one("#dialog-limit", Input)

    @property
    def _name_field(self) -> Input:
        return self.query_one("#dialog-queue", Input)

    @property
    def _ttl(self) -> int | None:
        seconds = interval_seconds(self._ttl_field.value)
        return int(seconds) if seconds is not None and seconds == int(seconds) and seconds <= _MOST_TTL else None

    @property
    def _limit(self) -> int | None:
        typed = self._limit_field.value.strip()
        is_whole = typed.isascii() and typed.isdecimal() and len(typed) < 8
        return int(typed) if is_whole and LEAST_LIMIT <= int(typed) <= MOST_LIMIT else None

    @property
    def _with_events(self) -> bool:
        return self.query_one(OneOf).chosen == _WITH_EVENTS

    @property
    def _must_type(self) -> bool:
        """Whether the queue's name is typed: in production, and where everything that has ended goes."""
        return self.watched.is_production or self._ttl == 0

    # what it says

    def text(self) -> Sequence[Piece]:
        """Say what is deleted."""
        lost = "Deletes tasks that ended that long ago, with all that belongs to them. There is no way back."
        return [Paragraph(plain(lost), "strong")]

    def notes(self) -> Sequence[Piece]:
        """Say what is wrong with the fields, that it is being counted, or what was counted."""
        if self.counted is not None:
            return [BLANK, *reserved(self._told(self.counted), _ROWS, INNER_WIDTH), *self._typing()]
        wrong = [] if self.facts is None else self._wrong()
        said: list[Piece] = [Paragraph(each, "failed", plain("✗"), "alarm") for each in wrong]
        if self._is_counting:
            said.append(point(plain("Counting, over a connection of its own; esc leaves it.")))
        elif self._not_counted:
            said.append(warning(self._not_counted))
        elif self._ttl == 0 and not wrong:
            said.append(warning(plain("Older than nothing is everything that has ended.")))
        return [BLANK, *reserved(said, _ROWS, INNER_WIDTH), BLANK]

    def _wrong(self) -> list[Plain]:
        wrong = []
        if self._ttl is None:
            wrong.append(plain("Older than: whole seconds in words such as 30 days or 12 hours; no months."))
        if self._limit is None:
            wrong.append(plain(f"In batches of: a whole number from {LEAST_LIMIT} to {MOST_LIMIT:,}."))
        return wrong

    def _told(self, count: CleanUpCount) -> list[Piece]:
        limit, with_events = self._limit or 1, self._with_events
        before = self.clock.at(count.cutoff)
        told = "{n} ended before {at}: {c} completed, {f} failed, {x} cancelled."
        by_state = {"c": f"{count.completed:,}", "f": f"{count.failed:,}", "x": f"{count.cancelled:,}"}
        said: list[Piece] = [point(say(told, n=units.plural(count.tasks, "task"), at=before, **by_state))]
        if with_events and count.events:
            events = "{n} from before then; a name that is forgotten can be emitted again."
            said.append(point(say(events, n=units.plural(count.events, "event"))))
        if with_events and count.awaited:
            said.append(point(plain(f"{count.awaited:,} of these are waited for and were never emitted.")))
        if not self._number(count):
            return [*said, point(plain("Nothing would go."))]
        number = count.batches(limit, with_events=with_events)
        batches = "1 batch" if number == 1 else f"{number:,} batches"
        takes = units.duration(count.expected_seconds(limit, with_events=with_events))
        pace = f"{batches} with rests between them: about {takes}. x stops after one."
        return [*said, point(plain(pace))]

    def _typing(self) -> list[Piece]:
        if not self._must_type:
            return [Paragraph(plain("← changes what is counted."), "muted")]
        asked = say("Type {name}, the queue's name, above to delete them; esc leaves.", name=typed_name(self.queue))
        return [Paragraph(asked)]

    def _number(self, count: CleanUpCount) -> int:
        return count.tasks + count.events * self._with_events

    def act(self) -> Choice:
        """Count first, then delete: with `y`, or with enter once the name stands there."""
        if self.counted is None:
            may = self.facts is not None and not self._is_counting and not self._wrong()
            return Choice("enter", plain("count what would go"), self.is_awake and may)
        size = self._number(self.counted)
        label = plain(f"delete {units.plural(size, 'row')}")
        if not self._must_type:
            return Choice("y", label, self.is_awake and size > 0)
        return Choice("enter", label, self.is_awake and size > 0 and self._name_field.value == typed_name(self.queue))

    def request(self) -> CleanUp:
        """Ask for what was counted."""
        count, ttl, limit = self.counted, self._ttl, self._limit
        assert count is not None
        assert ttl is not None
        assert limit is not None
        return CleanUp(
            self.queue, count.created_at, ttl, count.cutoff, limit, self._with_events, count.tasks, count.events
        )

    # how it lives

    def take_count(self, count: CleanUpCount | Refused) -> None:
        """Take what was counted, or why it was not."""
        self._is_counting = False
        if not self.is_current:
            return
        if isinstance(count, Refused):
            self._not_counted = plain(count.reason)
        elif self.facts is not None and count.created_at != self.facts.created_at:
            self._not_counted = plain("The queue was made anew since this was opened; nothing was counted.")
        else:
            self.counted = count
            self._show_fields()
            self.sleep()
        self.repaint()

    def _show_fields(self) -> None:
        """Let the fields be typed into, or only the name: what was counted was counted for what stands there."""
        is_counted = self.counted is not None
        for field in (self._ttl_field, self._limit_field, self.query_one(OneOf)):
            field.disabled = is_counted
        self._name_field.clear()
        self._name_field.set_class(not (is_counted and self._must_type), "-hidden")
        if is_counted:
            self.set_focus(self._name_field if self._must_type else None)

    def wake(self) -> None:
        """Let the fields take what is typed; what is counted keeps those it was counted by."""
        if self.counted is None:
            super().wake()
        else:
            self.repaint()

    def action_change(self) -> None:
        """Go back to the fields; what was counted counts no more."""
        if self.counted is not None and not self._must_type:
            self.counted = None
            self._show_fields()
            self._ttl_field.focus()
            self.repaint()

    def action_say_yes(self) -> None:
        """Confirm what was counted."""
        if self.counted is not None and not self._must_type:
            self.action_confirm()

    def action_confirm_typed(self) -> None:
        """Count, or confirm what was typed; alone enter deletes nothing."""
        if self.counted is None:
            self._count()
        elif self._must_type:
            self.action_confirm()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field is enter."""
        self.action_confirm_typed()

    def on_one_of_chosen(self, event: OneOf.Chosen) -> None:
        """Show what it means."""
        self.repaint()

    def _count(self) -> None:
        ttl = self._ttl
        if self.is_awake and self.act().is_enabled and not self.hindrance() and ttl is not None:
            self._is_counting, self._not_counted = True, Plain("")
            self.post_message(LookupWanted(CountOf(self, ttl)))
            self.repaint()
