"""The one-cell signs of the states. None of them is ambiguous in width or has an emoji form."""

from absurd_tui.observe.records import State

STATE_GLYPHS = {
    State.PENDING: "◌",
    State.RUNNING: "»",
    State.SLEEPING: "z",
    State.FAILED: "✗",
    State.COMPLETED: "✓",
    State.CANCELLED: "⊖",
}
