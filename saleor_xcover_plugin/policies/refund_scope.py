"""What of an order went back to the buyer, seen from its policy."""

from __future__ import annotations

from collections.abc import Collection

from ..domain.money import Money
from ..domain.refunds import RefundScope, scope_of_pieces
from ..host.values import OrderSnapshot
from ..models import Cover


def is_paid_for_policy(order: OrderSnapshot, cover: Cover | None) -> bool:
    """Whether insured tickets and cover are paid: what went back since was for other goods only.

    Not of an order that was cancelled, expired or refunded in full.
    """
    if order.is_paid_in_full:
        return True
    was_paid = order.charged + order.refunded >= order.total
    return was_paid and not order.is_over and scope_of(order, cover) is None


def scope_of(order: OrderSnapshot, cover: Cover | None = None) -> RefundScope | None:
    """Say what of the order went back to the buyer; None when nothing of ours did.

    Without a cover, or where nobody knows what it was quoted for, all tickets count as insured.
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
    """Return what the tickets and the cover cost that were refunded too little, and what went back.

    Other goods of the same refunds are in neither.
    """
    insured = _insured(order, cover)
    ours = [line.id for line in order.lines if line.variant in insured]
    ours += [line.id for line in order.cover_lines]
    cost, back = order.given.short_of(ours)
    return Money(cost, order.currency), Money(back, order.currency)


def _insured(order: OrderSnapshot, cover: Cover | None) -> Collection[str]:
    """Return the keys of the variants the policy covers; of all tickets where nobody knows."""
    offer = cover.offer if cover else None
    quoted: Collection[str] = offer.request.get("tickets", {}) if offer else order.ticket_counts
    return quoted
