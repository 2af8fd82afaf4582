"""The queries that read a checkout, compiled once in a process."""

from __future__ import annotations

import uuid
from functools import cache

from django.db.models import CharField, F, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from saleor.checkout.models import Checkout, CheckoutLine
from saleor.product.models import ProductVariantChannelListing

from ..domain.event_data import EventMapping
from ..models import EventChange
from .attributes import annotate_attributes, attribute_columns
from .checkout_flags import with_flags, with_voucher_flags
from .checkout_money import with_money_flags
from .cover_line import correction_of_line
from .metadata import SUMMARY_KEY
from .people import address_columns
from .prepared import KEY, Prepared, Row

_CHECKOUT = (
    "pk",
    "channel_id",
    "currency",
    "language_code",
    "voucher_code",
    "email",
    "user__email",
    *address_columns("billing_address"),
    *address_columns("shipping_address"),
    "tax_strategy",
    "has_stale_prices",
    "promotions",
    "summary",
)
METADATA = "metadata_storage__metadata"

_LINE = (
    "id",
    "quantity",
    "is_gift",
    "private_metadata",
    "unit_price",
    "correction",
    "event_changed_at",
    "event_moved_to",
    "variant_id",
    "variant__name",
    "variant__metadata",
    "variant__product_id",
    "variant__product__name",
    "variant__product__metadata",
    "variant__product__product_type__slug",
    "variant__product__product_type__is_shipping_required",
    "variant__product__product_type__private_metadata",
)


def checkout_row(token: uuid.UUID, mapping: EventMapping) -> Row | None:
    """Return the checkout with its flags, addresses and email; None when it is gone."""
    rows = _checkouts(with_metadata=mapping.uses("checkout.metadata.")).rows(token)
    return rows[0] if rows else None


def money_row(token: uuid.UUID) -> Row | None:
    """Return what shows that the checkout is being paid or completed; None when it is gone."""
    rows = _money().rows(token)
    return rows[0] if rows else None


def voucher_row(token: uuid.UUID) -> Row:
    """Return what the voucher of the checkout does to the cover line."""
    rows = _vouchers().rows(token)
    return rows[0] if rows else Row()


def line_rows(token: uuid.UUID, mapping: EventMapping) -> list[Row]:
    """Return the lines in Saleor's own order, with what the mapping needs of their products."""
    return _lines(attribute_columns(mapping)).rows(token)


@cache
def _checkouts(*, with_metadata: bool) -> Prepared:
    columns = (*_CHECKOUT, METADATA) if with_metadata else _CHECKOUT
    checkouts = Checkout.objects.filter(pk=KEY).annotate(
        summary=KeyTextTransform(SUMMARY_KEY, METADATA)
    )
    return Prepared(with_flags(checkouts).order_by().values(*columns))


@cache
def _money() -> Prepared:
    flags = ("completing_started_at", "has_transaction_money", "has_payment_money")
    return Prepared(with_money_flags(Checkout.objects.filter(pk=KEY)).order_by().values(*flags))


@cache
def _vouchers() -> Prepared:
    flags = ("has_wide_voucher", "has_percentage_voucher")
    return Prepared(with_voucher_flags(Checkout.objects.filter(pk=KEY)).order_by().values(*flags))


@cache
def _lines(attributes: tuple[str, ...]) -> Prepared:
    listing = ProductVariantChannelListing.objects.filter(
        variant_id=OuterRef("variant_id"), channel_id=OuterRef("checkout__channel_id")
    )
    listed = listing.order_by().annotate(now=Coalesce("discounted_price_amount", "price_amount"))
    price = Coalesce(F("price_override"), Subquery(listed.values("now")[:1]))
    told = EventChange.objects.filter(variant=Cast(OuterRef("variant_id"), CharField()))
    lines = CheckoutLine.objects.filter(checkout_id=KEY).annotate(
        unit_price=price,
        correction=correction_of_line(),
        event_changed_at=Subquery(told.values("told_at")[:1]),
        event_moved_to=Subquery(told.values("starts_at")[:1]),
    )
    lines = annotate_attributes(lines, attributes).order_by("created_at", "id")
    return Prepared(lines.values(*_LINE, *attributes))
