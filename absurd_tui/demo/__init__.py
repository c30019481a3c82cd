"""A real Absurd system to look at: embedded PostgreSQL, sample workers and the dashboard on top.

`run_demo` shows it, `run_check` proves it without a terminal. Both need the
`demo` extra. Importing this package loads nothing else of ours.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from absurd_tui.demo.run import run_check, run_demo

__all__ = ["run_check", "run_demo"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from absurd_tui.demo import run

        return getattr(run, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
