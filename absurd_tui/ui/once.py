"""One frame of the dashboard as lines of text, from the same records and in the same words as on the screen."""

from collections.abc import Iterator, Sequence

from absurd_tui import __version__, units
from absurd_tui.observe.diagnosis import findings
from absurd_tui.observe.quiet import all_is_well, unreadable
from absurd_tui.observe.records import Link, LinkState, Snapshot, State
from absurd_tui.observe.verdict import Settled
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, filter_terminal, plain, say, to_ascii
from absurd_tui.ui.content import Span
from absurd_tui.ui.watch import remedies_of
from absurd_tui.ui.widgets.columns import Sight, label_spans, row_spans, widths
from absurd_tui.ui.widgets.head import HeadState, badges
from absurd_tui.ui.widgets.lines import blank, width_of
from absurd_tui.ui.widgets.panel_columns import panel_columns
from absurd_tui.ui.widgets.panel_faces import notes, rows_of, title
from absurd_tui.ui.widgets.queue_strip import SHEET, queue_rows, strip_spans

ROWS = 10
"""So many tasks of each panel are written."""

LEAST_WIDTH = 60
_LABEL = 10


def frame(
    snapshot: Snapshot, *, queue: str | None, width: int, utc: bool, is_ascii: bool, is_production: bool
) -> list[str]:
    """Write a snapshot: where it is from, the verdict, the queues, the panels, and the GRANTs that lack."""
    clock = Clock(snapshot.now, utc)
    sight = Sight(clock, shows_queue=queue is None, is_ascii=is_ascii)
    width = max(LEAST_WIDTH, width)
    made: list[Sequence[Span]] = [_head(snapshot, clock, is_production=is_production), (), *_verdict(snapshot), ()]
    made += _queues(snapshot, queue, sight, width)
    for state in State:
        made += [(), *_panel(state, snapshot, queue, sight, width)]
    if remedies := remedies_of(snapshot):
        made += [(), ((plain(" A database owner can allow what was refused:"), ""),)]
        made += [((blank(1), ""), (remedy, "")) for remedy in remedies]
    lines = (filter_terminal("".join(text.text for text, _ in spans)).rstrip() for spans in made)
    return [to_ascii(line) if is_ascii else line for line in lines]


def _head(snapshot: Snapshot, clock: Clock, *, is_production: bool) -> Sequence[Span]:
    server = snapshot.server
    link = Link(LinkState.LIVE, snapshot.taken)
    state = HeadState(server.address, link, clock, snapshot.taken, snapshot, is_production=is_production)
    parts = [plain(f"absurd-tui {__version__}"), *(plain(word.text.strip()) for word, _ in badges(state))]
    parts += [plain(server.address), say("PG {version}", version=server.version.split()[0])]
    if server.absurd_version is not None:
        parts.append(say("Absurd {version}", version=server.absurd_version))
    parts += [say("as of {at}", at=units.iso(float(int(snapshot.now)))), say("times in {zone}", zone=clock.zone)]
    return [span for part in parts for span in ((blank(1), ""), (part, ""), (blank(1), ""))]


def _verdict(snapshot: Snapshot) -> Iterator[Sequence[Span]]:
    found = findings(snapshot)
    refusals = {reading.name: reading.refusal for reading in snapshot.queues if reading.refusal is not None}
    if (unread := unreadable(snapshot)) is not None:
        reason = next((plain(refusal.reason) for refusal in refusals.values()), Plain(""))
        yield from _said("UNKNOWN", unread[0], reason)
    elif not found:
        yield from _said("OK", all_is_well(snapshot), Plain(""))
    else:
        for finding in found:
            refusal = refusals.get(finding.queue)
            then = plain(refusal.reason) if refusal is not None else finding.then
            yield from _said(finding.level.name, finding.what, then)


def _said(word: str, what: Plain, then: Plain) -> Iterator[Sequence[Span]]:
    yield (plain(word.center(_LABEL)), ""), (blank(2), ""), (what, "")
    if then:
        yield (blank(_LABEL + 2), ""), (then, "")


def _queues(snapshot: Snapshot, queue: str | None, sight: Sight, width: int) -> Iterator[Sequence[Span]]:
    columns = SHEET.columns(width, sight.shows_queue)
    shares = widths(columns, width)
    name: list[Span] = [(plain(" Queues  "), ""), (plain(units.count(len(snapshot.queues))), "")]
    yield [*name, *label_spans(columns, shares, width_of(name))]
    for row in queue_rows(snapshot, Settled(findings(snapshot)), queue):
        yield strip_spans(row, columns, shares, sight, width)


def _panel(state: State, snapshot: Snapshot, queue: str | None, sight: Sight, width: int) -> Iterator[Sequence[Span]]:
    columns = panel_columns(state, width, sight.shows_queue)
    shares = widths(columns, width)
    told = title(state, snapshot, queue, Plain(""))
    named: list[Span] = [(blank(1), ""), (told.glyph, ""), (blank(1), ""), (told.name, "")]
    for part in (told.count, told.alert):
        named += [(blank(2), ""), (part, "")] if part else []
    yield [*named, *label_spans(columns, shares, width_of(named))]
    rows = rows_of(state, snapshot, queue)
    for row in rows[:ROWS]:
        yield row_spans(columns, shares, row, sight)
    if len(rows) > ROWS:
        yield ((plain(f" …and more, the first {ROWS} are above"), ""),)
    for note in notes(state, snapshot, queue, is_read_again=False) if not rows else ():
        if note:
            yield (blank(1), ""), (note, "")
