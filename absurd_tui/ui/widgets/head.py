"""The header and the verdict: where we are, how the connection is, and what is wrong, worst first."""

from collections.abc import Sequence
from dataclasses import dataclass

from absurd_tui import units
from absurd_tui.observe.finding import Finding, Level
from absurd_tui.observe.quiet import all_is_well, unreadable
from absurd_tui.observe.records import Link, LinkState, Server, Snapshot
from absurd_tui.observe.verdict import Settled
from absurd_tui.observe.versions import KNOWN, is_newer
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import cut_end, cut_middle, cut_words
from absurd_tui.ui.cells import width as cells_of
from absurd_tui.ui.content import Span
from absurd_tui.ui.widgets.badges import Badge
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit, spread, trail_of, width_of

_MIDDLE, _WIDE = 116, 182
_LABEL = 10
_TEXT_AT = 12
_LEAST_HOST = 3
_VERSION = 20
_LATE = 5.0
_NOTICED = 1.0
"""Seconds between readings below which it is no matter that they are more than was asked for."""
_NO_CONNECTION = "No connection to {address} for {age}."
_NO_ANSWER = "No answer from the database for {age}. Everything below is from {at}."
_NOTHING_READ = "Nothing was read for {age}. Everything below is from {at}."
_MINUTES, _SECONDS = len("14:03"), len("14:03:27")


@dataclass(frozen=True, slots=True)
class HeadState:
    """What the header and the verdict are made from.

    `ticks` is the client's monotonic clock, `clock` the database's. `address` is raw. `trail` leads to the screen that
    is open; it stands in the program's place.
    """

    address: str
    link: Link
    clock: Clock | None
    ticks: float
    snapshot: Snapshot | None = None
    settled: Settled = Settled()
    every: float = 1.0
    pause: float = 1.0
    frozen_since: float | None = None
    is_production: bool = False
    is_read_only: bool = False
    trail: tuple[Plain, ...] = ()

    @property
    def server(self) -> Server | None:
        """Whom we read from, once that is known."""
        return self.snapshot.server if self.snapshot else None

    @property
    def is_stale(self) -> bool:
        """Whether what is shown is no longer being read."""
        return self.link.state is not LinkState.LIVE

    @property
    def is_late(self) -> bool:
        """Whether the newest reading is old although the connection lives and the screen is not held."""
        if self.snapshot is None or self.is_stale or self.frozen_since is not None:
            return False
        return self.ticks - self.snapshot.taken > max(_LATE, 2 * self.pause)


