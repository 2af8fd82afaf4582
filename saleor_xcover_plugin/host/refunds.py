"""How much money went back to the buyer, and for what, in both payment flows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, Exists, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from saleor.order import FulfillmentStatus, OrderGrantedRefundStatus
from saleor.order.models import Fulfillment, OrderGrantedRefund
from saleor.payment import TransactionEventType, TransactionKind
from saleor.payment.models import Transaction, TransactionEvent, TransactionItem

from ..domain.refunds import Intention, Refunded, Sold, attribute
from .prepared import Row

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


def refunded(order: Row, sold: Sold) -> Refunded:
    """Tell what went back, and for what where somebody said so, of an order's row with its sums.

    An order that is still paid in full had no refund of its own: a duplicate payment may have been
    given back. Then, and before it is paid, nothing is asked for lines.
    """
    amount = order["given_in_transactions"] + order["given_in_payments"]
    if order["total_charged_amount"] >= order["total_gross_amount"]:
        return Refunded(amount)
    intentions = [*_granted(order), *_fulfillments_refunded(order["pk"])] if amount else []
    has_plans = any(not intention.is_done for intention in intentions)
    return attribute(
        amount,
        intentions,
        sold,
        charged_back=order["charged_back"],
        payments=_unnamed(order["pk"]) if has_plans else None,
    )


def _granted(order: Row) -> Iterator[Intention]:
    """Yield granted refunds: those that were sent and succeeded as done, the others as plans.

    One that was sent again is pending although a refund names it already.
    """
    status = OrderGrantedRefundStatus
    named = TransactionEvent.objects.filter(
        related_granted_refund_id=OuterRef("pk"), type=TransactionEventType.REFUND_SUCCESS
    )
    grants = OrderGrantedRefund.objects.filter(order_id=order["pk"]).annotate(
        is_named=Exists(named)
    )
    for grant in grants.exclude(status=status.FAILURE).order_by("pk").prefetch_related("lines"):
        yield Intention(
            grant.amount_value,
            _pieces(grant.lines.all()),
            is_done=grant.status == status.SUCCESS
            or (grant.status == status.PENDING and grant.is_named),
            shipping=_shipping_of(order, is_named=grant.shipping_costs_included),
        )


def _fulfillments_refunded(order_id: uuid.UUID) -> Iterator[Intention]:
    """Yield what was refunded by fulfillment (legacy payments)."""
    fulfillments = Fulfillment.objects.filter(order_id=order_id, status__in=_REFUNDED)
    for fulfillment in fulfillments.order_by("pk").prefetch_related("lines"):
        amount = fulfillment.total_refund_amount
        if amount is not None:  # refunded only later, or not at all
            shipping = fulfillment.shipping_refund_amount or Decimal(0)
            yield Intention(
                amount, _pieces(fulfillment.lines.all()), is_done=True, shipping=shipping
            )


def _shipping_of(order: Row, *, is_named: bool) -> Decimal:
    return order["shipping_price_gross_amount"] if is_named else Decimal(0)


def _unnamed(order_id: uuid.UUID) -> list[Decimal]:
    """Return single refunds that name no grant, oldest first; legacy ones name none at all."""
    events = TransactionEvent.objects.filter(
        transaction__order_id=order_id,
        type=TransactionEventType.REFUND_SUCCESS,
        include_in_calculations=True,
        related_granted_refund=None,
    )
    payments = Transaction.objects.filter(
        payment__order_id=order_id, kind=TransactionKind.REFUND, is_success=True
    )
    return [
        *events.order_by("created_at", "pk").values_list("amount_value", flat=True),
        *payments.order_by("pk").values_list("amount", flat=True),
    ]


def _pieces(lines: Iterable[Any]) -> dict[uuid.UUID, int]:
    pieces: dict[uuid.UUID, int] = {}
    for line in lines:
        pieces[line.order_line_id] = pieces.get(line.order_line_id, 0) + line.quantity
    return pieces
