"""What the envelope asks of an operation: its statements, its look at the locked rows, its call, its reading back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from absurd_tui.database.writing import WriteSession
from absurd_tui.lifecycle.client import Lifecycle
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import After, AlreadySo, Changed, Done, Gone, Refused
from absurd_tui.operations.standing import Fetch, Transaction

if TYPE_CHECKING:
    import asyncpg

Found = AlreadySo | Changed | Gone | Refused
"""Why a call need not, or must not, be made."""


def lifecycle_over(session: WriteSession) -> Lifecycle:
    """Absurd's calls over the prepared statements of a writing session."""
    # of a connection the layer asks for `fetch` and `is_closed` alone, and those a session has
    return Lifecycle(cast("asyncpg.Connection[asyncpg.Record]", session))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Whether the rows can be what a write left, itself or by what others did since; and how they stand."""

    is_borne_out: bool
    after: After | None


class Work(Protocol):
    """One operation on its way through the envelope; it keeps what it saw between the steps."""

    @property
    def queue(self) -> str:
        """The queue it writes to."""

    @property
    def needs(self) -> Needs:
        """What it needs of the schema and of the role."""

    @property
    def statements(self) -> tuple[str, ...]:
        """Every statement that it may run inside the transaction."""

    @property
    def sql(self) -> str:
        """The call as a statement, to be told and kept; without payloads. Known once the rows were looked at."""

    @property
    def absurdctl(self) -> str | None:
        """The same call by absurdctl, None where that has none. Known once the rows were looked at."""

    async def look(self, fetch: Fetch) -> Found | None:
        """Lock the rows, read them and compare them with the target; None when the call may be made."""

    async def call(self, session: WriteSession) -> None:
        """Call Absurd's function."""

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Changed | Refused:
        """Say what the call did, from the rows, inside the transaction that made it."""

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """Read the rows again on another connection, after the server said that `xid` was committed."""


@runtime_checkable
class LearnsFirst(Protocol):
    """An operation whose statements depend on what the queue has; it is asked before they are prepared."""

    async def learn(self, fetch: Fetch) -> None:
        """Look what the queue has, outside the transaction."""


class TellsTransaction:
    """An operation whose look at the rows may tell its transaction; of any other's the server is asked."""

    transaction: Transaction | None = None
