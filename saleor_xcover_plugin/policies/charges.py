"""Compute the amount to refund for a cover that insures nothing: no more than was charged."""

from __future__ import annotations

from decimal import Decimal

from ..domain.money import Money
from ..host.values import OrderSnapshot

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
