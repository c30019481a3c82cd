"""What the demo's workers do: task functions for the official SDK, by the names in `absurd_tui.demo.mix`."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from absurd_sdk import Absurd, TaskContext
from absurd_sdk import TimeoutError as NobodyAnsweredError

from absurd_tui.demo import hostile, mishaps
from absurd_tui.demo.queues import BILLING, IMPORTS, MEDIA, NOTIFICATIONS, ORDERS, REPORTS

Workflow = Callable[[Any, TaskContext], Any]

CHILDREN_WITHIN = 60.0


def process_order(params: Any, ctx: TaskContext) -> Any:
    """Five steps, each saved as a checkpoint."""
    cart = ctx.step("validate_cart", _after(0.3, {"items": params["items"], "cents": params["cents"]}))
    ctx.step("reserve_stock", _after(0.6, {"warehouse": "leipzig", "reserved": cart["items"]}))
    charge = ctx.step("charge_card", _after(1.0, {"charge": f"ch_{random.getrandbits(40):010x}"}))
    shipment = ctx.step("create_shipment", _after(0.8, {"tracking": f"00340{random.randrange(10**8)}"}))
    ctx.step("send_confirmation", _after(0.4, None))
    return {"order": params["order"], **charge, **shipment}


def approve_refund(params: Any, ctx: TaskContext) -> Any:
    """Wait for a decision, for a limited time."""
    try:
        return ctx.await_event(f"refund.approved:{params['refund']}", timeout=45)
    except NobodyAnsweredError:
        return {"approved": False, "reason": "nobody decided in time"}


def onboard_merchant(params: Any, ctx: TaskContext) -> Any:
    """Wait without a limit."""
    ctx.step("create_account", _after(0.4, {"account": params["merchant"]}))
    return ctx.await_event(f"kyc.done:{params['merchant']}")


def charge_card(params: Any, _ctx: TaskContext) -> Any:
    """Fails in nearly half of its attempts."""
    _work(0.5)
    if random.random() < 0.45:
        raise mishaps.GatewayError(f"HTTP 503 from the gateway for order {params['order']}, try again later")
    return {"charge": f"ch_{random.getrandbits(40):010x}", "cents": params["cents"]}


def send_invoice(params: Any, _ctx: TaskContext) -> Any:
    """ValueError without a VAT id."""
    _work(0.4)
    return {"invoice": params["invoice"], "lines": mishaps.invoice_lines(params)}


def sync_ledger(params: Any, _ctx: TaskContext) -> Any:
    """KeyError for an unknown account."""
    _work(0.7)
    return {"balance": str(mishaps.ledger_balance(params))}


def send_receipt(params: Any, _ctx: TaskContext) -> Any:
    """A quick success."""
    _work(0.2)
    return {"message_id": f"<{random.getrandbits(48):012x}.{params['order']}@mail.example>"}


def push_device(_params: Any, _ctx: TaskContext) -> None:
    """A quick success without a result."""
    _work(0.1)


def digest_daily(params: Any, ctx: TaskContext) -> Any:
    """Sleep between two steps."""
    news = ctx.step("collect", _after(0.3, {"news": random.randrange(1, 40)}))
    ctx.sleep_for("until_quiet_hours", params["quiet"])
    return ctx.step("send", _after(0.2, {"sent": news["news"]}))


def thumbnail(_params: Any, _ctx: TaskContext) -> Any:
    """A second of work."""
    _work(1.0)
    return {"width": 320, "height": 180}


def transcode_video(params: Any, ctx: TaskContext) -> Any:
    """Many segments, a heartbeat after each."""
    for _ in range(params["segments"]):
        _work(1.5)
        ctx.heartbeat()
    return {"segments": params["segments"], "target": params["source"].replace("raw", "out")}


def transcode_stream(_params: Any, ctx: TaskContext) -> Any:
    """A stream without an end: the heartbeat raises once Absurd has cancelled the task."""
    for _ in range(600):
        _work(0.5)
        ctx.heartbeat()
    return {"ended": True}


def render_chart(params: Any, _ctx: TaskContext) -> Any:
    """The child of `build_report`."""
    _work(1.5)
    return {"chart": params["chart"], "points": random.randrange(20, 200)}


def build_report(client: Absurd, params: Any, ctx: TaskContext) -> Any:
    """Spawn children in another queue, wait for each, and divide by the day's visits."""

    def spawn(number: int) -> str:
        child = client.spawn("render_chart", {"chart": number}, queue=MEDIA.name, max_attempts=2)
        return str(child["task_id"])

    children = [ctx.step(f"spawn_chart_{n}", partial(spawn, n)) for n in range(1, params["charts"] + 1)]
    for child in children:
        ctx.await_task_result(child, queue_name=MEDIA.name, timeout=CHILDREN_WITHIN)
    return {"day": params["day"], "charts": len(children), "conversion": mishaps.conversion_rate(params)}


