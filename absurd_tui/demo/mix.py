"""What the demo spawns: one function per kind of task, and how often each is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from absurd_tui.demo import hostile
from absurd_tui.demo.queues import BILLING, IMPORTS, MEDIA, NOTIFICATIONS, ORDERS, REPORTS, Queue
from absurd_tui.lifecycle import Cancellation, ExponentialRetry, FixedRetry, Json, SpawnOptions

PAYLOAD_ROWS = 23_000

ONCE = SpawnOptions(max_attempts=1)
TWICE = SpawnOptions(max_attempts=2, retry_strategy=FixedRetry(2))
BACKING_OFF = SpawnOptions(max_attempts=5, retry_strategy=ExponentialRetry(base_seconds=2, factor=2, max_seconds=30))


@dataclass(frozen=True, slots=True)
class Emission:
    """An event to emit in the task's queue some seconds after the spawn."""

    event_name: str
    after: float
    payload: Json


@dataclass(frozen=True, slots=True)
class Spawning:
    """A task to spawn, and the event that will answer it, if any."""

    queue: Queue
    task_name: str
    params: Json
    options: SpawnOptions = TWICE
    emission: Emission | None = None


Recipe = Callable[[Random], Spawning]


def process_order(random: Random) -> Spawning:
    """Five steps with a checkpoint each."""
    order = random.randrange(70_000, 99_999)
    params: Json = {"order": order, "cents": random.randrange(500, 40_000), "items": random.randrange(1, 6)}
    headers: Json = {"traceparent": f"00-{random.getrandbits(128):032x}-{random.getrandbits(64):016x}-01"}
    options = TWICE.with_headers(headers).with_idempotency_key(f"order-{order}-{random.getrandbits(32):08x}")
    return Spawning(ORDERS, "process_order", params, options)


def approve_refund(random: Random) -> Spawning:
    """Waits 45 s for a decision, which comes for two in three."""
    refund = f"{random.randrange(70_000, 99_999)}-{random.getrandbits(24):06x}"
    decision = Emission(f"refund.approved:{refund}", random.uniform(5, 40), {"by": "ines", "approved": True})
    answered = random.random() < 2 / 3
    return Spawning(ORDERS, "approve_refund", {"refund": refund}, TWICE, decision if answered else None)


def onboard_merchant(random: Random) -> Spawning:
    """Waits without a limit for an event that nobody emits; its max_duration ends it after 15 minutes."""
    params: Json = {"merchant": f"m_{random.getrandbits(24):06x}", "country": random.choice(["DE", "FR", "JP", "BR"])}
    return Spawning(ORDERS, "onboard_merchant", params, TWICE.with_cancellation(Cancellation(max_duration=900)))


def charge_card(random: Random) -> Spawning:
    """Fails in nearly half of its attempts and is retried with growing delays."""
    params: Json = {"order": random.randrange(70_000, 99_999), "cents": random.randrange(500, 40_000)}
    return Spawning(BILLING, "charge_card", params, BACKING_OFF)


def send_invoice(random: Random) -> Spawning:
    """One in four has no VAT id and fails for good."""
    vat_id = "" if random.random() < 0.25 else f"DE{random.randrange(10**8, 10**9)}"
    lines: Json = [{"text": "subscription", "cents": random.randrange(900, 9_900)}]
    params: Json = {"invoice": f"INV-{random.randrange(10_000, 99_999)}", "customer": "Ada GmbH", "vat_id": vat_id}
    return Spawning(BILLING, "send_invoice", {**params, "lines": lines})


def sync_ledger(random: Random) -> Spawning:
    """One in three books on an account that does not exist."""
    account = "2291" if random.random() < 1 / 3 else "8400"
    bookings: Json = [{"account": account, "cents": random.randrange(1, 10_000)}, {"account": "8400", "cents": 1999}]
    return Spawning(BILLING, "sync_ledger", {"accounts": {"8400": 1, "1200": -1}, "bookings": bookings})


def send_receipt(random: Random) -> Spawning:
    """A quick success."""
    return Spawning(NOTIFICATIONS, "send_receipt", {"order": random.randrange(70_000, 99_999), "locale": "de-DE"})


def push_device(random: Random) -> Spawning:
    """A quicker one, without a result."""
    return Spawning(NOTIFICATIONS, "push_device", {"device": f"{random.getrandbits(64):016x}", "badge": 1})


def digest_daily(random: Random) -> Spawning:
    """Sleeps for up to five minutes between its two steps."""
    return Spawning(
        NOTIFICATIONS, "digest_daily", {"user": random.randrange(1, 5_000), "quiet": random.randrange(20, 300)}
    )


def thumbnail(random: Random) -> Spawning:
    """A second of work."""
    return Spawning(
        MEDIA, "thumbnail", {"source": f"s3://raw/{random.getrandbits(8):02x}/{random.randrange(9_999)}.png"}
    )


def transcode_video(random: Random) -> Spawning:
    """Half a minute of work under a lease of ten seconds, kept by heartbeats."""
    params: Json = {"source": f"s3://raw/{random.getrandbits(8):02x}/{random.randrange(9_999)}.mov", "preset": "1080p"}
    return Spawning(MEDIA, "transcode_video", {**params, "segments": random.randrange(12, 25)})


