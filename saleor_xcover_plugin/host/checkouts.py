"""Read checkouts as plain values, and lock them as Saleor does.

The queries are compiled once per process, because hooks run them in every mutation of a checkout.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Now, NullIf
from saleor.checkout.lock_objects import checkout_qs_select_for_update
from saleor.checkout.models import Checkout, CheckoutLine
from saleor.discount import DiscountType, DiscountValueType, VoucherType
from saleor.discount.models import CheckoutDiscount, VoucherCode
from saleor.payment import TransactionEventType
from saleor.payment.models import Payment, TransactionEvent, TransactionItem
from saleor.product.models import ProductVariantChannelListing
from saleor.tax import TaxCalculationStrategy
from saleor.tax.models import TaxConfiguration, TaxConfigurationPerCountry

from ..compiled_query import KEY, CompiledQuery, Row, rows_together
from ..domain.eligibility import CheckoutFacts, ProductLine
from ..domain.event_data import Sources
from ..domain.premium import OrderDiscount
from ..domain.regions import code_of as region_code
from ..models import EventChange
from .attributes import (
    PRODUCT_COLUMNS,
    annotate_attributes,
    attribute_columns,
    line_columns,
    ticket_facts,
)
from .cover_line import correction_of_line
from .cover_product import is_cover_type
from .metadata import SUMMARY_KEY
from .policyholders import address_columns, address_in, policyholder_of
from .values import CheckoutSnapshot, CoverLine

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
    "last_change",
    "promotions",
    "summary",
)
METADATA = "metadata_storage__metadata"
"""Column of a checkout's public metadata."""

_LINE = (
    "id",
    "quantity",
    "is_gift",
    "total_price_net_amount",
    "total_price_gross_amount",
    "private_metadata",
    "unit_price",
    "correction",
    "event_changed_at",
    "event_moved_to",
    "variant_id",
    "variant__product_id",
    *PRODUCT_COLUMNS,
    "variant__product__product_type__is_shipping_required",
    "variant__product__product_type__private_metadata",
)


def money_row(token: uuid.UUID) -> Row | None:
    """Return the row of flags on payment and completion; None when the checkout is gone."""
    rows = _money().rows(token)
    return rows[0] if rows else None


def voucher_row(token: uuid.UUID) -> Row:
    """Return the row with ``with_voucher_flags``; an empty one when the checkout is gone."""
    rows = _vouchers().rows(token)
    return rows[0] if rows else Row()


@cache
def _checkouts(*, with_metadata: bool) -> CompiledQuery:
    """Return the query for a checkout with ``with_flags``, addresses and email."""
    columns = (*_CHECKOUT, METADATA) if with_metadata else _CHECKOUT
    checkouts = Checkout.objects.filter(pk=KEY).annotate(
        summary=KeyTextTransform(SUMMARY_KEY, METADATA)
    )
    return CompiledQuery(with_flags(checkouts).order_by().values(*columns))


@cache
def _money() -> CompiledQuery:
    flags = ("completing_started_at", "has_transaction_money", "has_payment_money")
    return CompiledQuery(
        with_money_flags(Checkout.objects.filter(pk=KEY)).order_by().values(*flags)
    )


@cache
def _vouchers() -> CompiledQuery:
    flags = ("has_wide_voucher", "has_percentage_voucher")
    return CompiledQuery(
        with_voucher_flags(Checkout.objects.filter(pk=KEY)).order_by().values(*flags)
    )


@cache
def _lines(attributes: tuple[str, ...], columns: tuple[str, ...]) -> CompiledQuery:
    """Return the query for the lines in Saleor's sequence, with columns of attributes and more."""
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
    return CompiledQuery(lines.values(*_LINE, *attributes, *columns))


# Discounts and taxes.


def with_flags(checkouts: QuerySet[Any]) -> QuerySet[Any]:
    """Add columns on taxes, stale prices and order promotions to a query of checkouts.

    It has as few subqueries as possible: planning one takes PostgreSQL longer than running it.
    """
    promotions = CheckoutDiscount.objects.filter(
        checkout_id=OuterRef("pk"), type=DiscountType.ORDER_PROMOTION
    )
    return checkouts.annotate(
        tax_strategy=_tax_strategy(),
        # Saleor compares with the database's present time, too.
        has_stale_prices=Q(price_expiration__lte=Now()),
        promotions=ArraySubquery(promotions.order_by().values("value_type")),
    )


def with_voucher_flags(checkouts: QuerySet[Any]) -> QuerySet[Any]:
    """Add columns on the effect of the voucher on the cover line to a query of checkouts.

    It is a query of its own, run only with a voucher, because it takes time to plan.
    """
    # Vouchers reach the cover line unless they are for shipping or for named products.
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
    return checkouts.annotate(
        has_wide_voucher=Exists(codes) & ~Exists(codes.filter(narrow)),
        has_percentage_voucher=Exists(codes.filter(percentage)),
    )


