"""Read how much money of an order was refunded, and for which lines, in both payment flows.

Amounts are gross, in the order's currency.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from saleor.order import FulfillmentStatus, OrderGrantedRefundStatus
from saleor.order.models import Fulfillment, OrderGrantedRefund
from saleor.payment import TransactionEventType, TransactionKind
from saleor.payment.models import Transaction, TransactionEvent, TransactionItem

from ..compiled_query import Row
from ..domain.refund_attribution import Intention, Refunded, Sold, attribute

_OF_REFUNDS = [
    TransactionEventType.REFUND_SUCCESS,
    TransactionEventType.REFUND_FAILURE,
    TransactionEventType.REFUND_REVERSE,
]
_REFUNDED = [FulfillmentStatus.REFUNDED, FulfillmentStatus.REFUNDED_AND_RETURNED]


SUMS = ("given_in_transactions", "given_in_payments", "charged_back")
"""Columns that ``with_sums`` adds."""


def with_sums(orders: QuerySet[Any]) -> QuerySet[Any]:
    """Add the columns that ``refunded`` needs to a query of orders.

    Saleor's ``charge_status`` and granted refunds do not tell how much went back: a granted amount
    is an intention, which Saleor subtracts from the total. Chargebacks are only in the events.
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
    """Return the expression for the sum of a column over the rows of one order; 0 without rows."""
    rows = model.objects.filter(**{order: OuterRef("pk")}, **kind).order_by().values(order)
    total = Subquery(rows.annotate(value=Sum(amount)).values("value"))
    return Coalesce(total, Value(Decimal(0)), output_field=DecimalField())


def has_refunds(order: Row) -> bool:
    """Return True if any money of an order was refunded or charged back.

    ``order`` is a row of a query with ``with_sums``.
    """
    return any(order[name] for name in SUMS)


def refunded(order: Row, sold: Sold) -> Refunded:
    """Return how much of an order was refunded, and for which lines where that is known.

    ``order`` is a row of a query with ``with_sums``. An order that is still paid in full had no
    refund of its own: a duplicate payment may have been given back. Only the amount is returned
    then, without lines.
    """
    amount = order["given_in_transactions"] + order["given_in_payments"]
    if order["total_charged_amount"] >= order["total_gross_amount"]:
        return Refunded(amount)
    refunds = _in_transactions(order["pk"]) if order["given_in_transactions"] else []
    named = _by_grant(refunds)
    intentions = [*_granted(order, named), *_fulfillments_refunded(order["pk"])] if amount else []
    unnamed = [one.amount for one in refunds if one.grant is None and one.amount > 0]
    has_plans = any(not intention.is_done for intention in intentions)
    return attribute(
        amount,
        intentions,
        sold,
        charged_back=order["charged_back"],
        payments=[*unnamed, *_in_payments(order["pk"])] if has_plans else None,
        unnamed=sum(unnamed, Decimal(0)),
    )


@dataclass(frozen=True, slots=True)
class _Refund:
    """One refund of a transaction."""

    grant: int | None
    """Primary key of the granted refund it names."""
    amount: Decimal
    """Money that went back, less what was reversed."""


def _in_transactions(order_id: uuid.UUID) -> list[_Refund]:
    """Return the refunds that payment apps reported, oldest first, computed as Saleor does.

    Events with one reference are one refund: the amount of its success, unless it failed later,
    less what was reversed. A reversal with a reference of its own gives a negative refund.
    """
    events = TransactionEvent.objects.filter(
        transaction__order_id=order_id, type__in=_OF_REFUNDS, include_in_calculations=True
    )
    by_reference: dict[tuple[object, ...], dict[str, Any]] = {}
    for event in events.order_by("created_at", "pk"):
        key = (event.transaction_id, event.psp_reference or event.pk)
        by_reference.setdefault(key, {})[event.type] = event
    return [_refund_of(events_of_one) for events_of_one in by_reference.values()]


def _refund_of(events: dict[str, Any]) -> _Refund:
    success = events.get(TransactionEventType.REFUND_SUCCESS)
    failure = events.get(TransactionEventType.REFUND_FAILURE)
    reverse = events.get(TransactionEventType.REFUND_REVERSE)
    amount = Decimal(0)
    if success is not None and (failure is None or success.created_at > failure.created_at):
        amount += success.amount_value
    if reverse is not None:
        amount -= reverse.amount_value
    return _Refund(success.related_granted_refund_id if success else None, amount)


def _by_grant(refunds: Iterable[_Refund]) -> dict[int, Decimal]:
    """Return the refunded amount by granted refund."""
    sums: dict[int, Decimal] = {}
    for refund in refunds:
        if refund.grant is not None:
            sums[refund.grant] = sums.get(refund.grant, Decimal(0)) + refund.amount
    return sums


def _granted(order: Row, named: Mapping[int, Decimal]) -> Iterator[Intention]:
    """Yield granted refunds: as done if money went back for them, else as planned.

    The amount is that of the refunds that name the grant, not the granted one: payment providers
    may refund less, or reverse a refund.
    """
    grants = OrderGrantedRefund.objects.filter(order_id=order["pk"]).order_by("pk")
    for grant in grants.prefetch_related("lines"):
        back = named.get(grant.pk)
        if not back and grant.status == OrderGrantedRefundStatus.FAILURE:
            continue
        is_done = back is None and grant.status == OrderGrantedRefundStatus.SUCCESS
        yield Intention(
            back or grant.amount_value,
            _pieces(grant.lines.all()),
            is_done=is_done or bool(back and back > 0),
            shipping=_shipping_of(order, is_named=grant.shipping_costs_included),
        )


def _fulfillments_refunded(order_id: uuid.UUID) -> Iterator[Intention]:
    """Yield refunds made with a fulfillment (legacy payments)."""
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


def _in_payments(order_id: uuid.UUID) -> list[Decimal]:
    """Return the refunds of legacy payments, oldest first; they name neither line nor grant."""
    refunds = Transaction.objects.filter(
        payment__order_id=order_id, kind=TransactionKind.REFUND, is_success=True
    )
    return list(refunds.order_by("pk").values_list("amount", flat=True))


def _pieces(lines: Iterable[Any]) -> dict[uuid.UUID, int]:
    pieces: dict[uuid.UUID, int] = {}
    for line in lines:
        pieces[line.order_line_id] = pieces.get(line.order_line_id, 0) + line.quantity
    return pieces
