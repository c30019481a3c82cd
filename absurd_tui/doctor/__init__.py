"""Looks at a database once, from the connection to each queue, and says what is not as it should be; it only reads."""

from absurd_tui.doctor.examination import examine, statements_for
from absurd_tui.doctor.records import Report
from absurd_tui.doctor.telling import as_json, as_lines

__all__ = ["Report", "as_json", "as_lines", "examine", "statements_for"]