def is_taxed_by_app(checkout: Row) -> bool:
    """Return True if an app or a plugin calculates the taxes, by a row of ``with_flags``."""
    return bool(checkout["tax_strategy"] == TaxCalculationStrategy.TAX_APP)


def _tax_strategy() -> Coalesce:
    """Return the expression for the tax calculation strategy; empty where Saleor has none set.

    Saleor uses the country of the shipping address first.
    """
    return Coalesce(tax_setting(Coalesce("tax_calculation_strategy", Value(""))), Value(""))


def tax_setting(column: F | Coalesce) -> Coalesce:
    """Return the expression for a column of the tax configuration of a query's outer checkout.

    The configuration is the country's, else the channel's: a country with one of its own inherits
    nothing (saleor.tax.utils, get_tax_calculation_strategy and get_charge_taxes).
    """
    of_country = TaxConfigurationPerCountry.objects.filter(
        tax_configuration__channel_id=OuterRef("channel_id"), country=tax_country()
    )
    of_channel = TaxConfiguration.objects.filter(channel_id=OuterRef("channel_id"))
    found = [
        Subquery(each.order_by().annotate(found=column).values("found")[:1])
        for each in (of_country, of_channel)
    ]
    return Coalesce(*found)


def tax_country() -> Coalesce:
    """Return the expression for the country in which a query's outer checkout is taxed."""
    addresses = ("shipping_address__country", "billing_address__country")
    return Coalesce(*[NullIf(OuterRef(name), Value("")) for name in addresses])


def order_discount(checkout: Row, voucher: Row) -> OrderDiscount:
    """Return the kind of discount on the whole order, from rows with both kinds of flags.

    ``voucher`` is an empty row when there is no voucher.
    """
    has_wide_voucher = voucher.get("has_wide_voucher", False)
    promotions = checkout["promotions"]
    is_other = (promotions and DiscountValueType.PERCENTAGE not in promotions) or (
        has_wide_voucher and not voucher["has_percentage_voucher"]
    )
    if is_other:
        return OrderDiscount.OTHER
    is_discounted = promotions or has_wide_voucher
    return OrderDiscount.PERCENTAGE if is_discounted else OrderDiscount.NONE


# Money, in both payment flows.

_GIVEN_UP = timedelta(hours=1)
"""Age after which a payment request without reference and answer counts as failed."""

_ABANDONED = timedelta(days=1)
"""Age after which a required action, such as 3-D Secure, counts as abandoned by the shopper."""


def with_money_flags(checkouts: QuerySet[Any]) -> QuerySet[Any]:
    """Add columns to a query of checkouts that tell whether there is money, or soon may be.

    ``has_transaction_money`` is about transactions, ``has_payment_money`` about legacy payments.
    """
    money = (
        Q(authorized_value__gt=0)
        | Q(charged_value__gt=0)
        | Q(authorize_pending_value__gt=0)
        | Q(charge_pending_value__gt=0)
    )
    return checkouts.annotate(
        has_transaction_money=Exists(
            TransactionItem.objects.filter(
                money | Exists(_unanswered()), checkout_id=OuterRef("pk")
            )
        ),
        has_payment_money=Exists(
            Payment.objects.filter(HAS_BEGUN, checkout_id=OuterRef("pk"), is_active=True)
        ),
    )


HAS_BEGUN = Q(captured_amount__gt=0) | Q(transactions__is_success=True) | Q(to_confirm=True)
"""Filter for payments of the legacy flow that took money or may have."""


def _unanswered() -> QuerySet[Any]:
    """Return the payment events of a transaction that have neither succeeded nor failed yet.

    An event is answered by a success or failure with the same reference (``psp_reference``).
    Requests may have no reference when the payment app gave none: those without answer are ignored
    after an hour, since their worker crashed. A required action of the shopper (3-D Secure) is also
    answered by any later success or failure of the transaction, because some payment apps use a
    new reference for each step; it is ignored after a day.
    """
    kinds = TransactionEventType
    reference = Coalesce("psp_reference", Value(""))
    answers = TransactionEvent.objects.annotate(reference=reference).filter(
        transaction_id=OuterRef("transaction_id"),
        type__in=[
            kinds.AUTHORIZATION_SUCCESS,
            kinds.AUTHORIZATION_FAILURE,
            kinds.CHARGE_SUCCESS,
            kinds.CHARGE_FAILURE,
            kinds.CANCEL_SUCCESS,
        ],
    )
    is_action = Q(type__in=[kinds.AUTHORIZATION_ACTION_REQUIRED, kinds.CHARGE_ACTION_REQUIRED])
    is_action_over = Q(created_at__lte=Now() - _ABANDONED) | Exists(
        answers.filter(created_at__gte=OuterRef("created_at"))
    )
    return (
        TransactionEvent.objects.annotate(reference=reference)
        .filter(
            ~Q(reference="") | Q(created_at__gt=Now() - _GIVEN_UP),
            ~Exists(answers.filter(reference=OuterRef("reference"))),
            is_action | Q(type__in=[kinds.AUTHORIZATION_REQUEST, kinds.CHARGE_REQUEST]),
            transaction_id=OuterRef("pk"),
        )
        .exclude(is_action & is_action_over)
    )


