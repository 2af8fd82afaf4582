"""Transitions of an order, with the hooks in the sequence recorded from Saleor."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from ..channel import MarkAsPaidStrategy
from ..core.refusal import deny, refuse
from ..core.utils.events import call_event
from ..payment import ChargeStatus, TransactionKind
from ..payment.models import Transaction, TransactionItem
from ..warehouse.models import Stock
from . import OrderStatus
from .fetch import OrderLineInfo
from .models import Order
from .utils import confirm_when_covered, refunded_amount, update_order_money


def announce(order: Order, manager: Any, *hooks: str) -> None:
    for hook in hooks:
        call_event(manager.event, hook, order)


def call_order_event(manager: Any, event_name: str, order: Order) -> None:
    announce(order, manager, event_name)


def fulfill_order_lines(
    order_lines_info: list[OrderLineInfo], manager: Any, allow_stock_to_be_exceeded: bool = False
) -> None:
    """Count quantities as fulfilled, and reduce the stock of variants with tracked inventory."""
    for info in order_lines_info:
        stock = Stock.objects.filter(
            warehouse_id=info.warehouse_pk, product_variant=info.variant
        ).first()
        if stock and info.variant and info.variant.track_inventory:
            if stock.quantity < info.quantity and not allow_stock_to_be_exceeded:
                deny("Insufficient product stock.", "insufficient_stock", "stocks")
            stock.quantity -= info.quantity
            stock.save()
        info.line.quantity_fulfilled += info.quantity
        info.line.save()


def settle_status(order: Order) -> None:
    """Set the first status of a new order; a free order is confirmed between its hooks."""
    is_taken_on = is_paid(order) and order.total_gross_amount > 0
    _become(order, OrderStatus.UNFULFILLED if is_taken_on else OrderStatus.UNCONFIRMED)


def announce_new_order(order: Order, manager: Any) -> None:
    """Call the hooks that follow checkoutComplete's commit."""
    announce(order, manager, "order_created")
    if is_paid(order):
        announce(order, manager, "order_paid")
        if order.status == OrderStatus.UNCONFIRMED:
            _become(order, OrderStatus.UNFULFILLED)
        announce(order, manager, "order_fully_paid", "order_updated")
    if order.channel.automatically_confirm_all_new_orders:
        announce(order, manager, "order_confirmed")


def is_paid(order: Order) -> bool:
    return order.charge_status in (ChargeStatus.FULL, ChargeStatus.OVERCHARGED)


def _become(order: Order, status: str) -> None:
    order.status = status
    order.save(update_fields=["status", "updated_at"])


def money_changed(
    order: Order, manager: Any, *, charged: Decimal = Decimal(0), refunded: Decimal = Decimal(0)
) -> None:
    """Call the hooks after a payment app's report; ``charged`` and ``refunded`` are changes."""
    update_order_money(order)
    confirm_when_covered(order)
    order.save()
    if charged > 0:
        hooks = ["order_paid"]
        if order.total_charged_amount >= order.total_gross_amount:
            hooks.append("order_fully_paid")
        announce(order, manager, *hooks, "order_updated")
    elif refunded > 0:
        announce(order, manager, "order_refunded", "order_updated")
        if refunded_amount(order) >= order.total_gross_amount:
            announce(order, manager, "order_fully_refunded")
    else:
        announce(order, manager, "order_updated")


@transaction.atomic
def mark_order_as_paid(order: Order, manager: Any) -> None:
    """Record a payment made elsewhere. Saleor does not call ``order_paid`` here."""
    if order.channel.order_mark_as_paid_strategy == MarkAsPaidStrategy.PAYMENT_FLOW:
        refuse("marks orders as paid in the transaction flow only")
    has_money = order.payments.exists() or order.payment_transactions.exists()
    if has_money or is_paid(order) or order.status == OrderStatus.CANCELED:
        deny("It is paid, cancelled or has a payment.", "transaction_error", "transaction")
    TransactionItem.objects.create(
        order=order, currency=order.currency, charged_value=order.total_gross_amount
    )
    update_order_money(order)
    announce(order, manager, "order_fully_paid", "order_updated")


@transaction.atomic
def cancel_order(order: Order, manager: Any) -> None:
    """Cancel the order. No money moves."""
    if order.status in (OrderStatus.CANCELED, OrderStatus.DRAFT, OrderStatus.EXPIRED):
        deny("This order can't be canceled.", "cannot_cancel_order", "order")
    _become(order, OrderStatus.CANCELED)
    announce(order, manager, "order_cancelled", "order_updated")


@transaction.atomic
def refund_legacy_payment(order: Order, amount: Decimal, manager: Any) -> None:
    if amount <= 0:
        deny("Amount should be a positive number.", "zero_quantity", "amount")
    payment = order.payments.filter(is_active=True).first()
    if payment is None or amount > payment.captured_amount:
        refuse("refunds no more than a legacy payment has captured", "cannot_refund")
    payment.captured_amount -= amount
    payment.save()
    Transaction.objects.create(
        payment=payment,
        kind=TransactionKind.REFUND,
        is_success=True,
        amount=amount,
        currency=order.currency,
    )
    money_changed(order, manager, refunded=amount)
