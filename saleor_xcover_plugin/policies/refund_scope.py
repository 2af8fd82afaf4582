"""Classify how much of an order was refunded to the buyer, with regard to its policy."""

from __future__ import annotations

from collections.abc import Collection

from ..domain.money import Money
from ..domain.refund_attribution import RefundScope, scope_of_pieces
from ..host.values import OrderSnapshot
from ..models import Cover


def is_paid_for_policy(order: OrderSnapshot, cover: Cover | None) -> bool:
    """Return True if the insured tickets and the cover are paid.

    Refunds of other goods do not matter. False for an order that was cancelled, expired or refunded
    in full. Without a cover all tickets of the order count as insured.
    """
    if order.is_paid_in_full:
        return True
    was_paid = order.charged + order.refunded >= order.total
    return was_paid and not order.is_over and scope_of(order, cover) is None


def scope_of(order: OrderSnapshot, cover: Cover | None = None) -> RefundScope | None:
    """Return which part of the order was refunded; None if no ticket or cover was.

    An order that was cancelled without a refund gives ``RefundScope.NOTHING``. Without a cover, or
    if its offer is unknown, all tickets count as insured.
    """
    if order.is_refunded_in_full and not order.has_gift_card:
        return RefundScope.EVERYTHING
    scope = RefundScope.NOTHING
    if order.given.charged_back > 0 and order.charged < order.total:
        return RefundScope.CHARGEBACK
    if order.is_refunded_in_part or order.is_refunded_in_full:
        scope = scope_of_pieces(
            order.given,
            order.lines,
            insured=_insured(order, cover),
            cover_lines=[line.id for line in order.cover_lines],
        )
    if scope == RefundScope.NOTHING and not order.is_cancelled:
        return None
    return scope


def short_sums(order: OrderSnapshot, cover: Cover) -> tuple[Money, Money]:
    """Return the price of tickets and cover that were refunded in part, and what was refunded.

    Both are in the order's currency. Other goods in the same refunds are in neither sum.
    """
    insured = _insured(order, cover)
    ours = [line.id for line in order.lines if line.variant in insured]
    ours += [line.id for line in order.cover_lines]
    cost, back = order.given.short_of(ours)
    return Money(cost, order.currency), Money(back, order.currency)


def _insured(order: OrderSnapshot, cover: Cover | None) -> Collection[str]:
    """Return the keys of the variants the policy covers; of all tickets if that is unknown."""
    offer = cover.offer if cover else None
    quoted: Collection[str] = offer.request.get("tickets", {}) if offer else order.ticket_counts
    return quoted