# Reading and locking.


def read(token: uuid.UUID, sources: Sources) -> CheckoutSnapshot | None:
    """Return the checkout as it is now; None when it is gone or has become an order.

    Takes one message to the server, and another with a voucher. Nothing is locked.
    """
    return read_beside(token, sources)[0]


def read_beside(
    token: uuid.UUID, sources: Sources, *queries: CompiledQuery
) -> tuple[CheckoutSnapshot | None, list[list[Row]]]:
    """Return what ``read`` does, and the rows of further queries about the same token.

    They go to the server in the same message.
    """
    checkouts, lines, *others = rows_together(
        [
            _checkouts(with_metadata=sources.uses("checkout.metadata.")),
            _lines(attribute_columns(sources), line_columns(sources)),
            *queries,
        ],
        token,
    )
    return (_snapshot(checkouts[0], lines) if checkouts else None), others


def _snapshot(row: Row, lines: Sequence[Row]) -> CheckoutSnapshot:
    voucher = voucher_row(row["pk"]) if row["voucher_code"] else Row()
    tickets = [line for line in lines if not _is_cover(line) and not line["is_gift"]]
    holder = policyholder_of(
        address_in(row, "billing_address"), address_in(row, "shipping_address"), _email(row)
    )
    facts = CheckoutFacts(
        currency=row["currency"],
        country=holder.country,
        language=row["language_code"] or "",
        region=region_code(holder.country, holder.region),
        lines=[_product_line(line, row.get(METADATA) or {}) for line in tickets],
        order_discount=order_discount(row, voucher),
        is_taxed_by_app=is_taxed_by_app(row),
    )
    return CheckoutSnapshot(
        token=row["pk"],
        channel_id=row["channel_id"],
        facts=facts,
        cover_lines=tuple(
            _cover_line(line, stands_last=line is lines[-1]) for line in lines if _is_cover(line)
        ),
        policyholder=holder,
        has_voucher=bool(row["voucher_code"]),
        has_gift=any(line["is_gift"] for line in lines),
        has_stale_prices=row["has_stale_prices"],
        changed_at=row["last_change"],
        summary=row["summary"],
        needs_shipping=any(
            line["variant__product__product_type__is_shipping_required"] for line in lines
        ),
    )


def has_money(token: uuid.UUID) -> bool:
    """Return True if money is authorised, charged or pending, or Saleor completes the checkout."""
    row = money_row(token)
    return row is not None and (
        row["has_transaction_money"]
        or row["has_payment_money"]
        or Checkout(completing_started_at=row["completing_started_at"]).is_checkout_locked()
    )


@contextmanager
def locked(token: uuid.UUID) -> Iterator[Any | None]:
    """Open a transaction, lock the checkout's row and yield it; yield None when it is gone.

    Locks are always taken in this sequence: checkout, lines, offer, cover, outbox message.
    """
    with transaction.atomic():
        yield checkout_qs_select_for_update().filter(pk=token).first()


def channel_of(token: uuid.UUID) -> int | None:
    """Return the primary key of the channel of a checkout; None when it is gone."""
    return Checkout.objects.filter(pk=token).values_list("channel_id", flat=True).first()


def exists(token: uuid.UUID) -> bool:
    """Return True if Saleor still has the checkout."""
    return Checkout.objects.filter(pk=token).exists()


def existing(tokens: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of the tokens whose checkout Saleor still has."""
    return set(Checkout.objects.filter(pk__in=list(tokens)).values_list("pk", flat=True))


def _product_line(line: Row, checkout_metadata: Mapping[str, Any]) -> ProductLine:
    return ProductLine(
        reference=str(line["variant_id"]),
        product_type=line["variant__product__product_type__slug"],
        quantity=line["quantity"],
        unit_price=line["unit_price"] or Decimal(0),
        facts=ticket_facts(line, checkout_metadata),
        product=str(line["variant__product_id"]),
        is_event_cancelled=line["event_changed_at"] is not None and line["event_moved_to"] is None,
        moved_to=line["event_moved_to"],
    )


def _cover_line(line: Row, *, stands_last: bool) -> CoverLine:
    return CoverLine.of(
        line["id"],
        line["quantity"],
        line["unit_price"],
        line["private_metadata"],
        line["correction"],
        stands_last=stands_last,
        charged=(line["total_price_net_amount"], line["total_price_gross_amount"]),
    )


def _is_cover(line: Row) -> bool:
    return is_cover_type(line["variant__product__product_type__private_metadata"])


def _email(row: Row) -> str:
    return row["user__email"] or row["email"] or ""