def transcode_stream(random: Random) -> Spawning:
    """Never ends by itself; its max_duration cancels it after four seconds."""
    params: Json = {"stream": f"live-{random.randrange(99)}"}
    return Spawning(MEDIA, "transcode_stream", params, ONCE.with_cancellation(Cancellation(max_duration=4)))


def build_report(random: Random) -> Spawning:
    """Spawns two or three children in another queue and waits for them; some days had no visits."""
    visits = 0 if random.random() < 0.2 else random.randrange(200, 900)
    params: Json = {"day": f"2026-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}"}
    return Spawning(
        REPORTS, "build_report", {**params, "charts": random.randrange(2, 4), "orders": 17, "visits": visits}
    )


def reindex_catalog(_random: Random) -> Spawning:
    """No worker knows this name: deferred again and again, until its max_duration."""
    return Spawning(REPORTS, "reindex_catalog", {"shards": 8}, TWICE.with_cancellation(Cancellation(max_duration=600)))


def import_products(random: Random) -> Spawning:
    """A supplier's feed of a few lines; one in six has a broken one."""
    lines = [f'{{"sku": "sku-{random.randrange(999)}", "qty": {random.randrange(9)}}}' for _ in range(3)]
    if random.random() < 1 / 6:
        lines[2] = lines[2][:-4]
    return Spawning(IMPORTS, "import_products", {"supplier": f"sup-{random.randrange(40)}", "feed": "\n".join(lines)})


def import_archive(random: Random) -> Spawning:
    """Params of 5 MB."""
    return Spawning(IMPORTS, "import_archive", {"archive": f"{random.getrandbits(32):08x}", "rows": _archive_rows()})


def import_legacy(_random: Random) -> Spawning:
    """Kills the worker's process: the lease expires, and the next claim ends the attempt."""
    return Spawning(IMPORTS, "import_legacy", {"format": "EBCDIC"}, SpawnOptions(max_attempts=1))


def hostile_unknown(random: Random) -> Spawning:
    """A hostile name that no worker knows, with hostile params, headers and idempotency key."""
    options = SpawnOptions(
        max_attempts=1,
        cancellation=Cancellation(max_duration=60),
        headers={hostile.LINK: hostile.CLEAR},
        idempotency_key=f"{hostile.TITLE} {random.getrandbits(32):08x}",
    )
    return Spawning(REPORTS, hostile.TITLE, {hostile.CLEAR: hostile.LINK, "note": hostile.TITLE}, options)


def hostile_result(_random: Random) -> Spawning:
    """Hostile step names, checkpoints and result."""
    return Spawning(REPORTS, hostile.CLEAR, {"say": hostile.LINK})


def hostile_failure(_random: Random) -> Spawning:
    """A hostile reason of failure."""
    return Spawning(REPORTS, "render_statement", {"say": hostile.CLEAR}, ONCE)


def hostile_wait(_random: Random) -> Spawning:
    """Waits half a minute for an event with a hostile name."""
    return Spawning(REPORTS, hostile.LINK, {"event": hostile.TITLE, "limit": 30}, ONCE)


def long_name(_random: Random) -> Spawning:
    """A name of 10,000 characters."""
    return Spawning(REPORTS, hostile.LONG_NAME, {"depth": 3}, ONCE)


STEADY: tuple[tuple[int, Recipe], ...] = (
    (14, process_order),
    (4, approve_refund),
    (1, onboard_merchant),
    (10, charge_card),
    (6, send_invoice),
    (3, sync_ledger),
    (22, send_receipt),
    (16, push_device),
    (2, digest_daily),
    (10, thumbnail),
    (1, transcode_video),
    (3, build_report),
    (8, import_products),
)
"""The share of each kind in what is spawned at the demo's rate."""

TIMED: tuple[tuple[float, float, Recipe], ...] = (
    (0, 20, transcode_stream),
    (0, 45, reindex_catalog),
    (0, 180, import_archive),
    (45, 120, import_legacy),
    (2, 60, hostile_unknown),
    (3, 60, hostile_result),
    (4, 60, hostile_failure),
    (5, 60, hostile_wait),
    (6, 90, long_name),
)
"""Kinds spawned at a pace of their own, whatever the rate: seconds until the first, seconds between, kind."""


def burst(random: Random) -> list[Spawning]:
    """What is there at once when the demo starts: three of each common kind and one of each rare one, in no order."""
    spawnings = [recipe(random) for share, recipe in STEADY for _ in range(3 if share > 3 else 1)]
    random.shuffle(spawnings)
    return spawnings


def steady(random: Random) -> Spawning:
    """One task by the shares of STEADY."""
    (recipe,) = random.choices([recipe for _, recipe in STEADY], [share for share, _ in STEADY])
    return recipe(random)


@lru_cache(maxsize=1)
def _archive_rows() -> list[Json]:
    random = Random(5)
    return [
        {
            "sku": f"sku-{number:06d}",
            "ean": f"{random.getrandbits(43):013d}",
            "hash": f"{random.getrandbits(640):0160x}",
            "qty": 7,
        }
        for number in range(PAYLOAD_ROWS)
    ]
