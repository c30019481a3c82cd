"""A task's page: why it is where it is, its attempts over time, its facts, checkpoints, failures and documents."""

import time
from uuid import UUID

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import Key, Resize

from absurd_tui.observe.records import ReadAt, Refusal, TaskRow
from absurd_tui.observe.task_records import Attempt, Document, TaskPage
from absurd_tui.observe.task_rows import row_of
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui import markdown
from absurd_tui.ui.cells import cut_words
from absurd_tui.ui.commands import Command, Scope, bindings
from absurd_tui.ui.documents import Documents
from absurd_tui.ui.messages import DocumentWanted, PageWanted, TaskOpened
from absurd_tui.ui.screens.relating import RelatingScreen
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.block import BlockTabs
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.family_table import SHEET as FAMILY
from absurd_tui.ui.widgets.foot import KeyBar
from absurd_tui.ui.widgets.head import Header, Verdict
from absurd_tui.ui.widgets.json_view import JsonView
from absurd_tui.ui.widgets.outcomes import Outcomes
from absurd_tui.ui.widgets.record_table import RecordTable
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.steps import SHEET, Step, steps_notes, steps_of, steps_title
from absurd_tui.ui.widgets.task_blocks import (
    DocumentBar,
    FactsBlock,
    FailureBlock,
    TimelineBlock,
    note_of,
    size_of,
)
from absurd_tui.ui.widgets.task_head import TaskBar, TaskWhy
from absurd_tui.ui.widgets.too_small import TooSmall

READ_EVERY, READ_ENDED_EVERY = 1.0, 5.0
NOTE_SECONDS = 4.0
_EARLY = 0.1
READING_AFTER = 2.0
LEAST_BELOW = 7
BLOCKS = ("timeline", "facts", "steps", "failure", "document", "family")
DOCUMENT = BLOCKS.index("document") + 1
_NAMES = ("Timeline", "Facts", "Checkpoints", "Failure", "Params", "Family")


