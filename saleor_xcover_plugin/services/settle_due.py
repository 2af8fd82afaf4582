"""Notice that the buyer got back what was due; the plugin itself never moves money."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from ..domain.money import Money
from ..host import notes
from ..host.values import OrderState
from ..models import Cover
from .defects import cost_of_cover, settled_sentence
from .refund_scope import scope_of


def settle_due(cover: Cover, order: OrderState, now: datetime) -> None:
    """Take back what is due once the cover's line was refunded, or plain money of just that amount.

    The caller holds the cover's lock. What had gone back before it was due does not count, nor does
    a larger sum: that was for something else, such as the tickets.
    """
    if cover.amount_due_back <= 0:
        return
    is_back = is_line_back(cover, order) or _is_rest_paid(cover, order)
    if not is_back and not _is_money_back(cover, order, now):
        return
    due = Money(cover.amount_due_back, cover.currency)
    cover.write(
        now,
        amount_due_back=Decimal(0),
        refunded_when_due=order.given.plain_money,
        reason=settled_sentence(cover),
    )
    notes.add(cover.order_id, f"{due} went back to the buyer; nothing is due any more.")


def is_line_back(cover: Cover, order: OrderState) -> bool:
    """Whether the cover's line itself went back to the buyer, alone or with everything."""
    if any(order.given.pieces.get(line.id) for line in order.cover_lines):
        return True
    scope = scope_of(order, cover)
    return scope is not None and scope.includes_premium


def _is_rest_paid(cover: Cover, order: OrderState) -> bool:
    """Whether just the rest of the order is paid since money went back, in one sum with other."""
    cost = cost_of_cover(order, cover.offer)
    is_all_due = 0 < cost <= cover.amount_due_back
    return is_all_due and order.refunded > 0 and order.charged == order.total - cost


def _is_money_back(cover: Cover, order: OrderState, now: datetime) -> bool:
    plain = order.given.plain_money
    since = plain - (plain if cover.refunded_when_due is None else cover.refunded_when_due)
    if cover.refunded_when_due is None or not 0 <= since <= cover.amount_due_back:
        cover.write(now, refunded_when_due=plain)
        return False
    return since == cover.amount_due_back
