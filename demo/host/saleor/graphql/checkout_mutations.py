"""What a shopper may do to a checkout. Every change is saved first and announced after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from ..account.models import Address
from ..channel.models import Channel
from ..checkout.complete_checkout import complete_checkout
from ..checkout.error_codes import CheckoutErrorCode
from ..checkout.lock_objects import checkout_qs_select_for_update
from ..checkout.models import Checkout, CheckoutLine, CheckoutMetadata
from ..checkout.utils import invalidated
from ..discount.models import VoucherCode
from ..giftcard.models import GiftCard
from ..payment.models import Payment
from ..product.models import ProductVariant
from . import views
from .ids import find, find_or_none
from .permissions import STORE_APP, require
from .registry import Request, mutation

CHECKOUTS = Checkout.objects.select_related("channel", "user")


def changes_checkout(change: Callable[..., None]) -> Callable[..., Any]:
    """Register a mutation ``checkout<Name>``: lock, change, invalidate prices, announce, show."""

    def mutate(request: Request, id: str, **arguments: Any) -> views.View:
        with transaction.atomic():
            checkout = find(checkout_qs_select_for_update(), "Checkout", id)
            change(checkout, **{_snake(name): value for name, value in arguments.items()})
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
            email=input.get("email"),
            language_code=_language(input.get("languageCode", "EN")),
            billing_address=_address(input.get("billingAddress")),
            shipping_address=_address(input.get("shippingAddress")),
        )
        _add(checkout, input["lines"])
        invalidated(checkout, request.manager)
    request.manager.event("checkout_created", checkout)
    return {"checkout": views.checkout(checkout, request.requestor)}


@changes_checkout
def lines_add(checkout: Checkout, lines: list[dict[str, Any]]) -> None:
    _add(checkout, lines)


@changes_checkout
def lines_update(checkout: Checkout, lines: list[dict[str, Any]]) -> None:
    for wanted in lines:
        line = find(checkout.lines.select_related("variant"), "CheckoutLine", wanted["lineId"])
        _set_quantity(line, wanted["quantity"])


@changes_checkout
def lines_delete(checkout: Checkout, lines_ids: Iterable[str]) -> None:
    for line_id in lines_ids:
        find(checkout.lines.all(), "CheckoutLine", line_id).delete()


@changes_checkout
def email_update(checkout: Checkout, email: str) -> None:
    checkout.email = email


@changes_checkout
def billing_address_update(checkout: Checkout, billing_address: dict[str, str]) -> None:
    checkout.billing_address = _address(billing_address)


@changes_checkout
def shipping_address_update(checkout: Checkout, shipping_address: dict[str, str]) -> None:
    checkout.shipping_address = _address(shipping_address)


@changes_checkout
def language_code_update(checkout: Checkout, language_code: str) -> None:
    checkout.language_code = _language(language_code)


@changes_checkout
def add_promo_code(checkout: Checkout, promo_code: str) -> None:
    card = GiftCard.objects.filter(code=promo_code, is_active=True).first()
    if card is not None:
        checkout.gift_cards.add(card)
    elif VoucherCode.objects.filter(
        code=promo_code, voucher__channel_listings__channel=checkout.channel
    ).exists():
        checkout.voucher_code = promo_code
    else:
        raise ValidationError("Promo code is invalid.", CheckoutErrorCode.INVALID.value)


@changes_checkout
def remove_promo_code(checkout: Checkout, promo_code: str) -> None:
    checkout.gift_cards.remove(*checkout.gift_cards.filter(code=promo_code))
    if checkout.voucher_code == promo_code:
        checkout.voucher_code = None


@mutation("checkoutPaymentCreate")
def checkout_payment_create(request: Request, id: str, input: dict[str, Any]) -> views.View:
    checkout = find(CHECKOUTS, "Checkout", id)
    view = views.checkout(checkout, request.requestor)
    Payment.objects.create(
        checkout=checkout,
        gateway=input["gateway"],
        total=checkout.total_gross_amount,
        currency=checkout.currency,
    )
    return {"checkout": view}


@mutation("checkoutComplete")
def checkout_complete(request: Request, id: str) -> views.View:
    checkout = find(CHECKOUTS, "Checkout", id)
    return {"order": views.order(complete_checkout(checkout, request.manager), request.requestor)}


@mutation("orderCreateFromCheckout")
def order_create_from_checkout(request: Request, id: str) -> views.View:
    require(request.requestor, STORE_APP)
    checkout = find(CHECKOUTS, "Checkout", id)
    order = complete_checkout(checkout, request.manager, by_app=True)
    return {"order": views.order(order, request.requestor)}


@mutation("updateMetadata")
def update_metadata(request: Request, id: str, input: list[dict[str, str]]) -> views.View:
    """Public metadata: whoever knows the id may write it."""
    given = {item["key"]: item["value"] for item in input}
    checkout = find_or_none(CHECKOUTS, "Checkout", id)
    if checkout is None:
        row = find(CheckoutLine.objects.all(), "CheckoutLine", id)
    else:
        row, _ = CheckoutMetadata.objects.get_or_create(checkout=checkout)
    row.metadata = {**(row.metadata or {}), **given}
    row.save(update_fields=["metadata"])
    if checkout is not None:
        for hook in ("checkout_metadata_updated", "checkout_updated"):
            request.manager.event(hook, checkout)
    return {"item": {"metadata": views.items(row.metadata)}}


def _add(checkout: Checkout, wanted: list[dict[str, Any]]) -> None:
    for item in wanted:
        variant = find(ProductVariant.objects.all(), "ProductVariant", item["variantId"])
        line = checkout.lines.filter(variant=variant).first()
        if line is None:
            line = CheckoutLine(checkout=checkout, variant=variant, currency=checkout.currency)
        _set_quantity(line, (line.quantity or 0) + item["quantity"])


def _set_quantity(line: CheckoutLine, quantity: int) -> None:
    limit = line.variant.quantity_limit_per_customer
    if limit is not None and quantity > limit:
        sentence = f"Cannot add more than {limit} times this item."
        raise ValidationError(sentence, CheckoutErrorCode.QUANTITY_GREATER_THAN_LIMIT.value)
    line.quantity = quantity
    if quantity:
        line.save()
    else:
        line.delete()


def _address(given: dict[str, str] | None) -> Address | None:
    if given is None:
        return None
    return Address.objects.create(**{_snake(name): value for name, value in given.items()})


def _language(code: str) -> str:
    return code.lower().replace("_", "-")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z0-9])", r"_\1", name).lower()