def import_products(params: Any, _ctx: TaskContext) -> Any:
    """FeedError for a broken line."""
    _work(0.8)
    return {"supplier": params["supplier"], "rows": len(mishaps.feed_rows(params["feed"]))}


def import_archive(params: Any, ctx: TaskContext) -> Any:
    """Read params of 5 MB."""
    quantity = ctx.step("sum", lambda: sum(row["qty"] for row in params["rows"]))
    return {"archive": params["archive"], "rows": len(params["rows"]), "quantity": quantity}


def import_legacy(_params: Any, ctx: TaskContext) -> None:
    """Take the whole process down, as a crash in native code would."""
    ctx.step("open_tape", _after(1.0, {"tape": 7}))
    os.kill(os.getpid(), signal.SIGKILL)


def hostile_result(params: Any, ctx: TaskContext) -> Any:
    """Hostile step names, checkpoints and result."""
    said = ctx.step(hostile.TITLE, _after(0.2, {hostile.CLEAR: params["say"]}))
    return {hostile.LINK: said, "text": hostile.CLEAR + hostile.TITLE}


def render_statement(params: Any, _ctx: TaskContext) -> None:
    """A hostile reason of failure."""
    raise ValueError(f"cannot render {params['say']} {hostile.TITLE}")


def hostile_wait(params: Any, ctx: TaskContext) -> Any:
    """Wait for an event with a hostile name."""
    try:
        return ctx.await_event(params["event"], timeout=params["limit"])
    except NobodyAnsweredError as error:
        return {"timed out": str(error)}


def long_name(params: Any, _ctx: TaskContext) -> Any:
    """Nothing but a name."""
    return {"depth": params["depth"]}


WORKFLOWS: dict[str, dict[str, Workflow]] = {
    ORDERS.name: {
        "process_order": process_order,
        "approve_refund": approve_refund,
        "onboard_merchant": onboard_merchant,
    },
    BILLING.name: {"charge_card": charge_card, "send_invoice": send_invoice, "sync_ledger": sync_ledger},
    NOTIFICATIONS.name: {"send_receipt": send_receipt, "push_device": push_device, "digest_daily": digest_daily},
    MEDIA.name: {
        "thumbnail": thumbnail,
        "transcode_video": transcode_video,
        "transcode_stream": transcode_stream,
        "render_chart": render_chart,
    },
    REPORTS.name: {
        hostile.CLEAR: hostile_result,
        "render_statement": render_statement,
        hostile.LINK: hostile_wait,
        hostile.LONG_NAME: long_name,
    },
    IMPORTS.name: {
        "import_products": import_products,
        "import_archive": import_archive,
        "import_legacy": import_legacy,
    },
}
"""Per queue, what its workers know; `build_report`, which needs a client of its own, is added by `register`."""


def register(client: Absurd, queue: str) -> None:
    """Teach the queue's worker all its task names."""
    for name, workflow in _known(client, queue):
        client.register_task(name, queue=queue)(workflow)


def _known(client: Absurd, queue: str) -> Iterator[tuple[str, Workflow]]:
    yield from WORKFLOWS[queue].items()
    if queue == REPORTS.name:
        yield "build_report", partial(build_report, client)


def _work(seconds: float) -> None:
    time.sleep(random.uniform(0.5, 1.5) * seconds)


def _after(seconds: float, value: Any) -> Callable[[], Any]:
    def step() -> Any:
        _work(seconds)
        return value

    return step
