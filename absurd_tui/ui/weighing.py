"""Has the pages counted that the readings take, for who looks at their costs."""

from collections.abc import Mapping
from typing import Protocol

from absurd_tui.database.faults import sentence
from absurd_tui.observe.parts import Part
from absurd_tui.text import Plain, say


class Weighs(Protocol):
    """What counts the pages."""

    async def weigh(self) -> Mapping[Part, int]:
        """Count the pages that each part of the readings reads."""
        ...


class TakesPages(Protocol):
    """Who wants to know."""

    def take_pages(self, pages: Mapping[Part, int]) -> None:
        """Take how many pages each part reads."""
        ...

    def take_refusal(self, reason: Plain) -> None:
        """Take why the pages could not be counted."""
        ...


async def weigh(source: Weighs, asker: TakesPages) -> None:
    """Count the pages, or say why they could not be counted."""
    try:
        pages = await source.weigh()
    except Exception as error:
        asker.take_refusal(say("The pages were not counted: {why}.", why=sentence(error)))
        return
    asker.take_pages(pages)
