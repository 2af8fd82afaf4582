"""Mutations of a checkout. Every change is saved first; its hook is called afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.db.models import F, JSONField, Value

from ..channel.models import Channel
from ..checkout.complete_checkout import complete_checkout
from ..checkout.lock_objects import checkout_qs_select_for_update
from ..checkout.models import Checkout, CheckoutLine, CheckoutMetadata
from ..checkout.utils import invalidated
from ..core.db.expressions import PostgresJsonConcatenate
from ..core.refusal import deny, refuse
from ..discount.models import VoucherCode
from ..giftcard.models import GiftCard
from ..order.models import Order
from . import inputs, views
from .ids import find, find_or_none
from .permissions import STORE_APP, require
from .registry import Request, mutation

CHECKOUTS = Checkout.objects.select_related("channel", "user")


def changes_checkout(change: Callable[..., None]) -> Callable[..., Any]:
    """Register a mutation ``checkout<Name>``: lock, change, invalidate prices, announce, show."""

    def mutate(request: Request, id: str, **arguments: Any) -> views.View:
        with transaction.atomic():
            checkout = find(checkout_qs_select_for_update(), "Checkout", id)
            change(checkout, **{inputs.snake(name): value for name, value in arguments.items()})
            invalidated(checkout, request.manager)
        request.manager.event("checkout_updated", checkout)
        return {"checkout": views.checkout(checkout, request.requestor)}

    words = change.__name__.split("_")
    mutation("checkout" + "".join(map(str.capitalize, words)))(mutate)
    return change


@mutation("checkoutCreate")
def checkout_create(request: Request, input: dict[str, Any]) -> views.View:
    channel = Channel.objects.get(slug=input["channel"], is_active=True)
    with transaction.atomic():
        checkout = Checkout.objects.create(
            channel=channel,
            currency=channel.currency_code,
            email=inputs.email(input.get("email")),
            language_code=inputs.language(input.get("languageCode") or "EN"),
            billing_address=inputs.address(input.get("billingAddress")),
            shipping_address=inputs.address(input.get("shippingAddress")),
        )
        inputs.add_lines(checkout, input["lines"])
        invalidated(checkout, request.manager)
    request.manager.event("checkout_created", checkout)
    return {"checkout": views.checkout(checkout, request.requestor)}


@changes_checkout
def lines_add(checkout: Checkout, lines: list[dict[str, Any]]) -> None:
    inputs.add_lines(checkout, lines)


@changes_checkout
def lines_update(checkout: Checkout, lines: list[dict[str, Any]]) -> None:
    for wanted in lines:
        line = find(checkout.lines.select_related("variant"), "CheckoutLine", wanted["lineId"])
        inputs.set_quantity(line, wanted["quantity"])


@changes_checkout
def lines_delete(checkout: Checkout, lines_ids: Iterable[str]) -> None:
    for line_id in lines_ids:
        find(checkout.lines.all(), "CheckoutLine", line_id).delete()


@changes_checkout
def email_update(checkout: Checkout, email: str) -> None:
    checkout.email = inputs.email(email)


@changes_checkout
def billing_address_update(checkout: Checkout, billing_address: dict[str, str]) -> None:
    checkout.billing_address = inputs.address(billing_address)


@changes_checkout
def shipping_address_update(checkout: Checkout, shipping_address: dict[str, str]) -> None:
    checkout.shipping_address = inputs.address(shipping_address)


@changes_checkout
def language_code_update(checkout: Checkout, language_code: str) -> None:
    checkout.language_code = inputs.language(language_code)


@changes_checkout
def add_promo_code(checkout: Checkout, promo_code: str) -> None:
    """Add a voucher or a gift card. As in Saleor, a card in another currency is an unknown code."""
    cards = GiftCard.objects.filter(code=promo_code, currency=checkout.currency, is_active=True)
    is_voucher = VoucherCode.objects.filter(
        code=promo_code, voucher__channel_listings__channel=checkout.channel
    ).exists()
    if not cards and not is_voucher:
        deny("Promo code is invalid.", "invalid")
    if checkout.gift_cards.exclude(code=promo_code).exists() or (cards and checkout.voucher_code):
        refuse("knows one gift card per checkout, and none beside a voucher")
    if is_voucher:
        checkout.voucher_code = promo_code
    elif cards[0].current_balance_amount <= 0:
        refuse("takes no empty gift card")
    else:
        checkout.gift_cards.add(*cards)


@changes_checkout
def remove_promo_code(checkout: Checkout, promo_code: str) -> None:
    cards = checkout.gift_cards.filter(code=promo_code)
    if checkout.voucher_code == promo_code:
        checkout.voucher_code = None
    elif cards:
        checkout.gift_cards.remove(*cards)
    else:
        codes = (VoucherCode.objects, GiftCard.objects)
        if any(rows.filter(code=promo_code).exists() for rows in codes):
            deny("Cannot remove a code not attached to this checkout.", "invalid", "promoCode")
        deny("Promo code does not exists.", "not_found", "promoCode")


@mutation("checkoutComplete")
def checkout_complete(request: Request, id: str) -> views.View:
    """Create the order, or return it if it was created before."""
    checkout = find_or_none(CHECKOUTS, "Checkout", id)
    if checkout is None:
        order = find(Order.objects.all(), "Checkout", id, key="checkout_token")
    else:
        order = complete_checkout(checkout, request.manager)
    return {"order": views.order(order, request.requestor)}


@mutation("orderCreateFromCheckout")
def order_create_from_checkout(request: Request, id: str) -> views.View:
    require(request.requestor, STORE_APP)
    checkout = find(CHECKOUTS, "Checkout", id)
    order = complete_checkout(checkout, request.manager, by_app=True)
    return {"order": views.order(order, request.requestor)}


@mutation("updateMetadata")
def update_metadata(request: Request, id: str, input: list[dict[str, str]]) -> views.View:
    """Write public metadata, which any client that knows the id may do."""
    if find_or_none(Order.objects.all(), "Order", id):
        refuse("writes no metadata of an order")
    given = {item["key"]: item["value"] for item in input}
    checkout = find_or_none(CHECKOUTS, "Checkout", id)
    if checkout is None:
        row = find(CheckoutLine.objects.all(), "CheckoutLine", id)
    else:
        row, _ = CheckoutMetadata.objects.get_or_create(checkout=checkout)
    # In one statement: others, the plugin too, write other keys of the same column.
    merged = PostgresJsonConcatenate(F("metadata"), Value(given, output_field=JSONField()))
    type(row).objects.filter(pk=row.pk).update(metadata=merged)
    row.refresh_from_db(fields=["metadata"])
    if checkout is not None:
        for hook in ("checkout_metadata_updated", "checkout_updated"):
            request.manager.event(hook, checkout)
    return {"item": {"metadata": views.items(row.metadata)}}
