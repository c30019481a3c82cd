"""Spawn a task: a form that is read while it is typed, and sends nothing that would not be taken."""

import time
from collections.abc import Sequence
from dataclasses import replace

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import DescendantBlur
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from absurd_tui import units
from absurd_tui.observe.task_records import KeyHolder
from absurd_tui.observe.why import Clock
from absurd_tui.operations.requests import SpawnTask
from absurd_tui.operations.spawn import fresh_key
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import cut_end
from absurd_tui.ui.content import assemble, content
from absurd_tui.ui.dialogs.dormant import DEAD_SECONDS, DormantDialog
from absurd_tui.ui.dialogs.spawn_before import SentBefore
from absurd_tui.ui.dialogs.spawn_draft import Checked, Part, Retry, SpawnDraft, check, key_note
from absurd_tui.ui.dialogs.spawn_fields import FieldNote, OneLine, ParamsEditor, RetryChoice
from absurd_tui.ui.dialogs.spawn_key import KeyLook
from absurd_tui.ui.dialogs.spawn_keys import SpawnKeys
from absurd_tui.ui.dialogs.spawn_offer import Newest, Offer, laid_out
from absurd_tui.ui.dialogs.spawn_seed import SpawnSeed, begin
from absurd_tui.ui.dialogs.spawn_side import SpawnSide
from absurd_tui.ui.dialogs.text import Choice, DialogText, Paragraph
from absurd_tui.ui.messages import HolderWanted, ParamsWanted
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

CHECK_SECONDS = 0.3
_NAME_SHOWN = 30