class TaskScreen(RelatingScreen):
    """The page of one task, read again and again while it is open."""

    BINDINGS = [
        *bindings(Scope.TASK, Scope.ACTING, Scope.EVERYWHERE),
        *(Binding(str(number), f"block({number})", show=False) for number in range(1, len(BLOCKS) + 1)),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (116, "-grid"), (182, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]

    def __init__(self, watch: Watch, opened: TaskOpened) -> None:
        super().__init__(watch, opened)
        row, run_id = opened.row, opened.run_id
        self._row = row
        self._read = opened.read
        self._page: TaskPage | None = None
        self._documents = Documents()
        self._trouble: tuple[Plain, Plain] | None = None
        self._is_gone = False
        self._is_asking = False
        self._asked_at = float("-inf")
        self._loading: str | None = None
        self._chosen: UUID | None = row.run_id if row is not None and row.is_retried else run_id
        self._open = 1
        self._began = time.monotonic()

    def compose(self) -> ComposeResult:
        """Put the surfaces together."""
        yield Roles()
        yield Header()
        yield Verdict()
        yield TaskWhy()
        yield TaskBar()
        yield BlockTabs()
        with Vertical(id="task-blocks"):
            yield TimelineBlock(id="timeline")
            with Horizontal(id="task-lower"):
                with Vertical(classes="task-side", id="task-left"):
                    yield FactsBlock(id="facts")
                    yield RecordTable(SHEET, id="steps", classes="block")
                    yield RecordTable(FAMILY, id="family", classes="block")
                with Vertical(classes="task-side", id="task-right"):
                    yield FailureBlock(id="failure")
                    with Vertical(id="document", classes="block"):
                        yield DocumentBar()
                        yield JsonView(id="json")
        yield KeyBar()
        yield Outcomes()
        yield TooSmall()

    def on_mount(self) -> None:
        """Begin with the timeline, and let the times run."""
        self.lay_out()
        self._focus_open()
        self.set_interval(1.0, self.repaint)

    # what the app brings

    def take_page(self, page: TaskPage | None) -> None:
        """Take the task as it was read, or None where it is no more."""
        self._is_asking = False
        if page is None:
            self._is_gone = True
            self._trouble = (
                plain("This task is no longer in the database."),
                plain("It was cleaned up, or its queue was dropped. Below is what was read last.")
                if self._page is not None
                else plain("It was cleaned up, or its queue was dropped."),
            )
        else:
            self._page, self._documents.page, self._trouble = page, page, None
            self._row, self._read = (row_of(page), page.read) if page.runs else (self._row, self._read)
        self.lay_out()

    def take_document(self, part: str, document: Document | None) -> None:
        """Take a document that was read whole, or None where it is no more."""
        self._loading = None
        if document is not None:
            self._documents.keep(part, document)
        self.repaint()

    def take_refusal(self, refusal: Refusal) -> None:
        """Take that the task could not be read, and why."""
        self._is_asking, self._loading = False, None
        word = "Refused" if refusal.remedy is not None else "Not read"
        what = say("{word}: {reason}.", word=word, reason=refusal.reason.rstrip("."))
        self._trouble = what, plain(refusal.remedy or "Tried again every few seconds.")
        self.repaint()

    def let_go(self) -> None:
        """Take that nothing was read, because something newer was asked for."""
        self._is_asking, self._loading = False, None

    # what is shown

    def repaint(self) -> None:
        """Show what is known now, and ask for more where it is time."""
        if not self.is_running:
            return
        ticks = time.monotonic()
        if not self._watch.lists(self.queue):
            gone = say("Queue {queue} no longer exists.", queue=self.queue)
            self._trouble = gone, plain("Below is what was read last." if self._page is not None else "")
        head, clock = self._watch.head(ticks), self._watch.clock(ticks)
        is_old = head.is_stale or self._trouble is not None
        self.set_class(head.is_stale, "-stale")
        self.query_one(Header).show(head)
        self.query_one(Verdict).show(head)
        trouble, last_claim = self._trouble or self._reading(ticks), self._watch.last_claim(self.queue)
        self.query_one(TaskWhy).show(self._row, clock, trouble, last_claim)
        as_of = Plain("")
        if is_old and self._page is not None and clock is not None:
            as_of = say("as of {at}", at=clock.at(self._page.now))
        self.query_one(TaskBar).show(self.queue, self.task_id, self._row, clock, as_of, self._watch.below)
        self._show_blocks(clock, as_of, is_old=is_old)
        self._show_keys()
        self._ask(ticks, is_held=head.frozen_since is not None)
        self.look_for_family(None if self._is_gone or head.frozen_since is not None else self._page, ticks)

    def _reading(self, ticks: float) -> tuple[Plain, Plain] | None:
        if self._page is not None or ticks - self._began < READING_AFTER:
            return None
        return plain("Reading this task."), Plain("")

    def _show_blocks(self, clock: Clock | None, as_of: Plain, *, is_old: bool) -> None:
        page, chosen = self._page, self._chosen_attempt
        timeline = self.query_one(TimelineBlock)
        timeline.show(page, chosen, clock, is_stale=is_old)
        facts = self.query_one(FactsBlock)
        facts.relate(self._kin.family, self._kin.refusal)
        facts.show(page, chosen, clock, is_stale=is_old)
        failure = self.query_one(FailureBlock)
        failure.show(page, chosen, clock, is_stale=is_old)
        failure.explain(self._documents.reason_of(chosen))
        self._steps.show(
            steps_of(page) if page is not None else (),
            Sight(clock) if clock is not None and page is not None else None,
            None if self._shows_one else steps_title(page, as_of if is_old else Plain("")),
            notes=steps_notes(page),
            is_stale=is_old,
        )
        self.show_family(clock, as_of if is_old else Plain(""), is_old=is_old, has_title=not self._shows_one)
        self._show_document(is_old=is_old)
        self._show_tabs()

    def _show_document(self, *, is_old: bool) -> None:
        view = self.query_one(JsonView)
        view.set_class(is_old, "-old")
        size = Plain("")
        if self._page is not None:
            document = self._documents.current()
            note = note_of(document, is_loading=self._loading == self._documents.part)
            view.show(document.text if document is not None else None, note)
            size = size_of(document)
        is_focused = view.has_focus and not self._shows_one
        names = [cut_words(name, 30) for name in self._documents.names]
        self.query_one(DocumentBar).show(names, self._documents.shown, size, is_focused=is_focused)

    def _show_tabs(self) -> None:
        names = [plain(name) for name in _NAMES]
        if self._page is not None and self._page.checkpoints:
            names[2] = plain(f"{_NAMES[2]} {len(self._page.checkpoints)}")
        if self.has_family:
            names[5] = plain(f"{_NAMES[5]} {self.family_number}")
        self.query_one(BlockTabs).show(names, self._open)

    def row_in_question(self) -> TaskRow | None:
        """Give the task of this page, unless it is no more."""
        return None if self._is_gone else self._row

    def as_markdown(self) -> str | None:
        """Write the page, as far as it was read."""
        return super().as_markdown() if self._page is None else markdown.page(self._page, self._watch.address)

    def read(self) -> ReadAt | None:
        """As soon as there is a page, its row is in question; before, the row that was opened."""
        return self._read

    def applies(self, command: Command) -> bool:
        """Say whether a command of the footer can do something now."""
        if command.action == "attempt(1)":
            return self._page is not None and len(self._page.runs) > 1
        return bool(self._loadable) if command.action == "whole" else super().applies(command)

    def _show_keys(self) -> None:
        self.query_one(Outcomes).show(self._watch.told(time.monotonic()), here=self.key)
        self.query_one(KeyBar).show(self.key_hints(Scope.TASK))

    def _ask(self, ticks: float, *, is_held: bool) -> None:
        if self._is_asking or self._is_gone or self._loading is not None:
            return
        if not self._watch.is_live or not self._watch.lists(self.queue):
            return
        is_over = self._trouble is not None or (self._page is not None and self._page.is_over)
        every = READ_ENDED_EVERY if is_over else READ_EVERY
        if ticks - self._asked_at >= every - _EARLY and not (is_held and self._page is not None):
            self._is_asking, self._asked_at = True, ticks
            self.post_message(PageWanted(self))

    # what is chosen

    @property
    def _steps(self) -> RecordTable[Step]:
        return self.query_one("#steps", RecordTable)

    @property
    def _chosen_attempt(self) -> Attempt | None:
        return self._page.attempt_shown(self._chosen) if self._page is not None else None

    @property
    def _loadable(self) -> str | None:
        return self._documents.loadable(self._chosen_attempt, reason_first=isinstance(self.focused, FailureBlock))

    @property
    def shown_part(self) -> str | None:
        """The document that is looked at, None where there is none."""
        return self._documents.shown_part(self._chosen_attempt, reason_first=isinstance(self.focused, FailureBlock))

    # layout

    @property
    def _shows_one(self) -> bool:
        return self.has_class("-narrow") or self.has_class("-low")

    def on_resize(self, event: Resize) -> None:
        """Show one block or all, as fits."""
        self.call_after_refresh(self.lay_out)

    def lay_out(self) -> None:
        """Give the blocks their places, all of them or the one that is open, and show what is known now."""
        if not self.is_running:
            return
        one = self._shows_one
        self.set_class(one, "-one")
        self.set_class(self.has_family or BLOCKS[self._open - 1] == "family", "-related")
        opened = {BLOCKS[self._open - 1]} | ({"failure"} if self._open == 1 else set())
        for name in BLOCKS:
            self.query_one(f"#{name}").set_class(name in opened, "-open")
        for side in self.query(".task-side"):
            side.set_class(any(child.id in opened for child in side.children), "-open")
        failure, timeline = self.query_one(FailureBlock), self.query_one(TimelineBlock)
        timeline.shows_title = self.query_one(FactsBlock).shows_title = not one
        failure.number, self.query_one(DocumentBar).number = ("", "") if one else ("4", "5")
        self.repaint()
        timeline.styles.height = timeline.wanted_height
        self._share_out()

    def _share_out(self) -> None:
        """Give facts and failure the lines they have, as long as the blocks under them keep room for a few."""
        facts, failure = self.query_one(FactsBlock), self.query_one(FailureBlock)
        if self._shows_one:
            facts.styles.height = failure.styles.height = self.query_one("#family").styles.height = "1fr"
            return
        head = 6 if self.has_class("-wide") else 4
        room = self.size.height - head - self.query_one(TimelineBlock).wanted_height - 4
        steps = len(self._page.checkpoints) if self._page is not None else 0
        family = self.family_height if self.has_class("-related") else 0
        self.query_one("#family").styles.height = family - 1
        below = max(LEAST_BELOW, min(steps + 1, (room - family) // 2)) + family
        wanted = max(facts.wanted_height, failure.wanted_height)
        facts.styles.height = failure.styles.height = max(LEAST_BELOW, min(wanted, room - below))

    def _focus_open(self) -> None:
        name = BLOCKS[self._open - 1]
        self.set_focus(self.query_one("#json" if name == "document" else f"#{name}"))

    # what the user does

    def on_key(self, event: Key) -> None:
        """Take away what was said about the key before, and take every checkpoint here as seen."""
        self.query_one(TaskWhy).note(Plain(""))
        self._steps.mark_known()

    def on_descendant_focus(self) -> None:
        """The block with the focus is the open one."""
        around = self.focused.ancestors_with_self if self.focused is not None else ()
        name = next((one.id for one in around if one.id in BLOCKS), None)
        if name is not None and not (self._open == 1 and name == "failure"):
            self._open = BLOCKS.index(name) + 1
        self.lay_out()

    def on_block_tabs_picked(self, event: BlockTabs.Picked) -> None:
        """Open the block whose tab was clicked."""
        self.action_block(event.number)

    def on_timeline_block_picked(self, event: TimelineBlock.Picked) -> None:
        """Choose an attempt."""
        if event.run_id is not None:
            self._chosen = event.run_id
            self.repaint()
        else:
            self.action_attempt(event.by)

    def on_record_table_chosen(self, event: RecordTable.Chosen) -> None:
        """Show the state of the checkpoint under the cursor."""
        step = event.record
        if isinstance(step, Step):
            self._documents.show_step(step.row.checkpoint_name)
            if self._loadable == self._documents.part:
                self.action_whole()
            self.action_block(DOCUMENT)

    def action_block(self, number: int) -> None:
        """Go to a block by its number."""
        self._open = int(number)
        self.lay_out()
        self._focus_open()

    def action_attempt(self, by: int) -> None:
        """Choose the attempt before or after."""
        chosen = self._chosen_attempt
        if self._page is None or chosen is None:
            return
        runs = self._page.runs
        at = max(0, min(len(runs) - 1, runs.index(chosen) + int(by)))
        self._chosen = runs[at].run_id
        self.query_one(FailureBlock).to_top()
        self.repaint()

    def action_document(self) -> None:
        """Turn to the next document."""
        self._documents.turn()
        if self._shows_one and self._open != DOCUMENT:
            self.action_block(DOCUMENT)
        self.repaint()

    def action_whole(self) -> None:
        """Load what was too large to come with the page."""
        part = self._loadable
        if self._loading is not None:
            self.say(plain("load whole: still loading."))
        elif part is None:
            self.say(plain("load whole: all of it that can be shown is here."))
        elif not self._watch.is_live:
            self.say(plain("load whole: there is no connection."))
        else:
            self._loading = part
            self.post_message(DocumentWanted(self, part))
            self.repaint()

    def say(self, said: Plain) -> None:
        """Say something in place of the second sentence for a few seconds."""
        line = self.query_one(TaskWhy)
        line.note(said)
        self.hush_after(NOTE_SECONDS, lambda: line.note(Plain("")))
