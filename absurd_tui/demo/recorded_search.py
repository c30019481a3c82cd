"""A search through the recorded system, seen on its way back."""

from absurd_tui.demo.recorded import NOW, queues, rows
from absurd_tui.observe.found import seen
from absurd_tui.observe.search.search import Progress
from absurd_tui.observe.search.terms import Field, Filter

_BACK = 26 * 3_600.0
_LOOKED_AT = 41_208


def recorded_search(filter: Filter) -> Progress:
    """Give what was found so far: the recorded tasks in the states of the filter with the errors that it names."""
    errors = [value.text for term in filter.of(Field.ERROR) for value in term.values]
    found = [
        seen(row)
        for state, panel in rows().items()
        for row in panel
        if state in (filter.states or rows()) and (not errors or (row.failure and row.failure.name in errors))
    ]
    listed = queues(in_trouble=True)
    refused = tuple((queue.name, queue.refusal) for queue in listed if queue.refusal is not None)
    return Progress(
        tuple(found), _LOOKED_AT, NOW - _BACK, len(listed), is_over=False, is_by_claim=True, refused=refused
    )