class Header(Lines):
    """One line: the program, the server and database, the versions, the state of the connection, the clock."""

    def __init__(self) -> None:
        super().__init__(id="header")
        self._state: HeadState | None = None

    def show(self, state: HeadState) -> None:
        """Show this state."""
        self._state = state
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the one line.

        Dropped are, in this order: what the version means, the versions, what leads to the screen, program, zone, user.
        Last the host is cut in its middle.
        """
        if self._state is None:
            return [Line((), "bar")]
        state = self._state
        for dropped in range(6):
            left, right = _left(state, dropped), _right(state, width, shows_zone=dropped < 5 and width >= _MIDDLE)
            room = width - width_of(left) - width_of(right) - width_of(versions := _versions(state, dropped)) - 2
            if cells_of(plain(state.address)) <= room:
                break
        spans = [*left, (_address(state.address, room), "bold"), *versions]
        line = (*fit(spans, width - width_of(right) - 2), (blank(2), ""), *right)
        return [Line(line, "production" if state.is_production else "bar")]


def _left(state: HeadState, dropped: int) -> list[Span]:
    spans: list[Span] = [(blank(1), "")]
    if dropped < 4:
        spans += [(_trail(state.trail, dropped), "muted"), (blank(2), "")]
    shown = badges(state)
    for badge in shown:
        spans += [badge, (blank(1), "")]
    return [*spans, (blank(1), "")] if shown else spans


def _trail(crumbs: Sequence[Plain], dropped: int) -> Plain:
    """Say what leads to the screen: all of it while there is room, then only its own name."""
    if not crumbs:
        return plain("absurd-tui")
    return trail_of(crumbs if dropped < 3 else crumbs[-1:])


def badges(state: HeadState) -> list[Span]:
    """Give the words that say what is out of the ordinary about where we are."""
    return [(plain(badge.word), badge.role) for badge in place_badges(state)]


def place_badges(state: HeadState) -> list[Badge]:
    """Give the badges that say what is out of the ordinary about where we are."""
    server = state.server
    found = [
        (state.is_production, Badge.PRODUCTION),
        (state.is_read_only, Badge.READ_ONLY),
        (server is not None and server.is_standby, Badge.STANDBY),
        (server is not None and server.fake_now is not None, Badge.FAKE_CLOCK),
        (server is not None and server.is_superuser, Badge.SUPERUSER),
        (server is not None and server.is_pooled, Badge.POOLED),
        (server is not None and is_newer(server.absurd_version or ""), Badge.NEWER_SCHEMA),
    ]
    return [badge for is_so, badge in found if is_so]


def link_badge(state: HeadState) -> Badge | None:
    """Give the badge that says what is out of the ordinary about the connection, or about how it is shown."""
    if state.link.state is LinkState.CONNECTING:
        return Badge.CONNECTING
    if state.link.state is not LinkState.LIVE:
        return Badge.LOST
    if state.frozen_since is not None:
        return Badge.FROZEN
    return Badge.STALE if state.is_late else None


def is_slowed(state: HeadState) -> bool:
    """Whether something is read less often than asked for."""
    return _is_long(state) or (state.snapshot is not None and bool(state.snapshot.slowed))


def _is_long(state: HeadState) -> bool:
    return state.pause >= _NOTICED and state.pause > state.every * 1.5


def _address(raw: str, cells: int) -> Plain:
    """Name where we are in so many cells: the user is left out first, then the host is cut in its middle."""
    if cells_of(plain(raw)) <= cells:
        return plain(raw)
    host, slash, database = (raw.partition("@")[2] or raw).rpartition("/")
    end = plain(slash + database)
    room = cells - cells_of(end)
    return cut_middle(plain(host), room) + end if room >= _LEAST_HOST else cut_middle(plain(host) + end, cells)


def _versions(state: HeadState, dropped: int) -> list[Span]:
    server = state.server
    if server is None or dropped > 1:
        return []
    spans: list[Span] = [(blank(3), ""), (plain("PG ") + plain(server.version.split()[0]), "muted")]
    if server.absurd_version is not None:
        spans += [(plain(" · Absurd ") + cut_end(plain(server.absurd_version), _VERSION), "muted")]
        if is_newer(server.absurd_version) and not dropped:
            spans += [(plain(f", newer than this program knows ({KNOWN})"), "caution")]
    return spans


def _right(state: HeadState, width: int, *, shows_zone: bool) -> list[Span]:
    spans: list[Span] = [_connection(state)]
    if state.clock is not None:
        shown = state.clock.at(state.clock.now)
        zone = units.zone(state.clock.now, utc=state.clock.utc, offset=state.clock.offset)
        label = plain("database clock ") if width >= _WIDE else Plain("")
        spans += [(blank(2), ""), (label, "muted"), (plain(shown), "bold")]
        if shows_zone:
            spans += [(blank(1), ""), (plain(zone), "muted")]
    every = f"every {_interval(state.pause)}" if width >= _MIDDLE else _interval(state.pause)
    spans += [(blank(2), ""), (plain(every), "warning" if _is_long(state) else "muted")]
    if state.snapshot is not None and state.snapshot.slowed:
        slowest = state.snapshot.slowed[0]
        spans += [(blank(2), ""), (plain(f"{slowest.part} {_interval(slowest.seconds)}"), "warning")]
    if width >= _WIDE and state.snapshot is not None:
        spans += [(blank(2), ""), (plain(f"poll {state.snapshot.cost * 1000:.0f} ms"), "muted")]
    return [*spans, (blank(1), "")]


def _interval(seconds: float) -> str:
    return f"{seconds:.0f}s" if seconds >= 9.95 or round(seconds, 1) == round(seconds) else f"{seconds:.1f}s"


def _connection(state: HeadState) -> Span:
    badge, since = link_badge(state), state.link.since
    if badge is None:
        return plain("live"), "strong"
    if badge is Badge.CONNECTING:
        return plain(badge.word), badge.role
    if badge is Badge.FROZEN and state.frozen_since is not None:
        since = state.frozen_since
    if badge is Badge.STALE and state.snapshot is not None:
        since = state.snapshot.taken
    return plain(f" {badge.word} {units.age(state.ticks - since)} "), badge.role


class Verdict(Lines):
    """Two lines, always: what is worst, and what to do about it. On a wide screen the next two findings below."""

    def __init__(self) -> None:
        super().__init__(id="verdict")
        self._state: HeadState | None = None

    def show(self, state: HeadState) -> None:
        """Show this state."""
        self._state = state
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the lines."""
        if self._state is None:
            return []
        said = _verdict(self._state)
        below = said.shown[1 : max(1, height - 1)]
        more = len(said.shown) - 1 - len(below)
        room = width - _TEXT_AT - 1
        rest: list[Span] = [(blank(2), "")] if said.shown else []
        for worst in said.shown[:1]:
            goal = say(" {goal}", goal=worst.goal.word if width >= _MIDDLE else "")
            rest += [(plain("V"), "strong"), (goal, "muted"), (blank(2 if width >= _MIDDLE else 1), "")]
        if more > 0:
            rest += [(say("+{number} more ", number=more), "muted")]
        if said.shown:
            rest += [(plain("v"), "strong"), (plain(" all" if more <= 0 else ""), "muted"), (blank(1), "")]
        first = (said.label, (blank(2), ""), (cut_words(said.what, room), "strong"))
        second: tuple[Span, ...] = ((blank(_TEXT_AT), ""), (cut_words(said.then, room - width_of(rest)), ""))
        return [Line(fit(first, width)), Line(spread(second, rest, width)), *(_below(next_, width) for next_ in below)]


