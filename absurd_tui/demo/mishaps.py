"""Code that goes wrong in the four ways the demo's tasks fail for good, with real stack traces."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


class GatewayError(Exception):
    """The payment provider answered with an error; the next attempt may do better."""


class FeedError(Exception):
    """A supplier's feed cannot be read."""


def invoice_lines(invoice: Mapping[str, Any]) -> list[str]:
    """The printed lines of an invoice. ValueError when the customer has no VAT id."""
    return [_address(invoice), *(f"{line['text']}: {line['cents'] / 100:.2f}" for line in invoice["lines"])]


def ledger_balance(day: Mapping[str, Any]) -> Decimal:
    """The sum of a day's bookings. KeyError for a booking on an account that is not in the chart."""
    return sum((_signed(booking, day["accounts"]) for booking in day["bookings"]), Decimal(0))


def conversion_rate(figures: Mapping[str, int]) -> float:
    """Orders per visit. ZeroDivisionError on a day without visits."""
    return _ratio(figures["orders"], figures["visits"])


def feed_rows(feed: str) -> list[Any]:
    """The rows of a supplier's feed, one JSON document a line. FeedError with the line's number."""
    rows = []
    for number, line in enumerate(feed.splitlines(), start=1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise FeedError(f"line {number} of the feed is not JSON") from error
    return rows


def _address(invoice: Mapping[str, Any]) -> str:
    return f"{invoice['customer']} · {_checked_vat_id(invoice['vat_id'])}"


def _checked_vat_id(vat_id: str) -> str:
    if not vat_id.strip():
        raise ValueError("VAT id is empty")
    return vat_id


def _signed(booking: Mapping[str, Any], accounts: Mapping[str, int]) -> Decimal:
    return Decimal(booking["cents"]) * accounts[booking["account"]] / 100


def _ratio(part: int, whole: int) -> float:
    return part / whole
