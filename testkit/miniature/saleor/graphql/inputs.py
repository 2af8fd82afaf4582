"""Validation of what a client typed, before it is stored."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.core.validators import validate_email
from django_countries import countries

from ..account.models import Address
from ..checkout.models import Checkout, CheckoutLine
from ..core.prices import quantize_price
from ..core.refusal import deny
from ..product.models import ProductVariant
from .ids import find

MAX_QUANTITY = 50  # of one variant: Saleor's own default limit


def email(text: str | None) -> str | None:
    if text:
        validate_email(text)
    return text


def address(given: dict[str, str] | None) -> Address | None:
    """Store an address; null fields count as left out."""
    return None if given is None else changed_address(None, given)


def changed_address(row: Address | None, given: dict[str, str]) -> Address:
    """Write given fields over an address, or into a new one."""
    if given.get("country") not in countries:
        deny("This country is not known.", "invalid", "country")
    row = row or Address()
    for name, value in given.items():
        if value is not None:
            setattr(row, snake(name), value)
    row.save()
    return row


def language(code: str) -> str:
    return code.lower().replace("_", "-")


def amount(money: dict[str, Any] | None, currency: str) -> Decimal:
    """Round an amount of money of this currency; none is 0."""
    if not money:
        return Decimal(0)
    if money["currency"] != currency:
        deny(f"The currency has to be {currency}.", "incorrect_currency", "transaction")
    return quantize_price(money["amount"], currency)


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z0-9])", r"_\1", name).lower()


def add_lines(checkout: Checkout, wanted: list[dict[str, Any]]) -> None:
    for item in wanted:
        variant = find(ProductVariant.objects.all(), "ProductVariant", item["variantId"])
        on_sale = {"channel_id": checkout.channel_id}
        products = variant.product.channel_listings.filter(**on_sale, is_published=True)
        variants = variant.channel_listings.filter(**on_sale, price_amount__isnull=False)
        if not variants.exists():
            deny("Cannot add unavailable variants.", "unavailable_variant_in_channel", "lines")
        if not products.exists():
            deny("Cannot add unpublished variants.", "product_not_published", "lines")
        if item["quantity"] <= 0:
            deny("The quantity should be higher than zero.", "zero_quantity", "quantity")
        line = checkout.lines.filter(variant=variant).first()
        if line is None:
            line = CheckoutLine(checkout=checkout, variant=variant, currency=checkout.currency)
        set_quantity(line, (line.quantity or 0) + item["quantity"])


def set_quantity(line: CheckoutLine, quantity: int) -> None:
    own = line.variant.quantity_limit_per_customer
    limit = MAX_QUANTITY if own is None else own
    if quantity < 0:
        deny("The quantity should be higher or equal zero.", "zero_quantity", "quantity")
    if quantity > limit:
        deny(f"Cannot add more than {limit} times this item.", "quantity_greater_than_limit")
    line.quantity = quantity
    if quantity:
        line.save()
    else:
        line.delete()
