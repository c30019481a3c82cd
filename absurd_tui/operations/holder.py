"""Who holds the rows that a write waits for: asked on another connection while it waits, because afterwards is late."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from absurd_tui.conninfo import ConnSpec
from absurd_tui.database.writing import WriteSession

FIRST_ASKED = 0.5
"""Seconds after which a write that is not through is taken to be waiting."""

_BLOCKING = """
select b.pid, a.application_name,
       date_part('epoch', clock_timestamp() - coalesce(a.xact_start, a.state_change)) as seconds
  from unnest(pg_blocking_pids($1)) b(pid) left join pg_stat_activity a on a.pid = b.pid
 order by coalesce(a.wait_event_type, '') = 'Lock', a.xact_start limit 1"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A session in the way: its transaction has been open for `seconds`; None is what this role may not see."""

    pid: int
    application: str | None
    seconds: float | None


class HolderWatch:
    """Keeps the last answer to who blocks the server process that `pid` gives, between entering and leaving."""

    def __init__(self, spec: ConnSpec, pid: Callable[[], int | None]) -> None:
        self._spec = spec
        self._pid = pid
        self._waiting: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None
        self.holder: Holder | None = None

    async def __aenter__(self) -> Self:
        self._waiting = asyncio.get_running_loop().call_later(FIRST_ASKED, self._begin)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    def _begin(self) -> None:
        self._asking = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        session = WriteSession(self._spec)
        try:
            await session.open()
            while True:
                for row in await session.fetch(_BLOCKING, self._pid()):
                    self.holder = Holder(row["pid"], row["application_name"] or None, row["seconds"])
                await asyncio.sleep(FIRST_ASKED)
        except Exception:
            pass  # whatever it is: the write does without the name
        finally:
            session.terminate()
