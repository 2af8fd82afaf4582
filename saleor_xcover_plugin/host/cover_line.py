"""Insert, correct and remove the cover line of a checkout, and price the checkout with it.

Callers hold the checkout's lock. Amounts are in the checkout's currency.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from saleor.checkout.fetch import fetch_checkout_info, fetch_checkout_lines
from saleor.checkout.models import Checkout, CheckoutLine
from saleor.checkout.utils import checkout_lines_bulk_delete, invalidate_checkout
from saleor.discount import DiscountType, DiscountValueType
from saleor.discount.models import CheckoutLineDiscount
from saleor.plugins.manager import get_plugins_manager

from ..domain.money import Money
from ..domain.premium import NOTHING, TaxedPrice, Totals
from ..errors import Code
from . import tax_apps
from .compat import CHECKOUT_EXPIRATIONS, merged_metadata, price_checkout
from .cover_product import is_cover_type
from .shipping import allowed_shipping_methods, pick_up_points
from .values import OFFER_KEY, PLACE_KEY, PREMIUM_KEY, CoverLine

A_CENTURY = timedelta(days=36_525)
"""Added to the date of a cover line that stands last."""


def put(
    checkout: Any,
    *,
    variant_id: int,
    offer_id: int,
    premium: Decimal,
    price: Decimal | None = None,
) -> uuid.UUID:
    """Insert the one cover line, after all others; return its id.

    Saleor starts from ``price``, where it adds the tax in the premium, else from ``premium``.
    """
    price = premium if price is None else price
    line = CheckoutLine.objects.create(
        checkout=checkout,
        variant_id=variant_id,
        quantity=1,
        currency=checkout.currency,
        price_override=price,
        undiscounted_unit_price_amount=price,
        private_metadata={
            OFFER_KEY: str(offer_id),
            PREMIUM_KEY: Money(premium, checkout.currency).digits(),
        },
    )
    stand_last(checkout, line.pk)
    return line.pk


def stand_last(checkout: Any, line_id: uuid.UUID) -> None:
    """Place a line after all others, including those that are added later.

    Saleor sorts the lines of a checkout by date, and makes the order's lines in that sequence. The
    cover line is dated a century after the checkout, so it need not be moved when another line is
    added: Saleor adds gifts without calling a hook, and after payment has begun nothing may change.
    """
    CheckoutLine.objects.filter(pk=line_id).update(created_at=checkout.created_at + A_CENTURY)


def stand_before_last(checkout: Any, line_id: uuid.UUID, *, place_for: str) -> bool:
    """Place a line just before the last of the others, which takes Saleor's rounding difference.

    ``place_for`` is stored in the line: the digest of the totals that make this necessary. Return
    False, and change nothing, if there is only one other line: the cover never stands first.
    """
    others = CheckoutLine.objects.filter(checkout_id=checkout.pk).exclude(pk=line_id)
    dates = list(others.order_by("-created_at", "-id").values_list("created_at", flat=True)[:2])
    if len(dates) < 2:
        return False
    before_last = dates[0] - timedelta(microseconds=1)
    CheckoutLine.objects.filter(pk=line_id).update(
        created_at=before_last,
        private_metadata=merged_metadata("private_metadata", {PLACE_KEY: place_for}),
    )
    return True


def remove(line_ids: Iterable[uuid.UUID]) -> None:
    """Delete checkout lines; the caller recalculates the checkout."""
    checkout_lines_bulk_delete(list(line_ids))


def restore(line_id: uuid.UUID, *, price: Decimal) -> None:
    """Set quantity and price of a changed cover line back to one piece at ``price``."""
    CheckoutLine.objects.filter(pk=line_id).update(quantity=1, price_override=price)


def take_tax_off(line_id: uuid.UUID, *, variant_id: int, premium: Decimal) -> None:
    """Turn a line that carries tax into the ordinary one at 0 %, of this variant."""
    CheckoutLine.objects.filter(pk=line_id).update(
        variant_id=variant_id, price_override=premium, undiscounted_unit_price_amount=premium
    )


def correct(line_id: uuid.UUID, correction: Decimal, currency: str) -> None:
    """Add ``correction`` to the price from which discounts on the order are calculated.

    0 removes an earlier correction. It is stored as a negative manual discount of the line, so that
    checkout and order show the premium as price and as undiscounted price. Saleor keeps manual
    discounts when it recalculates.
    """
    corrections = CheckoutLineDiscount.objects.filter(line_id=line_id, type=DiscountType.MANUAL)
    corrections.delete()
    if correction:
        CheckoutLineDiscount.objects.create(
            line_id=line_id,
            type=DiscountType.MANUAL,
            value_type=DiscountValueType.FIXED,
            value=-correction,
            amount_value=-correction,
            currency=currency,
            unique_type=DiscountType.MANUAL,
            reason="Keeps the insurance premium whole beside a discount on the order",
        )


def correction_of_line() -> Any:
    """Return the expression for a line's correction in a query over lines."""
    corrections = CheckoutLineDiscount.objects.filter(
        line_id=OuterRef("pk"), type=DiscountType.MANUAL
    )
    return -Coalesce(Subquery(corrections.values("amount_value")[:1]), Decimal(0))


