"""Compute the amount to refund for a cover that insures nothing: no more than was charged."""

from __future__ import annotations

from decimal import Decimal

from ..checkout.offers import chosen_premium
from ..domain.money import Money
from ..host.values import OrderSnapshot
from ..models import Offer

_ZERO = Decimal(0)


def charged_of(order: OrderSnapshot, part: Decimal) -> Decimal:
    """Return how much of ``part`` of the order's total was charged, in the order's currency.

    ``part`` counts as paid last. Refunded money counts as charged here; ``refunds_due`` subtracts
    it.
    """
    received = order.charged + order.refunded
    return min(part, max(received - (order.total - part), _ZERO))


def money_clause(order: OrderSnapshot, part: Decimal, name: str) -> str:
    """Return the clause that tells staff what to refund for a cover that insures nothing.

    ``part`` is the price of the cover in the order's currency and ``name`` is the word for it in
    the clause, such as "the protection".
    """
    if part <= 0:
        return "it cost nothing, so nothing is due back for it"
    if charged_of(order, part) <= 0:
        rest = Money(order.total - part, order.currency)
        return f"it was not charged, so nothing is due: charge no more than {rest}"
    return f"refund what was paid for {name}"


def cost_of_cover(order: OrderSnapshot, offer: Offer | None) -> Decimal:
    """Return the price of the cover to the buyer, in the order's currency.

    That is the price of the cover lines, or ``Offer.cost`` if the order could no longer be repriced
    when the offer was accepted. A line above the premium counts in full in any case. Negative if
    the cover made the order cheaper because its premium brought a discount into reach; nothing is
    due back then.
    """
    paid = order.cover_price
    if offer is None or offer.cost is None or not order.cover_lines:
        return paid
    return max(offer.cost, paid if paid > chosen_premium(offer) else Decimal(0))


def charged_for_cover(order: OrderSnapshot, offer: Offer | None) -> Decimal:
    """Return how much of what the cover costs was charged, in the order's currency."""
    return charged_of(order, cost_of_cover(order, offer))
