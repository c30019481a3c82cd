"""The whole of Absurd's surface on one connection."""

from absurd_tui.lifecycle.queue_calls import QueueCalls
from absurd_tui.lifecycle.step_calls import StepCalls
from absurd_tui.lifecycle.task_calls import TaskCalls


class Lifecycle(TaskCalls, StepCalls, QueueCalls):
    """Every call on Absurd: one coroutine per stored function.

    `Lifecycle(connection)` works over any asyncpg connection, one from a pool included, whatever codecs and
    search_path it has, inside or outside a transaction of the caller. Every call raises an `AbsurdError`: besides
    those that it names, `InvalidRequest` (also before anything is sent), `QueueMissing`, `Denied`, `TimedOut`
    (nothing changed), `ConnectionLost` (outcome unknown) and, where it returns JSON, `Undecodable`. Ids may be given
    as `UUID` or as text.
    """