def _below(finding: Finding, width: int) -> Line:
    role = "alarm" if finding.level is Level.WEDGED else "caution"
    word = plain(finding.level.name.center(_LABEL))
    said = finding.what + blank(1) + finding.then
    return Line(fit(((word, role), (blank(2), ""), (cut_words(said, width - _TEXT_AT - 1), "")), width))


@dataclass(frozen=True, slots=True)
class _Said:
    """What the verdict says: its word, two sentences, and the findings that are shown, the first of them said."""

    label: Span
    what: Plain
    then: Plain = Plain("")
    shown: tuple[Finding, ...] = ()


def verdict_badge(state: HeadState) -> Badge | None:
    """Give the badge of the verdict; None where it is the level of a finding."""
    said = _verdict(state)
    if said.shown:
        return None
    return Badge.WELL if said.label[1] == Badge.WELL.role else Badge.UNKNOWN


def _verdict(state: HeadState) -> _Said:
    unknown = _block(Badge.UNKNOWN.word, Badge.UNKNOWN.role)
    if state.is_stale:
        return _Said(unknown, *_no_answer(state))
    if state.snapshot is None or state.clock is None:
        return _Said(unknown, plain("Reading."))
    if state.is_late:
        return _Said(unknown, *_late(state, state.snapshot, state.clock))
    if (unread := unreadable(state.snapshot)) is not None:
        return _Said(unknown, *unread)
    shown = state.settled.shown
    if not shown:
        return _quiet(state.settled, state.snapshot, state.clock)
    is_wedged = shown[0].level is Level.WEDGED
    label = _block("WEDGED", "block-wedged") if is_wedged else _block("DEGRADED", "block-degraded")
    return _Said(label, shown[0].what, shown[0].then, shown)


def _quiet(settled: Settled, snapshot: Snapshot, clock: Clock) -> _Said:
    well, figures = _block(Badge.WELL.word, Badge.WELL.role), all_is_well(snapshot)
    if settled.quiet_since is None or settled.seen or not snapshot.queues:
        return _Said(well, figures)
    told = clock.at(settled.quiet_since)
    since = told[:_MINUTES] if len(told) == _SECONDS else told
    return _Said(well, say("All quiet since {since}.", since=since), figures)


def _late(state: HeadState, snapshot: Snapshot, clock: Clock) -> tuple[Plain, Plain]:
    age = units.age(state.ticks - snapshot.taken)
    what = say(_NOTHING_READ, age=age, at=clock.at(snapshot.now))
    return what, plain("The database has not answered yet; what has happened since is not known.")


def _no_answer(state: HeadState) -> tuple[Plain, Plain]:
    link = state.link
    if link.state is LinkState.CONNECTING and not link.reason:
        return say("Connecting to {address}.", address=state.address), Plain("")
    then = plain(link.reason)
    if link.state is LinkState.REFUSED:
        then += plain(" (not tried again by itself; R tries)")
    elif link.retry_at is not None and link.attempt:
        then = plain(link.reason.rstrip(".") + ".")
        wait = max(0.0, link.retry_at - state.ticks)
        then += say(" Attempt {number} in {wait} (R: now).", number=link.attempt + 1, wait=units.age(wait))
    lost_for = units.age(state.ticks - link.since)
    if state.snapshot is None or state.clock is None:
        what = "Nothing was read from {address} for {age}." if link.has_answered else _NO_CONNECTION
        return say(what, address=state.address, age=lost_for), then
    what = _NOTHING_READ if link.has_answered else _NO_ANSWER
    return say(what, age=lost_for, at=state.clock.at(state.snapshot.now)), then


def _block(word: str, role: str) -> Span:
    return plain(word.center(_LABEL)), role
