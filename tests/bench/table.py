"""The table that is printed: one quantity of two programs a line."""

from bench.pairs import Comparison, Spread

COLUMNS = ("{:<36}", "{:>24}", "{:>24}", "{:>22}")
NUMBERS = {"ms": ".1f", "s": ".3f", "MB": ".1f", "1/s": ",.0f"}
NONE = "–"


def heading(ours: str, theirs: str) -> str:
    return _line("", ours, theirs, "ratio")


def row(quantity: str, unit: str, compared: Comparison) -> str:
    digits = NUMBERS[unit]
    return _line(
        f"{quantity}, {unit}",
        _cell(compared.ours, digits),
        _cell(compared.theirs, digits),
        _cell(compared.ratio, ".2f"),
    )


def row_of_one(quantity: str, unit: str, ours: Spread) -> str:
    """A line for what the other program does not have."""
    return _line(f"{quantity}, {unit}", _cell(ours, NUMBERS[unit]), NONE, NONE)


def _cell(told: Spread, digits: str) -> str:
    return f"{told.median:{digits}} ({told.least:{digits}}–{told.greatest:{digits}})"


def _line(*cells: str) -> str:
    return "".join(column.format(cell) for column, cell in zip(COLUMNS, cells, strict=True))
