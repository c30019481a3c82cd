"""Documents that are read slice by slice, of an Absurd in memory."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from absurd_tui.observe.slices import DocumentAt, NotWhole, Slice


@dataclass
class FakeSlices:
    """The documents by where they are; `slice_gate` holds up all slices but the first."""

    wholes: dict[DocumentAt, str] = field(default_factory=dict)
    slice_characters: int = 1_000
    slice_gate: asyncio.Event | None = None
    slices_read: int = 0

    async def slices(self, document: DocumentAt) -> AsyncIterator[Slice]:
        text = self.wholes.get(document)
        if text is None:
            raise NotWhole("it is no longer in the database")
        for start in range(0, len(text), self.slice_characters):
            if start and self.slice_gate is not None:
                await self.slice_gate.wait()
            self.slices_read += 1
            piece = text[start : start + self.slice_characters]
            yield Slice(piece, start + len(piece), len(text))
