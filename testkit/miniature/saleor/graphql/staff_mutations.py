"""Mutations that need permissions: orders, refunds, settings, vouchers and gift cards."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from ..channel.models import Channel
from ..core.refusal import deny, refuse
from ..discount.models import Voucher, VoucherChannelListing, VoucherCode
from ..giftcard.models import GiftCard
from ..order import actions, fulfillment
from ..order.lock_objects import order_qs_select_for_update
from ..order.models import Order, OrderGrantedRefund, OrderLine
from ..order.utils import update_order_money
from ..payment.models import TransactionItem
from ..plugins.error_codes import PluginErrorCode
from . import inputs, views
from .ids import find, global_id
from .permissions import STAFF, require
from .registry import Request, mutation

ORDERS = Order.objects.select_related("channel")


def _order_mutation(name: str, action: Any) -> None:
    def mutate(request: Request, id: str, **arguments: Any) -> views.View:
        require(request.requestor, STAFF)
        with transaction.atomic():
            order = find(order_qs_select_for_update(), "Order", id)
            action(order, manager=request.manager, **arguments)
        return {"order": views.order(order, request.requestor)}

    mutation(name)(mutate)


_order_mutation("orderMarkAsPaid", actions.mark_order_as_paid)
_order_mutation("orderCancel", actions.cancel_order)
_order_mutation("orderRefund", actions.refund_legacy_payment)


@mutation("orderUpdate")
def order_update(request: Request, id: str, input: dict[str, Any]) -> views.View:
    """Edit e-mail and addresses in place; call the hook after the commit if anything was given."""
    require(request.requestor, STAFF)
    with transaction.atomic():
        order = find(order_qs_select_for_update(), "Order", id)
        if email := inputs.email(input.get("userEmail")):
            order.user_email = email
        for name in ("billingAddress", "shippingAddress"):
            if given := input.get(name):
                field = inputs.snake(name)
                setattr(order, field, inputs.changed_address(getattr(order, field), given))
        order.save()
    if input:
        actions.announce(order, request.manager, "order_updated")
    return {"order": views.order(order, request.requestor)}


@mutation("orderFulfill")
def order_fulfill(request: Request, order: str, input: dict[str, Any]) -> views.View:
    """Fulfill lines from stock, approved at once; call the hook after the commit."""
    require(request.requestor, STAFF)
    row = find(ORDERS, "Order", order)
    if input.get("notifyCustomer", True):
        refuse("sends no e-mails")
    pieces = fulfillment.given_pieces(row, input["lines"], find)
    made = fulfillment.create_fulfillments(row, pieces, request.manager)
    return {
        "order": views.order(row, request.requestor),
        "fulfillments": [views.fulfillment(each) for each in made],
    }


@mutation("orderGrantRefundCreate")
def order_grant_refund_create(request: Request, id: str, input: dict[str, Any]) -> views.View:
    """Record a granted refund. No money moves and no hook is called, but the order seems
    overcharged."""
    require(request.requestor, STAFF)
    order = find(ORDERS, "Order", id)
    rows = TransactionItem.objects.filter(order=order)
    item = find(rows, "TransactionItem", input["transactionId"], key="token")
    amount, lines = input.get("amount"), input.get("lines") or []
    pieces: list[tuple[OrderLine, int]] = []
    if amount is None and not lines:
        refuse("grants an amount or lines", "required")
    for wanted in lines:
        line = find(OrderLine.objects.filter(order=order), "OrderLine", wanted["id"])
        granted = line.granted_refund_lines.aggregate(count=Sum("quantity"))["count"] or 0
        if not 0 < wanted["quantity"] <= line.quantity - granted:
            refuse("grants each piece of a line once, and no more than there are")
        pieces.append((line, wanted["quantity"]))
    if amount is None:
        value = sum((line.unit_price_gross_amount * count for line, count in pieces), Decimal(0))
        amount = min(value, item.charged_value)
    elif amount > item.charged_value:
        deny("The transaction was charged less.", "amount_greater_than_available", "amount")
    row = OrderGrantedRefund.objects.create(
        order=order,
        amount_value=amount,
        currency=order.currency,
        reason=input.get("reason") or "",
        transaction_item=item,
    )
    for line, count in pieces:
        row.lines.create(order_line=line, quantity=count)
    update_order_money(order)
    refund = {"amount": views.money(amount, order.currency), "status": "NONE"}
    return {"grantedRefund": {"id": global_id("OrderGrantedRefund", row.pk), **refund}}


@mutation("pluginUpdate")
def plugin_update(
    request: Request, id: str, input: dict[str, Any], channelId: str | None = None
) -> views.View:
    require(request.requestor, STAFF)
    channel = find(Channel.objects.all(), "Channel", channelId or "")
    if request.manager.save_plugin_configuration(id, channel.slug, input) is None:
        deny("No such plugin.", PluginErrorCode.NOT_FOUND.value)
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
    for code in input.get("addCodes") or []:
        VoucherCode.objects.create(voucher=voucher, code=code)
    return {"voucher": {"id": global_id("Voucher", voucher.pk)}}


@mutation("voucherChannelListingUpdate")
@transaction.atomic
def voucher_channel_listing_update(request: Request, id: str, input: dict[str, Any]) -> views.View:
    require(request.requestor, STAFF)
    voucher = find(Voucher.objects.all(), "Voucher", id)
    for wanted in input["addChannels"]:
        if wanted.get("minAmountSpent") is not None:
            refuse("knows no vouchers with a minimum")
        if wanted["discountValue"] > 100:
            refuse("takes no more than 100 percent off")
        channel = find(Channel.objects.all(), "Channel", wanted["channelId"])
        if voucher.channel_listings.filter(channel=channel).exists():
            refuse("lists a voucher once per channel and changes no listing")
        VoucherChannelListing.objects.create(
            voucher=voucher,
            channel=channel,
            discount_value=wanted["discountValue"],
            currency=channel.currency_code,
        )
    return {"voucher": {"id": id}}
