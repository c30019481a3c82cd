"""What is on the screen explained, and the keys that count there, from the table of commands."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from absurd_tui.observe.records import Refusal
from absurd_tui.text import Plain, plain
from absurd_tui.ui.cells import cut_middle, fit
from absurd_tui.ui.cells import width as cells_of
from absurd_tui.ui.commands import COMMANDS, Command, Scope
from absurd_tui.ui.content import assemble
from absurd_tui.ui.dialogs.text import BLANK, DialogText, Paragraph, Piece
from absurd_tui.ui.explaining import Explained
from absurd_tui.ui.widgets.badges import SIGNS
from absurd_tui.ui.widgets.lines import blank
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

_MOVES = (
    ("↑ ↓ j k", "the row before, the next row"),
    ("pgup pgdn", "a screen of rows up, down"),
    ("home end", "the first row, the last of all"),
    ("tab", "the next panel, table or block"),
    ("ctrl+p", "find a command by its words; themes"),
)
_OWN_MOVES: Mapping[Scope, tuple[tuple[str, str], ...]] = {
    Scope.DASHBOARD: (
        ("1 … 6", "a panel; home there follows its first rows live"),
        ("0", "the queues; enter chooses one"),
        ("esc", "let the cursor go: panels follow their newest rows"),
    ),
    Scope.TASK: (("1 … 6", "a block"),),
}
_DOCUMENT = (
    ("enter", "fold or unfold what the line begins, or is in"),
    ("- +", "fold all, unfold all"),
    ("f . ,", "look for a text; the next line that has it, the one before"),
    ("y p", "copy the value, copy its path"),
    ("shift+← →", "the rest of long lines"),
)
_WITH_DOCUMENT = frozenset({Scope.TASK, Scope.PAYLOAD})
_BEFORE, _BOTH = "←", "← →"
_MOST_REMEDIES = _MOST_UNREAD = 5
_QUEUE_CELLS = 24
_KEYS_CELLS = 13
_OWN_TITLES = {
    Scope.DASHBOARD: "Dashboard",
    Scope.TASK: "Task page",
    Scope.ACTIVITY: "Activity",
    Scope.FOUND: "Found tasks",
    Scope.FINDINGS: "Findings",
    Scope.WORKERS: "Workers",
    Scope.EVENTS: "Events",
    Scope.EVENT: "An event",
    Scope.PAYLOAD: "A payload",
    Scope.QUEUES: "Queues",
    Scope.FAILURES: "Failure groups",
    Scope.ACTING: "On a task",
    Scope.MANAGING: "On a queue",
}
"""What belongs to some screens only, a screen's own keys first."""


class Help(ModalScreen[None]):
    """What is on the screen explained, then the keys of the screen below, over whatever is there."""

    BINDINGS = [Binding("escape,q,question_mark,enter", "dismiss", show=False)]

    def __init__(
        self,
        scopes: Collection[Scope],
        explained: Sequence[Explained] = (),
        remedies: Sequence[Plain] = (),
        unread: Sequence[tuple[str, Refusal]] = (),
    ) -> None:
        super().__init__()
        self._scopes = scopes
        self._explained = explained
        self._remedies = remedies
        self._unread = unread

    def compose(self) -> ComposeResult:
        """Make room for all of it."""
        with VerticalScroll(id="help") as box:
            box.border_title = assemble((plain("Keys"), "bold"))
            yield DialogText(id="help-text")
        yield Roles()
        yield TooSmall()

    def on_mount(self) -> None:
        """Explain what is shown, tell what was refused and what would allow it, then the keys and the badges."""
        pieces = _explaining(self._explained[:1])
        pieces += _not_read(self._unread) if self._unread else []
        pieces += _allowing(self._remedies) if self._remedies else []
        pieces += _keys_of(self._scopes)
        pieces += _explaining(self._explained[1:])
        self.query_one(DialogText).show([*pieces, *_section("Signs", SIGNS)])


def _explaining(explained: Sequence[Explained]) -> list[Piece]:
    pieces: list[Piece] = []
    for one in explained:
        word = one.word + blank(1)
        if one.about:
            pieces += [Paragraph(one.about, "bold", word, "strong", keeps_words=True), _words(one.means)]
        else:
            pieces.append(Paragraph(one.means, "", word, "strong", keeps_words=True))
        pieces.append(BLANK)
    return pieces


def _words(text: Plain, role: str = "") -> Paragraph:
    return Paragraph(text, role, keeps_words=True)


def _not_read(unread: Sequence[tuple[str, Refusal]]) -> list[Piece]:
    return [
        _words(plain("Not read here:"), "strong"),
        *(
            Paragraph(plain(why.reason), "", blank(2) + cut_middle(plain(queue), _QUEUE_CELLS), "", keeps_words=True)
            for queue, why in unread[:_MOST_UNREAD]
        ),
        *_more(len(unread) - _MOST_UNREAD),
        BLANK,
    ]


def _more(number: int) -> list[Piece]:
    return [_words(plain(f"and {number} more like these"), "muted")] if number > 0 else []


def _allowing(remedies: Sequence[Plain]) -> list[Piece]:
    return [
        _words(plain("A database owner can allow it:"), "strong"),
        *(Paragraph(remedy, "", blank(1), keeps_words=True) for remedy in remedies[:_MOST_REMEDIES]),
        *_more(len(remedies) - _MOST_REMEDIES),
        BLANK,
    ]


def _keys_of(scopes: Collection[Scope]) -> list[Piece]:
    pieces: list[Piece] = []
    for scope, title in _OWN_TITLES.items():
        if scope in scopes:
            pieces += _section(title, (*_rows(scope), *_OWN_MOVES.get(scope, ())))
    if not _WITH_DOCUMENT.isdisjoint(scopes):
        pieces += _section("In a JSON document", _DOCUMENT)
    return [*pieces, *_section("Moving", _MOVES), *_section("Everywhere", _rows(Scope.EVERYWHERE))]


def _rows(scope: Scope) -> Iterable[tuple[str, str]]:
    """Give the keys of a scope with what they do; two arrows share a row."""
    told = {_keys(command): command.help for command in COMMANDS if command.scope is scope}
    if before := told.pop(_BEFORE, ""):
        told[_BOTH] = f"{before}; {told[_BOTH]}"
    return told.items()


def _keys(command: Command) -> str:
    return command.shown or command.keys.replace(",", " ") or f":{command.word}"


def _section(title: str, rows: Iterable[tuple[str, str]]) -> list[Piece]:
    pieces: list[Piece] = [_words(plain(title), "strong")]
    for keys, told in rows:
        cells = max(_KEYS_CELLS, cells_of(plain(keys)) + 3)
        pieces.append(Paragraph(plain(told), "", fit(plain(f"  {keys}"), cells), "running", keeps_words=True))
    return [*pieces, BLANK]
