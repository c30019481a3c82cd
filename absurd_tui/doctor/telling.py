"""A report as lines for a reader and as JSON for a program; neither can hold what moves a terminal."""

import json
from collections.abc import Iterator

from absurd_tui import __version__, units
from absurd_tui.doctor.records import Level, Report
from absurd_tui.text import plain

_MARKS = {Level.FINE: "ok", Level.NOTE: "note", Level.PROBLEM: "PROBLEM"}
_MARK, _NAME = 7, 16


def as_lines(report: Report) -> Iterator[str]:
    """Write one line for each check under its heading, its cure below it, and the sum at the end."""
    yield f"absurd-tui {__version__} doctor"
    section = ""
    for check in report.checks:
        if check.section != section:
            section = check.section
            yield ""
            yield plain(section).text
        mark, name = _MARKS[check.level].ljust(_MARK), plain(check.name).text.ljust(_NAME)
        yield f"  {mark}  {name}  {plain(check.told).text}"
        if check.remedy is not None:
            yield f"  {'':{_MARK}}  {'':{_NAME}}  {plain(check.remedy).text}"
    yield ""
    yield f"{units.plural(report.problems, 'problem')} found." if report.problems else "No problem found."


def as_json(report: Report) -> str:
    """Write one JSON object, in ASCII."""
    checks = [
        {
            "section": check.section,
            "name": check.name,
            "level": check.level.value,
            "told": check.told,
            "remedy": check.remedy,
            **({"facts": dict(check.facts)} if check.facts else {}),
        }
        for check in report.checks
    ]
    return json.dumps({"version": __version__, "problems": report.problems, "checks": checks}, indent=2)
