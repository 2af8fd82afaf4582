"""Completion of a checkout: hooks, copied fields and money in Saleor's sequence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from ..core.refusal import deny, refuse
from ..core.utils.events import call_event
from ..graphql.ids import global_id
from ..order.actions import announce_new_order, settle_status
from ..order.models import Order, OrderLine
from ..order.utils import update_order_money
from ..payment import TransactionKind
from ..payment.models import Transaction
from .calculations import fetch_checkout_data, is_authorized
from .fetch import CheckoutInfo, CheckoutLineInfo, fetch_checkout_info, fetch_checkout_lines
from .lock_objects import checkout_qs_select_for_update
from .models import Checkout


def complete_checkout(checkout: Checkout, manager: Any, *, by_app: bool = False) -> Order:
    """Create the order. Raises ValidationError, and leaves the checkout unchanged, if it may not.

    ``by_app`` is orderCreateFromCheckout, which needs no payment because the app is paid elsewhere.
    """
    require_buyer(checkout)
    info, lines = _priced(checkout, manager)
    need_not_pay = by_app or checkout.channel.allow_unpaid_orders
    is_legacy = not (need_not_pay or is_authorized(info.checkout))
    if not is_legacy:
        manager.run("preprocess_order_creation", info.channel, info, lines)
    with transaction.atomic():
        locked = checkout_qs_select_for_update().filter(pk=checkout.pk).first()
        if locked is None:
            return Order.objects.get(checkout_token=str(checkout.pk))
        # The hook ran without the lock. As in Saleor, the current rows are sold.
        info, lines = _priced(locked, manager)
        payment = locked.payments.filter(is_active=True).first() if is_legacy else None
        if is_legacy:
            # A cover accepted after the payment was created makes the payment too small.
            if payment is None or payment.total < locked.total_gross_amount:
                deny("The payments do not cover the checkout's total.", "checkout_not_fully_paid")
            # The legacy flow has one transaction around everything, including the plugin's hook.
            manager.run("preprocess_order_creation", info.channel, info, lines)
        return _make_order(info, lines, manager, payment)


def require_buyer(checkout: Checkout) -> None:
    if not checkout.email:
        deny("Checkout email must be set.", "email_not_set")
    if not checkout.billing_address:
        deny("Billing address is not set", "billing_address_not_set")


def _priced(checkout: Checkout, manager: Any) -> tuple[CheckoutInfo, list[CheckoutLineInfo]]:
    """Read the lines again, price them if prices have expired, and refuse what cannot be sold."""
    lines, missing = fetch_checkout_lines(checkout)
    if not lines:
        deny("Cannot complete checkout without lines.", "no_lines")
    if missing:
        deny("Some of the variants are unavailable.", "unavailable_variant_in_channel")
    info = fetch_checkout_info(checkout, lines, manager)
    info, lines = fetch_checkout_data(info, manager, lines).get()
    return info, lines


def _make_order(
    info: CheckoutInfo, lines: list[CheckoutLineInfo], manager: Any, payment: Any
) -> Order:
    """Create the order of a locked checkout."""
    checkout = info.checkout
    order = _copied_order(info)
    for position, line_info in enumerate(lines):
        _copy_line(order, line_info, position)
    checkout.payments.update(order=order, checkout=None)
    checkout.payment_transactions.update(order=order, checkout=None)
    if payment is not None:
        _capture(payment, order)
    _debit_gift_card(checkout, order)
    update_order_money(order)
    settle_status(order)
    checkout.delete()
    call_event(announce_new_order, order, manager)
    return order


def _debit_gift_card(checkout: Checkout, order: Order) -> None:
    """Charge the gift card. Its row lock keeps two checkouts from spending the same money."""
    part = checkout.subtotal_gross_amount - checkout.total_gross_amount
    for card in checkout.gift_cards.select_for_update(of=("self",)):
        if not card.is_active or card.current_balance_amount < part:
            refuse("gives up when a gift card was spent meanwhile", "gift_card_not_applicable")
        card.current_balance_amount -= part
        card.save(update_fields=["current_balance_amount"])
        order.gift_cards.add(card)


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
        shipping_price_gross_amount=checkout.shipping_price_gross_amount,
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
        product_variant_id=global_id("ProductVariant", line.variant_id),
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
