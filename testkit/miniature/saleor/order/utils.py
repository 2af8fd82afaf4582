"""The amounts of an order, from payments and granted refunds, and its status, from its lines."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum

from ..checkout.calculations import charge_status
from ..payment import TransactionKind
from ..payment.models import Transaction
from . import OrderStatus
from .models import Order


def update_order_money(order: Order) -> None:
    """Update the charged and authorized amounts from the payments, and save."""
    charged = authorized = Decimal(0)
    for item in order.payment_transactions.all():
        charged += item.charged_value
        authorized += item.authorized_value
    for payment in order.payments.all():
        charged += payment.captured_amount
    granted = order.granted_refunds.aggregate(value=Sum("amount_value"))["value"] or Decimal(0)
    order.total_charged_amount, order.total_authorized_amount = charged, authorized
    order.charge_status = charge_status(
        charged, max(order.total_gross_amount - granted, Decimal(0))
    )
    order.save()


def confirm_when_covered(order: Order) -> None:
    """Confirm an order once its total is authorized or charged; the caller saves."""
    money = order.total_charged_amount + order.total_authorized_amount
    if order.status == OrderStatus.UNCONFIRMED and money >= order.total_gross_amount:
        order.status = OrderStatus.UNFULFILLED


def refunded_amount(order: Order) -> Decimal:
    """Return the refunded amount of both payment flows."""
    items = order.payment_transactions.aggregate(value=Sum("refunded_value"))["value"]
    legacy = Transaction.objects.filter(
        payment__order=order, kind=TransactionKind.REFUND, is_success=True
    ).aggregate(value=Sum("amount"))["value"]
    return (items or Decimal(0)) + (legacy or Decimal(0))


def update_order_status(order: Order) -> None:
    """Set the status that follows from the fulfilled quantities."""
    lines = order.lines.all()
    left = sum(line.quantity - line.quantity_fulfilled for line in lines)
    handed_out = sum(line.quantity_fulfilled for line in lines)
    status = OrderStatus.PARTIALLY_FULFILLED if handed_out else OrderStatus.UNFULFILLED
    status = status if left else OrderStatus.FULFILLED
    if order.status != status:
        order.status = status
        order.save(update_fields=["status", "updated_at"])