class SpawnDialog(DormantDialog[SpawnTask | None]):
    """The form. It gives the request when it is sent with ctrl+s, or None when it is discarded."""

    BINDINGS = [
        Binding("escape", "discard", show=False, priority=True),
        Binding("ctrl+s", "spawn", show=False, priority=True),
        Binding("f6", "turn", show=False, priority=True),
        Binding("f3", "before", show=False, priority=True),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (116, "-grid")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]
    AUTO_FOCUS = ""

    def __init__(self, watch: Watch, seed: SpawnSeed, clock: Clock) -> None:
        super().__init__()
        self._watch = watch
        self._seed = seed
        self._seen = clock
        self._pressed = time.monotonic()
        self._first = begin(seed, fresh_key())
        self._initial = self._first
        self._checked = check(self._first)
        self._look: KeyLook | None = None
        self._offer = Offer(seed.queue, seed.task_name, seed.newest)
        self._before = SentBefore(watch.history)
        self._timer: Timer | None = None
        self._untold = frozenset(part for part in self._checked.errors if not self._first.text(part))
        self._asked_to_spawn = False
        self._asked_to_discard = False
        self._hinted: dict[str, Plain] = {}

    def compose(self) -> ComposeResult:
        """Put the form together."""
        yield Roles()
        with Vertical(id="spawn") as box:
            box.border_title = content(
                plain("Spawn a copy" if self._seed.is_copy else "Spawn task"), "bold $text-strong"
            )
            badge = plain("  PRODUCTION" if self._watch.is_production else "")
            box.border_subtitle = assemble((plain(self._watch.address), "$text-muted"), (badge, "bold"))
            with Horizontal(id="spawn-body"):
                with VerticalScroll(id="spawn-form", can_focus=False):
                    yield from self._fields()
                yield SpawnSide()
            yield DialogText(id="spawn-status")
            yield SpawnKeys()
        yield TooSmall()

    def _fields(self) -> ComposeResult:
        yield _row("queue", self._line(Part.QUEUE, self._seed.queues), _hint("queue"))
        yield FieldNote(Part.QUEUE)
        yield _row("task name", self._line(Part.TASK_NAME, self._names_in(self._seed.queue)), _hint("task-name"))
        yield FieldNote(Part.TASK_NAME)
        yield _row("params", _hint("params"), classes="-apart")
        yield ParamsEditor(self._first.params)
        yield FieldNote(Part.PARAMS)
        yield _row("headers", self._line(Part.HEADERS), classes="-apart -last")
        yield FieldNote(Part.HEADERS)
        yield _row("max attempts", self._line(Part.MAX_ATTEMPTS), _word("empty: no limit"))
        yield FieldNote(Part.MAX_ATTEMPTS)
        yield _row("retry", RetryChoice(self._first.retry))
        grows = (_word("factor"), self._line(Part.FACTOR), _word("most"), self._line(Part.MOST), _word("s"))
        for widget in grows:
            widget.add_class("spawn-growing")
        yield _row("", _word("base", "-first"), self._line(Part.BASE), _word("s"), *grows, classes="spawn-times")
        yield FieldNote(Part.RETRY, Part.BASE, Part.FACTOR, Part.MOST)
        limits = (self._line(Part.MAX_DURATION), _word("s  not started in"), self._line(Part.MAX_DELAY))
        yield _row("cancel if", _word("runs over", "-first"), *limits)
        yield FieldNote(Part.MAX_DURATION, Part.MAX_DELAY)
        yield _row("idempotency key", self._line(Part.KEY), classes="-apart")
        yield _row("", _hint("key"))
        yield FieldNote(Part.KEY)
        yield _row("how many", self._line(Part.COUNT), _word("1 to 1,000, all at once"))
        yield FieldNote(Part.COUNT)

    def _line(self, part: Part, known: Sequence[str] = ()) -> OneLine:
        return OneLine(part, self._first.text(part), known)

    def on_mount(self) -> None:
        """Show it."""
        self._initial = self.draft
        self._check()
        self.set_interval(1.0, self.repaint)

    def on_resize(self) -> None:
        """Show what fits."""
        self.call_after_refresh(self.repaint)

    def wake(self) -> None:
        """Begin in the first field that is asked for, unless one was chosen already."""
        first = Part.TASK_NAME if not self._first.task_name else Part.PARAMS
        if self.focused is None:
            self.query_one(f"#spawn-{first}").focus()
        self.repaint()

    @property
    def draft(self) -> SpawnDraft:
        """The texts of the form as they stand."""
        lines = {field.part.value: field.value for field in self.query(OneLine)}
        editor, choice = self.query_one(ParamsEditor), self.query_one(RetryChoice)
        return replace(self._first, **lines, params=editor.text, retry=choice.chosen)

    @property
    def clock(self) -> Clock:
        """The database's clock now."""
        return self._watch.newest_clock(time.monotonic()) or self._seen

    # what is typed

    def on_input_changed(self, event: Input.Changed) -> None:
        """Read the form again in a moment; another queue has other names, and another name other params."""
        self._touched()
        if not isinstance(event.input, OneLine):
            return
        if event.input.value:
            self._untold -= {event.input.part}
        if event.input.part in (Part.QUEUE, Part.TASK_NAME):
            self.query_one(f"#spawn-{Part.TASK_NAME}", OneLine).offer(self._names_in(self.draft.queue))
            self._offer_params()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """Say what is wrong with a field that was left; until then an empty one is only not filled in yet."""
        if isinstance(event.widget, OneLine) and event.widget.part in self._untold and self.is_current:
            self._untold -= {event.widget.part}
            self.repaint()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Read the form again in a moment."""
        self._touched()

    def on_retry_choice_chosen(self, event: RetryChoice.Chosen) -> None:
        """Read the form again now: nothing is being typed."""
        self._touched()
        self._check()

    def _touched(self) -> None:
        if self._asked_to_spawn or self._asked_to_discard:
            self._asked_to_spawn = self._asked_to_discard = False
            self.repaint()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(CHECK_SECONDS, self._check)

    def _check(self) -> None:
        snapshot = self._watch.snapshot
        now = [reading.name for reading in snapshot.queues] if snapshot is not None else []
        known = {*self._seed.queues, *now}
        self._checked = check(self.draft, tuple(known))
        self._look_for_holder()
        self.repaint()

    # the params that are offered while none are typed

    def _names_in(self, queue: str) -> tuple[str, ...]:
        return self._seed.task_names.get(queue, ())

    def _offer_params(self) -> None:
        draft = self.draft
        if not self._has_own_params and not self._offer.is_for(draft.queue, draft.task_name):
            self._put(Offer(draft.queue, draft.task_name, is_awaited=bool(draft.task_name)))
            if self._offer.is_awaited:
                self.post_message(ParamsWanted(self, draft.queue, draft.task_name))

    def awaits(self, queue: str, task_name: str) -> bool:
        """Whether the params of the newest task of a queue and name are wanted."""
        return self.is_running and self._awaits_params and self._offer.is_for(queue, task_name)

    def take_newest(self, queue: str, task_name: str, newest: Newest | None) -> None:
        """Take the newest task of a queue and name, unless that comes too late."""
        if self.awaits(queue, task_name):
            self._put(replace(self._offer, newest=newest, is_awaited=False))

    def _put(self, offer: Offer) -> None:
        self._offer, editor = offer, self.query_one(ParamsEditor)
        editor.put(offer.params)
        self._initial = replace(self._initial, params=editor.text)
        self.repaint()

    @property
    def _has_own_params(self) -> bool:
        return self._seed.is_copy or self.query_one(ParamsEditor).is_typed

    @property
    def _awaits_params(self) -> bool:
        return self._offer.is_awaited and not self._has_own_params

    # the task that has the key that was typed

    def _look_for_holder(self) -> None:
        draft, errors = self.draft, self._checked.errors
        is_looked_for = draft.key not in ("", self._first.key) and self._checked.count == 1
        if not is_looked_for or errors.keys() & {Part.QUEUE, Part.KEY, Part.COUNT}:
            self._look = None
        elif self._look is None or not self._look.is_for(draft.queue, draft.key):
            self._look = KeyLook(draft.queue, draft.key)
            self.post_message(HolderWanted(self, draft.queue, draft.key))

    def _told_of_key(self, draft: SpawnDraft) -> dict[Part, Plain]:
        """Say which task has the key; that the key holds what cannot be shown matters less then."""
        look = self._look
        return {Part.KEY: look.told} if look is not None and look.told and look.is_for(draft.queue, draft.key) else {}

    def awaits_holder(self, queue: str, key: str) -> bool:
        """Whether the task of a queue that has a key is looked for."""
        look = self._look
        return self.is_running and look is not None and look.is_awaited and look.is_for(queue, key)

    def take_holder(self, queue: str, key: str, holder: KeyHolder | None) -> None:
        """Take the task of a queue that has a key, unless that comes too late."""
        if self._look is not None and self.awaits_holder(queue, key):
            self._look = replace(self._look, holder=holder, is_awaited=False)
            self.repaint()

    # what is shown

    def repaint(self) -> None:
        """Show what the form amounts to."""
        draft, checked = self.draft, self._checked
        told = {part: wrong for part, wrong in checked.errors.items() if part not in self._untold}
        warnings = {**checked.warnings, **self._told_of_key(draft)}
        for note in self.query(FieldNote):
            note.tell(
                [told[part].text for part in note.parts if part in told],
                [warnings[part] for part in note.parts if part in warnings],
            )
        for field in self.query(OneLine):
            field.set_class(field.part in told, "-wrong")
        self.set_class(draft.retry == Retry.FIXED, "-fixed")
        self.set_class(draft.retry == Retry.EXPONENTIAL, "-exponential")
        hints = self._hints(draft, checked)
        for name, said in hints.items():
            if self._hinted.get(name) != said:
                self.query_one(f"#spawn-hint-{name}", Static).update(content(said))
        self._hinted = hints
        self.query_one(SpawnSide).show(draft.queue, draft.task_name, checked.options, checked.count, self.clock)
        self.query_one("#spawn-status", DialogText).show([self._status(checked, len(told))])
        self.query_one(SpawnKeys).show(self._keys(), self._act(draft, checked))

    def _hints(self, draft: SpawnDraft, checked: Checked) -> dict[str, Plain]:
        seed, names = self._seed, self._names_in(draft.queue)
        known = "known" if draft.task_name in names else units.plural(len(names), "name") if names else ""
        return {
            "queue": plain(f"{units.plural(len(seed.queues), 'queue')}, ↑ ↓" if seed.queues else ""),
            "task-name": plain(f"{known}, ↑ ↓" if known else ""),
            "params": self._origin(),
            "key": key_note(draft, checked.count) if draft.key else Plain(""),
        }

    def _origin(self) -> Plain:
        """Say whose the params are."""
        editor, name = self.query_one(ParamsEditor), self.draft.task_name
        if told := self._before.told(name, editor.text, self.clock):
            return told
        if editor.is_typed:
            return plain("JSON, as typed")
        return plain("JSON, of the task that is copied") if self._seed.is_copy else self._offer.told(self.clock)

    def action_before(self) -> None:
        """Put in what was spawned before from here under this name, and at last what the form offers by itself."""
        sent, editor = self._before.turn(self.draft.task_name), self.query_one(ParamsEditor)
        offered = laid_out(self._seed.params) if self._seed.is_copy else self._offer.params
        editor.put(laid_out(sent.params) if sent is not None else offered)
        editor.is_typed = sent is not None
        self.repaint()

    def _status(self, checked: Checked, errors: int) -> Paragraph:
        if self._asked_to_discard:
            return Paragraph(plain("esc once more discards what was typed."), "caution")
        if self._asked_to_spawn:
            return Paragraph(plain("Limit 0: ctrl+s once more spawns it."), "caution")
        if self._awaits_params and not checked.errors:
            return Paragraph(plain("The params are being read."), "muted")
        return Paragraph(plain(f"Not sent: {units.plural(errors, 'error')}.") if errors else Plain(""), "alarm")

    def _keys(self) -> list[Choice]:
        discard = Choice("esc", plain("discard"))
        if not self.is_folded:
            return [discard, Choice("tab", plain("next field")), *self._before.keys(self.draft.task_name)]
        return [discard, Choice("f6", plain("the form" if self.has_class("-turned") else "what is sent"))]

    def _act(self, draft: SpawnDraft, checked: Checked) -> Choice:
        times = f"{checked.count:,} × " if checked.count > 1 else ""
        what = cut_end(say("{times}{name}", times=times, name=draft.task_name.strip() or "task"), _NAME_SHOWN)
        return Choice("ctrl+s", plain("spawn ") + what, self._is_ready)

    @property
    def _is_ready(self) -> bool:
        return self.is_awake and self._checked.request is not None and not self._awaits_params

    @property
    def is_folded(self) -> bool:
        """Whether there is no room for both sides."""
        return self.has_class("-narrow") or self.has_class("-low")

    # what is pressed

    def action_turn(self) -> None:
        """Turn to the other side, where both have no room."""
        if self.is_folded:
            self.toggle_class("-turned")
            self.call_after_refresh(self.repaint)

    def action_discard(self) -> None:
        """Leave without spawning; if something was typed, the key is asked for once more."""
        is_held = self._is_held()
        if self._asked_to_discard and is_held:
            return
        if self._asked_to_discard or self.draft == self._initial:
            self.dismiss(None)
            return
        self._asked_to_discard = True
        self.repaint()

    def action_spawn(self) -> None:
        """Send the form if nothing is wrong with it; a limit of 0 is asked again. A held key does not count as two."""
        is_held = self._is_held()
        if not self.is_awake or (self._asked_to_spawn and is_held):
            return
        self._asked_to_discard = False
        self._untold = frozenset()
        self._check()
        if self._checked.request is None:
            part, wrong = next(iter(self._checked.errors.items()))
            self._go_to(part, wrong.place)
        elif self._awaits_params:
            self.repaint()
        elif self._checked.doom and not self._asked_to_spawn:
            self._asked_to_spawn = True
            self._go_to(Part.MAX_DELAY)
            self.repaint()
        else:
            self.dismiss(self._checked.request)

    def _is_held(self) -> bool:
        """Whether this press of a key that asks once more came so soon that it may be a repeat."""
        before, self._pressed = self._pressed, time.monotonic()
        return self._pressed - before < DEAD_SECONDS

    def _go_to(self, part: Part, place: tuple[int, int] | None = None) -> None:
        self.remove_class("-turned")
        field = self.query_one(f"#spawn-{part}")
        field.focus()
        if place is not None and isinstance(field, ParamsEditor):
            field.point_at(place)


def _row(label: str, *fields: Widget, classes: str = "") -> Horizontal:
    name = Static(content(plain(label)), classes="spawn-label")
    return Horizontal(name, *fields, classes=f"spawn-row {classes}")


def _word(text: str, classes: str = "") -> Static:
    return Static(content(plain(text)), classes=f"spawn-word {classes}")


def _hint(name: str) -> Static:
    return Static(id=f"spawn-hint-{name}", classes="spawn-word")
