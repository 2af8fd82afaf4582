"""How much money went back to the buyer, and for what, in both payment flows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from saleor.order import FulfillmentStatus, OrderGrantedRefundStatus
from saleor.order.models import Fulfillment, OrderGrantedRefund
from saleor.payment import TransactionEventType, TransactionKind
from saleor.payment.models import Transaction, TransactionEvent, TransactionItem

from ..domain.refunds import Intention, Refunded, attribute

_REFUNDED = [FulfillmentStatus.REFUNDED, FulfillmentStatus.REFUNDED_AND_RETURNED]


SUMS = ("given_in_transactions", "given_in_payments", "charged_back")
"""What ``with_sums`` adds."""


def with_sums(orders: QuerySet[Any]) -> QuerySet[Any]:
    """Have orders bring along what ``refunded`` asks of them, in the same statement.

    Neither ``charge_status`` nor granted refunds tell what went back: granted amounts are
    intentions, and Saleor subtracts them from the total. What banks took back is kept in the
    events only.
    """
    return orders.annotate(
        given_in_transactions=_sum(TransactionItem, "order_id", "refunded_value"),
        given_in_payments=_sum(
            Transaction,
            "payment__order_id",
            "amount",
            kind=TransactionKind.REFUND,
            is_success=True,
        ),
        charged_back=_sum(
            TransactionEvent,
            "transaction__order_id",
            "amount_value",
            type=TransactionEventType.CHARGE_BACK,
            include_in_calculations=True,
        ),
    )


def _sum(model: Any, order: str, amount: str, **kind: Any) -> Any:
    """Add up an amount, gross, in the order's currency, of the rows of one order."""
    rows = model.objects.filter(**{order: OuterRef("pk")}, **kind).order_by().values(order)
    total = Subquery(rows.annotate(value=Sum(amount)).values("value"))
    return Coalesce(total, Value(Decimal(0)), output_field=DecimalField())


def refunded(order: Mapping[str, Any]) -> Refunded:
    """Tell what went back, per line where somebody said so, of an order's row with its sums.

    An order that is still paid in full had no refund of its own: a duplicate payment may have been
    given back. Then, and before it is paid, nothing is asked for lines.
    """
    amount = order["given_in_transactions"] + order["given_in_payments"]
    if order["total_charged_amount"] >= order["total_gross_amount"]:
        return Refunded(amount)
    intentions = list(_intentions(order["pk"])) if amount else ()
    return attribute(amount, intentions, charged_back=order["charged_back"])


def _intentions(order_id: uuid.UUID) -> Iterator[Intention]:
    """Yield granted refunds (transactions) and refunded fulfillments (legacy payments)."""
    grants = OrderGrantedRefund.objects.filter(order_id=order_id).order_by("pk")
    for grant in grants.exclude(status=OrderGrantedRefundStatus.FAILURE).prefetch_related("lines"):
        is_done = grant.status == OrderGrantedRefundStatus.SUCCESS
        yield Intention(grant.amount_value, _pieces(grant.lines.all()), is_done)
    fulfillments = Fulfillment.objects.filter(order_id=order_id, status__in=_REFUNDED)
    for fulfillment in fulfillments.order_by("pk").prefetch_related("lines"):
        amount = fulfillment.total_refund_amount
        if amount is not None:  # refunded only later, or not at all
            yield Intention(amount, _pieces(fulfillment.lines.all()), is_done=True)


def _pieces(lines: Iterable[Any]) -> dict[uuid.UUID, int]:
    pieces: dict[uuid.UUID, int] = {}
    for line in lines:
        pieces[line.order_line_id] = pieces.get(line.order_line_id, 0) + line.quantity
    return pieces
