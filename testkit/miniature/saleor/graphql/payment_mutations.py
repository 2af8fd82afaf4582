"""Mutations of payments: created by a shopper (legacy) or reported by a payment app."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from ..checkout.calculations import update_charge_status
from ..checkout.complete_checkout import require_buyer
from ..checkout.lock_objects import checkout_qs_select_for_update
from ..core.prices import quantize_price
from ..core.refusal import deny, refuse
from ..order import actions
from ..order.lock_objects import order_qs_select_for_update
from ..payment.models import Payment, TransactionItem
from . import inputs, views
from .ids import find, find_or_none
from .permissions import PAYMENT_APP, require
from .registry import Request, mutation

GATEWAY = "mirumee.payments.dummy"
_CHANGES = {
    # event: what it adds to charged, authorized and refunded
    "AUTHORIZATION_SUCCESS": (0, 1, 0),
    "CHARGE_SUCCESS": (1, -1, 0),
    "CHARGE_BACK": (-1, 0, 0),
    "REFUND_SUCCESS": (-1, 0, 1),
    "REFUND_REVERSE": (1, 0, -1),
}


@mutation("checkoutPaymentCreate")
@transaction.atomic
def checkout_payment_create(request: Request, id: str, input: dict[str, Any]) -> views.View:
    checkout = find(checkout_qs_select_for_update(), "Checkout", id)
    if input["gateway"] != GATEWAY:
        refuse(f"knows the gateway {GATEWAY} only", "not_supported_gateway")
    if checkout.payment_transactions.exists() or checkout.payments.exists():
        refuse("knows one payment per checkout and replaces none")
    require_buyer(checkout)
    view = views.checkout(checkout, request.requestor)
    Payment.objects.create(
        checkout=checkout,
        gateway=input["gateway"],
        total=checkout.total_gross_amount,
        currency=checkout.currency,
    )
    return {"checkout": view}


@mutation("transactionCreate")
@transaction.atomic
def transaction_create(request: Request, id: str, transaction: dict[str, Any]) -> views.View:
    """Create a transaction of a payment app."""
    require(request.requestor, PAYMENT_APP)
    order = find_or_none(order_qs_select_for_update(), "Order", id)
    checkout = None if order else find(checkout_qs_select_for_update(), "Checkout", id)
    currency = (order or checkout).currency
    item = TransactionItem.objects.create(
        checkout=checkout,
        order=order,
        name=transaction.get("name") or "",
        psp_reference=transaction.get("pspReference"),
        currency=currency,
    )
    # As events, so that a second authorization is known as one.
    for event, given in (
        ("CHARGE_SUCCESS", "amountCharged"),
        ("AUTHORIZATION_SUCCESS", "amountAuthorized"),
    ):
        if amount := inputs.amount(transaction.get(given), currency):
            _record(item, event, "", amount)
    if order is not None:
        actions.money_changed(order, request.manager, charged=item.charged_value)
    else:
        update_charge_status(checkout)
        checkout.save(update_fields=["charge_status"])
    return {"transaction": views.transaction(item)}


@mutation("transactionEventReport")
@transaction.atomic
def transaction_event_report(
    request: Request, id: str, type: str, pspReference: str, amount: Decimal | None = None
) -> views.View:
    """Record a payment app's report; the same report again changes nothing and calls no hook."""
    require(request.requestor, PAYMENT_APP)
    rows = TransactionItem.objects.select_for_update()
    item = find(rows, "TransactionItem", id, key="token")
    if item.checkout_id:
        refuse("takes no events before there is an order")
    if amount is None:
        refuse("wants the amount of every event", "required")
    amount = quantize_price(amount, item.currency)
    known = item.events.filter(type=type.lower(), psp_reference=pspReference).first()
    if known is None:
        charged, _, refunded = (amount * sign for sign in _CHANGES[type])
        _record(item, type, pspReference, amount)
        order = order_qs_select_for_update().get(pk=item.order_id)
        actions.money_changed(order, request.manager, charged=charged, refunded=refunded)
    elif known.amount_value != amount:
        deny("Reported before with another amount.", "incorrect_details", "pspReference")
    return {"transaction": views.transaction(item), "alreadyProcessed": known is not None}


def _record(item: TransactionItem, type: str, reference: str, amount: Decimal) -> None:
    """Store a transaction event and update the amounts."""
    if type == "AUTHORIZATION_SUCCESS" and item.events.filter(type=type.lower()).exists():
        deny("The transaction is authorized already.", "already_exists", "type")
    charged, authorized, refunded = (amount * sign for sign in _CHANGES[type])
    item.charged_value += charged
    item.authorized_value = max(item.authorized_value + authorized, Decimal(0))
    item.refunded_value += refunded
    if item.charged_value < 0 or item.refunded_value < 0:
        refuse("gives back no more than was charged and takes back no more than was refunded")
    item.save()
    item.events.create(
        type=type.lower(), psp_reference=reference, amount_value=amount, currency=item.currency
    )
