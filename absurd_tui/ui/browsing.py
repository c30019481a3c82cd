"""Where a panel is read as its cursor moves: at its head, or around the cursor that nears the end of what is held."""

from absurd_tui.observe.places import NEWEST_FIRST, first_place, head_of, last_place, placed
from absurd_tui.observe.records import Away, Head, PanelReading, Place, State, TaskRow

HEAD_ROWS, MOST_HEAD_ROWS = 30, 60
_TALL = 48


def head_rows(height: int, *, is_alone: bool) -> int:
    """Say how many rows a panel holds at its head in a terminal of a height: some three times what it shows of them."""
    return MOST_HEAD_ROWS if is_alone or height > _TALL else HEAD_ROWS


def onward(reading: PanelReading, at: int, margin: int, rows: int, now: float) -> Away | None:
    """Say where to read for a cursor on row `at` of a reading; None is the head, which holds `rows` rows.

    Within `margin` rows of an end beyond which there is more, that is around the cursor. Where a look for rows was cut
    short without finding any, it goes on where that ended, so that each press of a key looks further.
    """
    held = reading.rows
    if not held:
        return reading.away
    at = min(at, len(held) - 1)
    if reading.before is None and at + margin < rows:
        return None
    if reading.after is not None and len(held) - at <= margin:
        return _towards(reading, held[at], held[-1], reading.after, _kept(reading, now), is_down=True)
    if reading.before is not None and at < margin:
        return _towards(reading, held[at], held[0], reading.before, _kept(reading, now), is_down=False)
    return reading.away


def at_end(state: State) -> Away:
    """Say where the last rows of a panel are read."""
    return at_place(state, last_place(state))


def at_place(state: State, place: Place) -> Away:
    """Say where the rows around a place are read; of ended tasks all are in the order of claims then."""
    return Away(state, place, place)


def stands_in_head(row: TaskRow, away: Away | None) -> bool:
    """Whether a row is one of those that stood at the head when the panel was left."""
    return away is not None and away.head is not None and row.run_id in away.head.run_ids


def _kept(reading: PanelReading, now: float) -> Head | None:
    if reading.state not in NEWEST_FIRST:
        return None
    return head_of(reading.rows, now) if reading.away is None else reading.away.head


def _towards(
    reading: PanelReading, here: TaskRow, outermost: TaskRow, looked: Place, kept: Head | None, *, is_down: bool
) -> Away:
    edge = _place(reading.state, outermost, kept)
    if reading.away is not None and looked != edge:
        return Away(reading.state, *((edge, looked) if is_down else (looked, edge)), kept)
    around = _place(reading.state, here, kept)
    return Away(reading.state, around, around, kept)


def _place(state: State, row: TaskRow, kept: Head | None) -> Place:
    return first_place(state) if kept is not None and row.run_id in kept.run_ids else placed(row)
