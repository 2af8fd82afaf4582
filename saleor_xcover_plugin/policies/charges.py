"""What is due back of a cover that insures nothing: what was charged for it, and not more."""

from __future__ import annotations

from decimal import Decimal

from ..domain.money import Money
from ..host.values import OrderSnapshot

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
