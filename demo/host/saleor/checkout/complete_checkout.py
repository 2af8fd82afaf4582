"""Turn a checkout into an order: hooks, copied fields and money in Saleor's order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from ..channel import MarkAsPaidStrategy
from ..core.utils.events import call_event
from ..order.actions import announce_new_order, settle_status
from ..order.models import Order, OrderLine
from ..order.utils import update_order_money
from ..payment import TransactionKind
from ..payment.models import Transaction
from .calculations import fetch_checkout_data, update_charge_status
from .error_codes import CheckoutErrorCode
from .fetch import CheckoutInfo, CheckoutLineInfo, fetch_checkout_info, fetch_checkout_lines
from .lock_objects import checkout_qs_select_for_update
from .models import Checkout


def complete_checkout(checkout: Checkout, manager: Any, *, by_app: bool = False) -> Order:
    """Make the order. Raise ValidationError and leave the checkout as it is when that may not be.

    ``by_app`` is orderCreateFromCheckout: the app is paid elsewhere and nothing need be paid here.
    """
    strategy = checkout.channel.order_mark_as_paid_strategy
    payment = checkout.payments.filter(is_active=True).first()
    if strategy == MarkAsPaidStrategy.PAYMENT_FLOW and not by_app:
        if payment is None:
            raise _error("Provide a payment first.", CheckoutErrorCode.CHECKOUT_NOT_FULLY_PAID)
        # The legacy flow holds one transaction around everything, the plugin's hook included.
        with transaction.atomic():
            info, lines = _prepared(checkout, manager, must_be_paid=False)
            return _make_order(info, lines, manager, payment)
    must_be_paid = not (by_app or checkout.channel.allow_unpaid_orders)
    info, lines = _prepared(checkout, manager, must_be_paid=must_be_paid)
    with transaction.atomic():
        return _make_order(info, lines, manager, None)


def _prepared(
    checkout: Checkout, manager: Any, *, must_be_paid: bool
) -> tuple[CheckoutInfo, list[CheckoutLineInfo]]:
    """Price and check the checkout, then ask the plugin."""
    lines, missing = fetch_checkout_lines(checkout)
    if not lines:
        raise _error("A checkout without lines.", CheckoutErrorCode.INVALID)
    if missing:
        sentence = "Some of the variants are not for sale."
        raise _error(sentence, CheckoutErrorCode.UNAVAILABLE_VARIANT_IN_CHANNEL)
    info = fetch_checkout_info(checkout, lines, manager)
    info, lines = fetch_checkout_data(info, manager, lines).get()
    update_charge_status(info.checkout)
    if must_be_paid and info.checkout.charge_status not in ("full", "overcharged"):
        sentence = "The checkout is not fully paid."
        raise _error(sentence, CheckoutErrorCode.CHECKOUT_NOT_FULLY_PAID)
    manager.run("preprocess_order_creation", info.channel, info, lines)
    return info, lines


def _make_order(
    info: CheckoutInfo, lines: list[CheckoutLineInfo], manager: Any, payment: Any
) -> Order:
    checkout = checkout_qs_select_for_update().filter(pk=info.checkout.pk).first()
    if checkout is None:
        return Order.objects.get(checkout_token=str(info.checkout.pk))
    order = _copied_order(info)
    for position, line_info in enumerate(lines):
        _copy_line(order, line_info, position)
    checkout.payment_transactions.update(order=order, checkout=None)
    if payment is not None:
        _capture(payment, order)
    for card in checkout.gift_cards.all():
        card.current_balance_amount -= (
            order.undiscounted_total_gross_amount - order.total_gross_amount
        )
        card.save()
        order.gift_cards.add(card)
    update_order_money(order)
    settle_status(order)
    checkout.delete()
    call_event(announce_new_order, order, manager)
    return order


def _copied_order(info: CheckoutInfo) -> Order:
    checkout = info.checkout
    stored = getattr(checkout, "metadata_storage", None)
    undiscounted = sum((i.unit_price * i.line.quantity for i in info.lines), Decimal(0))
    return Order.objects.create(
        channel=checkout.channel,
        checkout_token=str(checkout.pk),
        user_email=(checkout.user.email if checkout.user else checkout.email) or "",
        billing_address=checkout.billing_address,
        shipping_address=checkout.shipping_address,
        currency=checkout.currency,
        voucher_code=checkout.voucher_code,
        total_gross_amount=checkout.total_gross_amount,
        undiscounted_total_gross_amount=undiscounted,
        metadata=stored.metadata if stored else {},
        private_metadata=stored.private_metadata if stored else {},
    )


def _copy_line(order: Order, info: CheckoutLineInfo, position: int) -> None:
    line = info.line
    OrderLine.objects.create(
        order=order,
        variant=line.variant,
        product_name=line.variant.product.name,
        product_sku=line.variant.sku,
        quantity=line.quantity,
        is_price_overridden=line.price_override is not None,
        currency=line.currency,
        unit_price_gross_amount=line.total_price_gross_amount / line.quantity,
        undiscounted_unit_price_gross_amount=line.undiscounted_unit_price_amount,
        total_price_gross_amount=line.total_price_gross_amount,
        metadata=line.metadata,
        private_metadata=line.private_metadata,
        position=position,
    )


def _capture(payment: Any, order: Order) -> None:
    payment.order, payment.checkout, payment.captured_amount = order, None, payment.total
    payment.save()
    Transaction.objects.create(
        payment=payment,
        kind=TransactionKind.CAPTURE,
        is_success=True,
        amount=payment.total,
        currency=payment.currency,
    )


def _error(message: str, code: CheckoutErrorCode) -> ValidationError:
    return ValidationError(message, code=code.value)
