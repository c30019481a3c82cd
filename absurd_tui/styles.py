"""Where the stylesheets are: inside the package in a wheel, beside it in a checkout."""

from importlib.resources import files
from pathlib import Path


def stylesheets() -> list[Path]:
    """List the stylesheets in the order of their names."""
    packaged = Path(str(files("absurd_tui"))) / "styles"
    beside = Path(__file__).resolve().parent.parent / "styles"
    return sorted((packaged if packaged.is_dir() else beside).glob("*.tcss"))
