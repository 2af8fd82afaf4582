"""Notice that the buyer got back what was due; the plugin itself never moves money."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from ..domain.money import Money
from ..domain.refunds import RefundScope
from ..host import notes
from ..host.values import OrderState
from ..models import Cover
from .refund_scope import scope_of


def settle_due(cover: Cover, order: OrderState, now: datetime) -> None:
    """Take back what is due once it was refunded: with the cover line, or by that much money.

    The caller holds the cover's lock. What had gone back before it was due does not count.
    """
    if cover.amount_due_back <= 0:
        return
    if scope_of(order, cover) not in (RefundScope.EVERYTHING, RefundScope.COVER):
        if cover.refunded_when_due is None:
            cover.write(now, refunded_when_due=order.refunded)
        if order.refunded - (cover.refunded_when_due or Decimal(0)) < cover.amount_due_back:
            return
    due = Money(cover.amount_due_back, cover.currency)
    cover.write(now, amount_due_back=Decimal(0), refunded_when_due=order.refunded)
    notes.add(cover.order_id, f"{due} went back to the buyer; nothing is due any more.")
