"""The JSON documents of one task: those that came with its page, and those that were loaded whole since."""

from absurd_tui.observe.task_records import (
    HEADERS,
    PARAMS,
    RESULT,
    Attempt,
    Document,
    TaskPage,
    checkpoint_part,
    failure_part,
)
from absurd_tui.text import Plain, plain, say

_OWN = (PARAMS, HEADERS, RESULT)


class Documents:
    """Params, headers, result and the state of one checkpoint, of which one is shown; and the attempts' failures."""

    def __init__(self) -> None:
        self.page: TaskPage | None = None
        self.shown = 0
        self._step: str | None = None
        self._whole: dict[str, Document] = {}

    @property
    def part(self) -> str:
        """The part that is shown."""
        return self._parts[self.shown]

    @property
    def names(self) -> tuple[Plain, ...]:
        """What the documents are called, in their order."""
        own = (plain(_OWN[0].capitalize()), *(plain(part) for part in _OWN[1:]))
        return own if self._step is None else (*own, say("step {name}", name=self._step))

    @property
    def _parts(self) -> tuple[str, ...]:
        return _OWN if self._step is None else (*_OWN, checkpoint_part(self._step))

    def turn(self) -> None:
        """Show the next document."""
        self.shown = (self.shown + 1) % len(self._parts)

    def show_step(self, checkpoint_name: str) -> None:
        """Show the state of a checkpoint."""
        self._step = checkpoint_name
        self.shown = len(_OWN)

    def keep(self, part: str, document: Document) -> None:
        """Keep a document that was loaded, until its stored size says that it is another."""
        self._whole[part] = document

    def current(self) -> Document | None:
        """Give the document that is shown, or None where there is no such value."""
        if self.page is None:
            return None
        if self.shown < len(_OWN):
            own: Document | None = getattr(self.page, self.part)
            return self._loaded(self.part, own)
        sizes = {step.checkpoint_name: step.size for step in self.page.checkpoints}
        size = sizes.get(self._step or "")
        return self._loaded(self.part, Document(size, None) if size is not None else None)

    def reason_of(self, attempt: Attempt | None) -> Document | None:
        """Give the failure reason of an attempt, or None where it has none."""
        return self._loaded(failure_part(attempt.run_id), attempt.reason) if attempt is not None else None

    def loadable(self, attempt: Attempt | None, *, reason_first: bool) -> str | None:
        """Name the part that o loads: what is shown, if it is not whole and was not loaded yet."""
        candidates = [(self.part, self.current())]
        if attempt is not None:
            candidates.append((failure_part(attempt.run_id), self.reason_of(attempt)))
        if reason_first:
            candidates.reverse()
        missing = (
            part for part, one in candidates if one is not None and not one.is_whole and not self._has(part, one)
        )
        return next(missing, None)

    def shown_part(self, attempt: Attempt | None, *, reason_first: bool) -> str | None:
        """Name the part that is looked at, None where there is no such value."""
        if reason_first and attempt is not None and attempt.reason is not None:
            return failure_part(attempt.run_id)
        return self.part if self.current() is not None else None

    def _has(self, part: str, document: Document) -> bool:
        return self._whole.get(part) == document

    def _loaded(self, part: str, small: Document | None) -> Document | None:
        whole = self._whole.get(part)
        return whole if small is not None and whole is not None and whole.size == small.size else small
