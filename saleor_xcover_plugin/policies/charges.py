"""What is due back of a cover that insures nothing: what was charged for it, and not more."""

from __future__ import annotations

from decimal import Decimal

from ..checkout.offers import chosen_premium
from ..domain.money import Money
from ..host.values import OrderSnapshot
from ..models import Offer

ZERO = Decimal(0)


def charged_of(order: OrderSnapshot, part: Decimal) -> Decimal:
    """Return how much of a part of the order's total was charged, in the order's currency.

    The part counts as paid last. Money that went back counts as charged: what it was for is judged
    elsewhere.
    """
    received = order.charged + order.refunded
    return min(part, max(received - (order.total - part), ZERO))


def money_clause(order: OrderSnapshot, part: Decimal, name: str) -> str:
    """Say to staff what to do about the price of a cover that insures nothing."""
    if part <= 0:
        return "it cost nothing, so nothing is due back for it"
    if charged_of(order, part) <= 0:
        rest = Money(order.total - part, order.currency)
        return f"it was not charged, so nothing is due: charge no more than {rest}"
    return f"refund what was paid for {name}"


def cost_of_cover(order: OrderSnapshot, offer: Offer | None) -> Decimal:
    """What the buyer paid for the cover: its lines, or what was noted when money had begun.

    A line above the premium is too much, whatever was noted. A premium that made a discount reach
    the order may cost less than nothing: then nothing is due.
    """
    paid = order.cover_price
    if offer is None or offer.cost is None or not order.cover_lines:
        return paid
    return max(offer.cost, paid if paid > chosen_premium(offer) else Decimal(0))


def charged_for_cover(order: OrderSnapshot, offer: Offer | None) -> Decimal:
    """Return how much of what the cover costs was charged, in the order's currency."""
    return charged_for_cover(order, offer)
