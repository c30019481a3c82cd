"""What the badges on the screen mean, and all keys, from the table of commands."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from absurd_tui.text import Plain, plain
from absurd_tui.ui.cells import fit
from absurd_tui.ui.cells import width as cells_of
from absurd_tui.ui.commands import COMMANDS, Command, Scope
from absurd_tui.ui.content import Span, assemble
from absurd_tui.ui.explaining import Explained
from absurd_tui.ui.widgets.badges import SIGNS
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

_MOVES = (
    ("↑ ↓ j k", "the row before, the next row"),
    ("pgup pgdn", "a screen of rows up, down"),
    ("home end", "the first rows, which are followed live; the last row of all"),
    ("1 … 6", "a panel; on a task page its blocks"),
    ("0", "the queues; enter chooses one"),
    ("tab", "the next panel"),
    ("esc", "let the cursor go: panels follow their newest rows"),
    ("ctrl+p", "find a command by its words; themes"),
)
_DOCUMENT = (
    ("enter", "fold or unfold what the line begins, or is in"),
    ("- +", "fold all, unfold all"),
    ("f . ,", "look for a text; the next line that has it, the one before"),
    ("y p", "copy the value, copy its path"),
    ("shift+← →", "the rest of long lines"),
)
_MOST_REMEDIES = 5
_TITLES = {
    Scope.DASHBOARD: "Dashboard",
    Scope.TASK: "Task page",
    Scope.ACTING: "On a task",
    Scope.MANAGING: "On a queue",
    Scope.ACTIVITY: "Activity",
    Scope.FOUND: "Found tasks",
    Scope.FINDINGS: "Findings",
    Scope.WORKERS: "Workers",
    Scope.EVENTS: "Events",
    Scope.EVENT: "An event",
    Scope.PAYLOAD: "A payload",
    Scope.QUEUES: "Queues",
    Scope.FAILURES: "Failure groups",
    Scope.EVERYWHERE: "Everywhere",
}


class Help(ModalScreen[None]):
    """What is on the screen explained, then the keys, over whatever is there."""

    BINDINGS = [Binding("escape,q,question_mark,enter", "dismiss", show=False)]

    def __init__(self, explained: Sequence[Explained] = (), remedies: Sequence[Plain] = ()) -> None:
        super().__init__()
        self._explained = explained
        self._remedies = remedies

    def compose(self) -> ComposeResult:
        """Write one line a key; above them what is shown, and the statements that would allow what was refused."""
        with VerticalScroll(id="help") as box:
            box.border_title = assemble((plain("Keys"), "bold"))
            spans = _explaining(self._explained[:1])
            spans += _allowing(self._remedies) if self._remedies else []
            spans += _explaining(self._explained[1:])
            yield Static(assemble(*spans, *_lines()))
        yield Roles()
        yield TooSmall()


def _explaining(explained: Sequence[Explained]) -> list[Span]:
    spans: list[Span] = []
    for one in explained:
        about = one.about + _END if one.about else Plain("")
        spans += [
            (one.word + plain("  "), "bold $text-strong"),
            (about, "bold"),
            (one.means, ""),
            (_END, ""),
            (_END, ""),
        ]
    return spans


def _allowing(remedies: Sequence[Plain]) -> list[Span]:
    spans: list[Span] = [(plain("A database owner can allow it:"), "bold $text-strong"), (_END, "")]
    for remedy in remedies[:_MOST_REMEDIES]:
        spans += [(remedy, ""), (_END, "")]
    if len(remedies) > _MOST_REMEDIES:
        spans += [(plain(f"and {len(remedies) - _MOST_REMEDIES} more like these"), "$text-muted"), (_END, "")]
    return [*spans, (_END, "")]


def _lines() -> list[Span]:
    spans = _section("Moving", _MOVES)
    for scope, title in _TITLES.items():
        if scope is Scope.ACTIVITY:
            spans += _section("In a JSON document", _DOCUMENT)
        spans += _section(title, [(_keys(command), command.help) for command in COMMANDS if command.scope is scope])
    return spans + _section("Signs", SIGNS)


def _keys(command: Command) -> str:
    return command.shown or command.keys.replace(",", " ") or f":{command.word}"


def _section(title: str, rows: "tuple[tuple[str, str], ...] | list[tuple[str, str]]") -> list[Span]:
    spans: list[Span] = [(plain(title), "bold $text-strong"), (_END, "")]
    for keys, told in rows:
        cells = max(14, cells_of(plain(keys)) + 4)
        spans += [(fit(plain(f"  {keys}"), cells), "$state-running"), (plain(told), ""), (_END, "")]
    return [*spans, (_END, "")]


_END = Plain("\n")
