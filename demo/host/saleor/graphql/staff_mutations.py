"""What needs rights: payments, refunds, settings, vouchers and gift cards."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from ..channel.models import Channel
from ..checkout.calculations import update_charge_status
from ..checkout.models import Checkout
from ..discount.models import Voucher, VoucherChannelListing, VoucherCode
from ..giftcard.models import GiftCard
from ..order import actions
from ..order.models import Order, OrderGrantedRefund, OrderLine
from ..order.utils import update_order_money
from ..payment.models import TransactionEvent, TransactionItem
from ..plugins.error_codes import PluginErrorCode
from . import views
from .ids import find, find_or_none, global_id
from .permissions import PAYMENT_APP, STAFF, require
from .registry import Request, mutation

ORDERS = Order.objects.select_related("channel")
_CHANGES = {
    # event: what it adds to charged, authorized and refunded
    "AUTHORIZATION_SUCCESS": (0, 1, 0),
    "CHARGE_SUCCESS": (1, -1, 0),
    "REFUND_SUCCESS": (-1, 0, 1),
    "REFUND_REVERSE": (1, 0, -1),
}


@mutation("transactionCreate")
@transaction.atomic
def transaction_create(request: Request, id: str, transaction: dict[str, Any]) -> views.View:
    """Take note of a payment at a payment app."""
    require(request.requestor, PAYMENT_APP)
    order = find_or_none(ORDERS, "Order", id)
    checkout = None if order else find(Checkout.objects.all(), "Checkout", id)
    charged, authorized = (
        transaction.get(kind, {}).get("amount", Decimal(0))
        for kind in ("amountCharged", "amountAuthorized")
    )
    item = TransactionItem.objects.create(
        checkout=checkout,
        order=order,
        name=transaction.get("name", ""),
        psp_reference=transaction.get("pspReference"),
        currency=(order or checkout).currency,
        charged_value=charged,
        authorized_value=authorized,
    )
    if order is not None:
        actions.money_changed(order, request.manager, charged=charged)
    else:
        update_charge_status(checkout)
        checkout.save(update_fields=["charge_status"])
    return {"transaction": views.transaction(item)}


@mutation("transactionEventReport")
@transaction.atomic
def transaction_event_report(
    request: Request, id: str, type: str, pspReference: str, amount: Decimal = Decimal(0)
) -> views.View:
    """Take a payment app's news; the same news again change and announce nothing."""
    require(request.requestor, PAYMENT_APP)
    rows = TransactionItem.objects.select_for_update()
    item = find(rows, "TransactionItem", id, key="token")
    _, is_new = TransactionEvent.objects.get_or_create(
        transaction=item,
        type=type.lower(),
        psp_reference=pspReference,
        defaults={"amount_value": amount, "currency": item.currency},
    )
    if is_new:
        charged, authorized, refunded = (amount * sign for sign in _CHANGES[type])
        item.charged_value += charged
        item.authorized_value = max(item.authorized_value + authorized, Decimal(0))
        item.refunded_value += refunded
        item.save()
        if item.order:
            actions.money_changed(item.order, request.manager, charged=charged, refunded=refunded)
    return {"transaction": views.transaction(item), "alreadyProcessed": not is_new}


def _order_mutation(name: str, action: Any) -> None:
    def mutate(request: Request, id: str, **arguments: Any) -> views.View:
        require(request.requestor, STAFF)
        order = find(ORDERS, "Order", id)
        action(order, manager=request.manager, **arguments)
        return {"order": views.order(order, request.requestor)}

    mutation(name)(mutate)


_order_mutation("orderMarkAsPaid", actions.mark_order_as_paid)
_order_mutation("orderCancel", actions.cancel_order)
_order_mutation("orderRefund", actions.refund_legacy_payment)


@mutation("orderGrantRefundCreate")
def order_grant_refund_create(request: Request, id: str, input: dict[str, Any]) -> views.View:
    """Note an intention: no money moves and no hook is called, but the order seems overcharged."""
    require(request.requestor, STAFF)
    order = find(ORDERS, "Order", id)
    rows = TransactionItem.objects.filter(order=order)
    item = find(rows, "TransactionItem", input["transactionId"], key="token")
    amount = input.get("amount") or Decimal(0)
    for wanted in input.get("lines", []):
        line = find(OrderLine.objects.filter(order=order), "OrderLine", wanted["id"])
        amount += line.unit_price_gross_amount * wanted["quantity"]
    row = OrderGrantedRefund.objects.create(
        order=order,
        amount_value=amount,
        currency=order.currency,
        reason=input.get("reason", ""),
        transaction_item=item,
    )
    update_order_money(order)
    refund = {"amount": views.money(amount, order.currency), "status": "NONE"}
    return {"grantedRefund": {"id": global_id("OrderGrantedRefund", row.pk), **refund}}


@mutation("pluginUpdate")
def plugin_update(
    request: Request, id: str, input: dict[str, Any], channelId: str = ""
) -> views.View:
    require(request.requestor, STAFF)
    channel = find(Channel.objects.all(), "Channel", channelId)
    if request.manager.save_plugin_configuration(id, channel.slug, input) is None:
        raise ValidationError("No such plugin.", PluginErrorCode.NOT_FOUND.value)
    return {"plugin": {"id": id}}


@mutation("giftCardCreate")
def gift_card_create(request: Request, input: dict[str, Any]) -> views.View:
    require(request.requestor, STAFF)
    balance = input["balance"]
    card = GiftCard.objects.create(
        code=uuid.uuid4().hex[:16].upper(),
        is_active=input["isActive"],
        currency=balance["currency"],
        initial_balance_amount=balance["amount"],
        current_balance_amount=balance["amount"],
    )
    return {"giftCard": {"id": global_id("GiftCard", card.pk), "code": card.code}}


@mutation("voucherCreate")
@transaction.atomic
def voucher_create(request: Request, input: dict[str, Any]) -> views.View:
    require(request.requestor, STAFF)
    voucher = Voucher.objects.create(name=input.get("name"))
    for code in input.get("addCodes", []):
        VoucherCode.objects.create(voucher=voucher, code=code)
    return {"voucher": {"id": global_id("Voucher", voucher.pk)}}


@mutation("voucherChannelListingUpdate")
@transaction.atomic
def voucher_channel_listing_update(request: Request, id: str, input: dict[str, Any]) -> views.View:
    require(request.requestor, STAFF)
    voucher = find(Voucher.objects.all(), "Voucher", id)
    for wanted in input["addChannels"]:
        if wanted.get("minAmountSpent") is not None:
            raise ValidationError(
                "The miniature knows no vouchers with a minimum; use a real Saleor.", "invalid"
            )
        channel = find(Channel.objects.all(), "Channel", wanted["channelId"])
        VoucherChannelListing.objects.create(
            voucher=voucher,
            channel=channel,
            discount_value=wanted["discountValue"],
            currency=channel.currency_code,
        )
    return {"voucher": {"id": id}}
