"""How much money went back to the buyer, and for what, in both payment flows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from saleor.order import FulfillmentStatus, OrderGrantedRefundStatus
from saleor.order.models import Fulfillment, OrderGrantedRefund
from saleor.payment import TransactionEventType, TransactionKind
from saleor.payment.models import Transaction, TransactionEvent, TransactionItem

from ..domain.refunds import Intention, Refunded, attribute

_REFUNDED = [FulfillmentStatus.REFUNDED, FulfillmentStatus.REFUNDED_AND_RETURNED]


def refunded(order: Any) -> Refunded:
    """Read what went back, per line where somebody said so.

    An order that is still paid in full had no refund of its own: a duplicate payment may have been
    given back. Then, and before it is paid, nothing is asked for lines.
    """
    amount = _amount(order)
    if order.total_charged_amount >= order.total_gross_amount:
        return Refunded(amount)
    charged_back = _charged_back(order)
    return attribute(amount, list(_intentions(order)) if amount else (), charged_back=charged_back)


def _amount(order: Any) -> Decimal:
    """Sum of all money given back, gross, in the order's currency.

    Neither ``charge_status`` nor granted refunds tell it: granted amounts are intentions, and
    Saleor subtracts them from the total.
    """
    transactions = TransactionItem.objects.filter(order_id=order.pk).aggregate(
        value=Sum("refunded_value")
    )["value"]
    legacy = Transaction.objects.filter(
        payment__order_id=order.pk, kind=TransactionKind.REFUND, is_success=True
    ).aggregate(value=Sum("amount"))["value"]
    return (transactions or Decimal(0)) + (legacy or Decimal(0))


def _charged_back(order: Any) -> Decimal:
    """Sum of what banks took back; Saleor keeps it in the events only."""
    taken = TransactionEvent.objects.filter(
        transaction__order_id=order.pk,
        type=TransactionEventType.CHARGE_BACK,
        include_in_calculations=True,
    ).aggregate(value=Sum("amount_value"))["value"]
    return taken or Decimal(0)


def _intentions(order: Any) -> Iterator[Intention]:
    """Yield granted refunds (transactions) and refunded fulfillments (legacy payments)."""
    grants = OrderGrantedRefund.objects.filter(order_id=order.pk).order_by("pk")
    for grant in grants.exclude(status=OrderGrantedRefundStatus.FAILURE).prefetch_related("lines"):
        is_done = grant.status == OrderGrantedRefundStatus.SUCCESS
        yield Intention(grant.amount_value, _pieces(grant.lines.all()), is_done)
    fulfillments = Fulfillment.objects.filter(order_id=order.pk, status__in=_REFUNDED)
    for fulfillment in fulfillments.order_by("pk").prefetch_related("lines"):
        amount = fulfillment.total_refund_amount
        if amount is not None:  # refunded only later, or not at all
            yield Intention(amount, _pieces(fulfillment.lines.all()), is_done=True)


def _pieces(lines: Iterable[Any]) -> dict[uuid.UUID, int]:
    pieces: dict[uuid.UUID, int] = {}
    for line in lines:
        pieces[line.order_line_id] = pieces.get(line.order_line_id, 0) + line.quantity
    return pieces
