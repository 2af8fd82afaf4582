"""Read a checkout in two queries and lock it as Saleor does."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from saleor.checkout.lock_objects import checkout_qs_select_for_update
from saleor.checkout.models import Checkout, CheckoutLine
from saleor.discount import DiscountType, DiscountValueType, VoucherType
from saleor.discount.models import CheckoutDiscount, VoucherCode
from saleor.payment import TransactionEventType
from saleor.payment.models import Payment, TransactionEvent, TransactionItem
from saleor.product.models import ProductVariantChannelListing
from saleor.tax import TaxCalculationStrategy
from saleor.tax.models import TaxConfiguration, TaxConfigurationPerCountry

from ..domain.eligibility import CheckoutFacts, ProductLine
from ..domain.event_data import EventMapping
from ..domain.premium import OrderDiscount
from .attributes import annotate_attributes, ticket_facts
from .cover_line import correction_of_line
from .cover_product import is_cover_type
from .people import policyholder_of
from .values import CheckoutState, CoverLine


def read(token: uuid.UUID, mapping: EventMapping) -> CheckoutState | None:
    """Return the checkout, or None when it is gone (it may have become an order)."""
    checkout = _with_flags(Checkout.objects.filter(pk=token), mapping).first()
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
        order_discount=_order_discount(checkout),
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


def is_taxed_by_app(channel_id: int, country: str) -> bool:
    """Whether an app calculates this checkout's taxes (Saleor's default is flat rates)."""
    strategy = (
        TaxConfigurationPerCountry.objects.filter(
            tax_configuration__channel_id=channel_id, country=country
        )
        .values_list("tax_calculation_strategy", flat=True)
        .first()
    ) or (
        TaxConfiguration.objects.filter(channel_id=channel_id)
        .values_list("tax_calculation_strategy", flat=True)
        .first()
    )
    return strategy == TaxCalculationStrategy.TAX_APP


def _with_flags(checkouts: QuerySet[Any], mapping: EventMapping) -> QuerySet[Any]:
    """Answer what money and discounts there are in the same query as the checkout itself."""
    related = ["billing_address", "shipping_address", "user"]
    if mapping.uses("checkout.metadata."):
        related.append("metadata_storage")
    money = (
        Q(authorized_value__gt=0)
        | Q(charged_value__gt=0)
        | Q(authorize_pending_value__gt=0)
        | Q(charge_pending_value__gt=0)
    )
    # Vouchers that reach the cover line: everything but shipping and named products.
    narrow = Q(voucher__type=VoucherType.SHIPPING) | (
        Q(voucher__type=VoucherType.SPECIFIC_PRODUCT)
        & (
            Q(voucher__products__isnull=False)
            | Q(voucher__variants__isnull=False)
            | Q(voucher__collections__isnull=False)
            | Q(voucher__categories__isnull=False)
        )
    )
    codes = VoucherCode.objects.filter(code=OuterRef("voucher_code"))
    percentage = Q(
        voucher__type=VoucherType.ENTIRE_ORDER,
        voucher__discount_value_type=DiscountValueType.PERCENTAGE,
        voucher__apply_once_per_order=False,
    )
    promotions = CheckoutDiscount.objects.filter(
        checkout_id=OuterRef("pk"), type=DiscountType.ORDER_PROMOTION
    )
    return checkouts.select_related(*related).annotate(
        has_transaction_money=Exists(
            TransactionItem.objects.filter(
                money | Exists(_unanswered()), checkout_id=OuterRef("pk")
            )
        ),
        has_payment_money=Exists(
            Payment.objects.filter(
                Q(captured_amount__gt=0) | Q(transactions__is_success=True) | Q(to_confirm=True),
                checkout_id=OuterRef("pk"),
                is_active=True,
            )
        ),
        has_promotion=Exists(promotions),
        has_percentage_promotion=Exists(promotions.filter(value_type=DiscountValueType.PERCENTAGE)),
        has_wide_voucher=Exists(codes) & ~Exists(codes.filter(narrow)),
        has_percentage_voucher=Exists(codes.filter(percentage)),
    )


def _order_discount(checkout: Any) -> OrderDiscount:
    is_other = (checkout.has_promotion and not checkout.has_percentage_promotion) or (
        checkout.has_wide_voucher and not checkout.has_percentage_voucher
    )
    if is_other:
        return OrderDiscount.OTHER
    is_discounted = checkout.has_promotion or checkout.has_wide_voucher
    return OrderDiscount.PERCENTAGE if is_discounted else OrderDiscount.NONE


def _unanswered() -> QuerySet[Any]:
    """A payment the shopper is in the middle of (3-D Secure): neither done nor failed."""
    kinds = TransactionEventType
    answered = TransactionEvent.objects.filter(
        transaction_id=OuterRef("transaction_id"),
        psp_reference=OuterRef("psp_reference"),
        type__in=[
            kinds.AUTHORIZATION_SUCCESS,
            kinds.AUTHORIZATION_FAILURE,
            kinds.CHARGE_SUCCESS,
            kinds.CHARGE_FAILURE,
            kinds.CANCEL_SUCCESS,
        ],
    )
    return TransactionEvent.objects.filter(
        ~Exists(answered),
        transaction_id=OuterRef("pk"),
        type__in=[
            kinds.AUTHORIZATION_REQUEST,
            kinds.AUTHORIZATION_ACTION_REQUIRED,
            kinds.CHARGE_REQUEST,
            kinds.CHARGE_ACTION_REQUIRED,
        ],
    )


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
