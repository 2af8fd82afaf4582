"""Comparison of the simulator's state with the policies that each order should have."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from . import sales


class Fate(StrEnum):
    """The expected outcome of an order."""

    CONFIRM = "confirm"
    CANCEL = "confirm, then cancel"
    OPT_OUT = "opt out"


@dataclass(slots=True)
class Finding:
    """Sentences about orders that deviate from their fate."""

    lost: list[str] = field(default_factory=list)
    """Something expected is missing."""
    doubled: list[str] = field(default_factory=list)
    """Something exists more often than expected."""
    wrong: list[str] = field(default_factory=list)
    """A row of the plugin has an unexpected state."""

    @property
    def is_clean(self) -> bool:
        """True if every order has exactly what its fate says."""
        return not (self.lost or self.doubled or self.wrong)


def compare(orders: Sequence[tuple[Any, Fate]], state: Mapping[str, Any]) -> Finding:
    """Compare each order and its fate with the simulator, the plugin's rows and its notes.

    ``state`` is the simulator's state as returned by ``SimulatorProcess.state``.
    """
    from saleor_xcover_plugin.models import Cover, Offer, OutboxMessage

    finding = Finding()
    seen = _Seen(state)
    covers = {cover.order_id: cover for cover in Cover.objects.all()}
    offers = {str(offer.checkout_token): offer for offer in Offer.objects.all()}
    for order, fate in orders:
        if fate is Fate.OPT_OUT:
            offer = offers[order.checkout_token]
            sole(finding, order, "opt-out", seen.opt_outs[offer.xcover_offer_id])
            if seen.bookings[str(order.number)]:
                finding.doubled.append(f"order {order.number}: a policy nobody asked for")
            continue
        booked = seen.bookings[str(order.number)]
        sole(finding, order, "policy", len(booked))
        if not booked:
            continue
        cover = covers.get(order.pk)
        is_cancelled = fate is Fate.CANCEL
        sole(finding, order, "cancellation", seen.cancelled[booked[0]], int(is_cancelled))
        wanted = ("cancelled" if is_cancelled else "confirmed", booked[0])
        if cover is None or (cover.status, cover.booking_id) != wanted:
            finding.wrong.append(f"order {order.number}: {cover} is not {wanted}")
        notes = sales.notes_of(order)
        sole(finding, order, "note", sum("confirmed, premium" in note for note in notes))
        told = sum("cancelled, XCover refunds" in note for note in notes)
        sole(finding, order, "cancellation note", told, int(is_cancelled))
    for path, keys in seen.keys.items():
        if len(keys) > 1:
            finding.doubled.append(f"{path}: {len(keys)} idempotency keys")
    for message in OutboxMessage.objects.exclude(status="settled", sealed_body=None):
        finding.wrong.append(f"message {message.pk} {message}: {message.last_error}")
    return finding


class _Seen:
    """The simulator's state, indexed."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.bookings: dict[str, list[str]] = defaultdict(list)
        for booking in state["bookings"]:
            self.bookings[booking["partner_transaction_id"]].append(booking["id"])
        self.cancelled = Counter(c["booking_id"] for c in state["cancellations"] if c["done_at"])
        self.opt_outs = Counter({told["offer_id"]: told["times"] for told in state["opt_outs"]})
        self.keys: dict[str, set[str]] = defaultdict(set)
        for call in state["calls"]:
            if call["idempotency_key"] and call["operation"] != "create_offer":
                self.keys[call["path"]].add(call["idempotency_key"])


def sole(finding: Finding, order: Any, what: str, count: int, wanted: int = 1) -> None:
    """Add a sentence to ``finding`` if ``count`` is below (lost) or above (doubled) ``wanted``."""
    if count < wanted:
        finding.lost.append(f"order {order.number}: no {what}")
    elif count > wanted:
        finding.doubled.append(f"order {order.number}: {count} of {what}, not {wanted}")