def lines_of(checkout: Any) -> tuple[CoverLine, ...]:
    """Read the cover lines of a locked checkout from the database."""
    rows = list(
        CheckoutLine.objects.filter(checkout_id=checkout.pk)
        .order_by("created_at", "id")
        .values_list(
            "id",
            "quantity",
            "price_override",
            "private_metadata",
            correction_of_line(),
            "variant__product__product_type__private_metadata",
        )
    )
    last = len(rows) - 1
    return tuple(
        CoverLine.of(*row[:5], stands_last=position == last)
        for position, row in enumerate(rows)
        if is_cover_type(row[5])
    )


def recalculate(checkout: Any) -> None:
    """Mark all prices of the checkout as stale, so that Saleor prices it before the order.

    A line that was never priced would be ordered at 0.00.
    """
    lines, _ = fetch_checkout_lines(checkout)
    manager = get_plugins_manager(allow_replica=False)
    info = fetch_checkout_info(checkout, lines, manager)
    # Saleor fails on a once-per-order voucher in a checkout without lines. A voucher that expired
    # is left for Saleor to refuse with the order: removed here, the buyer would not be told.
    has_run_out = bool(checkout.voucher_code) and info.voucher is None
    invalidate_checkout(
        info, lines, manager, recalculate_discount=bool(lines) and not has_run_out, save=True
    )


def totals(checkout: Any) -> Totals:
    """Have Saleor price the checkout now and return the result.

    Raise ``tax_apps.NoAnswer`` (``TAXED_BY_APP``) if the tax app gives no usable answer.
    """
    lines, _ = fetch_checkout_lines(checkout)
    manager = get_plugins_manager(allow_replica=False)
    info = fetch_checkout_info(checkout, lines, manager)
    info, lines = price_checkout(info, lines, manager)
    if info.checkout.tax_error:
        raise tax_apps.NoAnswer(Code.TAXED_BY_APP)
    is_ours = [is_cover_type(line.product_type.private_metadata) for line in lines]
    prices = [_line_price(line.line) for line in lines]
    ours = [price for price, is_cover in zip(prices, is_ours, strict=True) if is_cover]
    return Totals(
        total=info.checkout.total_gross_amount,
        cover=TaxedPrice(
            net=sum((price.net for price in ours), Decimal(0)),
            gross=sum((price.gross for price in ours), Decimal(0)),
        ),
        others=tuple(p for p, is_cover in zip(prices, is_ours, strict=True) if not is_cover),
        discount=info.checkout.discount_amount,
        voucher_code=info.checkout.voucher_code,
        shipping=_shipping_price(info.checkout),
        shipping_methods=allowed_shipping_methods(info, lines),
        pick_up_points=pick_up_points(info, lines),
    )


def _line_price(line: Any) -> TaxedPrice:
    return TaxedPrice(line.total_price_net_amount, line.total_price_gross_amount, line.tax_rate)


def _shipping_price(checkout: Any) -> TaxedPrice:
    """Return the price of shipping, ``NOTHING`` if free: Saleor keeps a tax rate even then."""
    if not checkout.shipping_price_gross_amount:
        return NOTHING
    return TaxedPrice(
        checkout.shipping_price_net_amount,
        checkout.shipping_price_gross_amount,
        checkout.shipping_tax_rate,
    )


def totals_without(checkout: Any, line_ids: Iterable[uuid.UUID]) -> Totals:
    """Return what the checkout would cost without these lines; change nothing.

    The lines are removed for Saleor's calculation and restored by a rollback. A voucher that does
    not apply without them is missing from the result but stays in the checkout.
    """
    with transaction.atomic():
        remove(line_ids)
        recalculate(checkout)
        without = totals(checkout)
        transaction.set_rollback(True)
    checkout.refresh_from_db()
    return without


def totals_with_and_without(checkout: Any, line_ids: Iterable[uuid.UUID]) -> tuple[Totals, Totals]:
    """Return what the checkout costs as it is, and without these lines; change nothing."""
    with transaction.atomic():
        with_lines = totals(checkout)
        transaction.set_rollback(True)
    checkout.refresh_from_db()
    return with_lines, totals_without(checkout, line_ids)


def mirror_prices(checkout: Any) -> None:
    """Copy the fields we wrote to the database to the instance that the mutation returns."""
    fields = ("last_change", "discount_amount", "discount_name", "voucher_code")
    changed = Checkout.objects.filter(pk=checkout.pk)
    row = changed.values(*CHECKOUT_EXPIRATIONS, *fields).first()
    for name, value in (row or {}).items():
        setattr(checkout, name, value)
