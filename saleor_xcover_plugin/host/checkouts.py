"""Read a checkout in two queries and lock it as Saleor does."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from saleor.checkout.lock_objects import checkout_qs_select_for_update
from saleor.checkout.models import Checkout, CheckoutLine
from saleor.product.models import ProductVariantChannelListing

from ..domain.eligibility import CheckoutFacts, ProductLine
from ..domain.event_data import EventMapping
from .attributes import annotate_attributes, ticket_facts
from .checkout_flags import order_discount, with_flags
from .cover_line import correction_of_line
from .cover_product import is_cover_type
from .people import policyholder_of
from .values import CheckoutState, CoverLine


def read(token: uuid.UUID, mapping: EventMapping) -> CheckoutState | None:
    """Return the checkout, or None when it is gone (it may have become an order)."""
    checkout = with_flags(Checkout.objects.filter(pk=token), mapping).first()
    if checkout is None:
        return None
    lines = _lines(checkout, mapping)
    holder = policyholder_of(checkout.billing_address, checkout.shipping_address, _email(checkout))
    facts = CheckoutFacts(
        currency=checkout.currency,
        country=holder.country,
        language=checkout.language_code or "",
        lines=[
            ProductLine(
                reference=str(row["variant_id"]),
                product_type=row["variant__product__product_type__slug"],
                quantity=row["quantity"],
                unit_price=row["unit_price"] or Decimal(0),
                facts=ticket_facts(row, checkout_metadata=_metadata(checkout, mapping)),
            )
            for row in lines
            if not _is_cover(row) and not row["is_gift"]
        ],
        order_discount=order_discount(checkout),
        is_taxed_by_app=checkout.is_taxed_by_app,
    )
    return CheckoutState(
        token=checkout.pk,
        channel_id=checkout.channel_id,
        facts=facts,
        cover_lines=tuple(
            CoverLine.of(
                row["id"],
                row["quantity"],
                row["unit_price"],
                row["private_metadata"],
                row["correction"],
            )
            for row in lines
            if _is_cover(row)
        ),
        policyholder=holder,
        has_voucher=bool(checkout.voucher_code),
        has_gift=any(row["is_gift"] for row in lines),
        is_priced_anew=checkout.has_stale_prices,
        needs_shipping=any(
            row["variant__product__product_type__is_shipping_required"] for row in lines
        ),
        has_money=checkout.has_transaction_money
        or checkout.has_payment_money
        or checkout.is_checkout_locked(),
    )


@contextmanager
def locked(token: uuid.UUID) -> Iterator[Any | None]:
    """Hold the checkout's row lock in a transaction; None when it has become an order.

    Lock order everywhere: checkout, lines, offer, cover, outbox.
    """
    with transaction.atomic():
        yield checkout_qs_select_for_update().filter(pk=token).first()


def exists(token: uuid.UUID) -> bool:
    return Checkout.objects.filter(pk=token).exists()


def _lines(checkout: Any, mapping: EventMapping) -> list[dict[str, Any]]:
    listing = ProductVariantChannelListing.objects.filter(
        variant_id=OuterRef("variant_id"), channel_id=checkout.channel_id
    )
    price = Coalesce(
        F("price_override"),
        Subquery(listing.values("discounted_price_amount")[:1]),
        Subquery(listing.values("price_amount")[:1]),
    )
    lines = CheckoutLine.objects.filter(checkout_id=checkout.pk).annotate(
        unit_price=price, correction=correction_of_line()
    )
    lines = annotate_attributes(lines, mapping)
    columns = [
        "id",
        "quantity",
        "is_gift",
        "private_metadata",
        "unit_price",
        "correction",
        "variant_id",
        "variant__name",
        "variant__metadata",
        "variant__product__name",
        "variant__product__metadata",
        "variant__product__product_type__slug",
        "variant__product__product_type__is_shipping_required",
        "variant__product__product_type__private_metadata",
    ]
    columns += [
        name
        for name in ("product_attributes", "variant_attributes")
        if name in lines.query.annotations
    ]
    return list(lines.order_by("created_at", "id").values(*columns))


def _is_cover(row: dict[str, Any]) -> bool:
    return is_cover_type(row["variant__product__product_type__private_metadata"])


def _email(checkout: Any) -> str:
    return (checkout.user.email if checkout.user else checkout.email) or ""


def _metadata(checkout: Any, mapping: EventMapping) -> dict[str, Any]:
    if not mapping.uses("checkout.metadata."):
        return {}
    storage = getattr(checkout, "metadata_storage", None)
    return (storage.metadata if storage else None) or {}
