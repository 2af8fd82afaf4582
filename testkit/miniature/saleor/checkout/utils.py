from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone

from ..core.prices import quantize_price
from ..discount.models import VoucherChannelListing
from .calculations import subtotal_before_discount
from .fetch import CheckoutInfo, CheckoutLineInfo, fetch_checkout_info, fetch_checkout_lines
from .models import Checkout, CheckoutLine


def checkout_lines_bulk_delete(line_pks: Sequence[uuid.UUID]) -> None:
    CheckoutLine.objects.filter(pk__in=list(line_pks)).delete()


def invalidate_checkout(
    checkout_info: CheckoutInfo,
    lines: list[CheckoutLineInfo],
    manager: Any,
    *,
    recalculate_discount: bool = True,
    save: bool,
) -> list[str]:
    """Compute the voucher's amount again and mark all prices as expired."""
    checkout = checkout_info.checkout
    if recalculate_discount:
        checkout.discount_amount = _voucher_amount(checkout, lines)
    checkout.price_expiration = checkout.discount_expiration = timezone.now()
    fields = ["price_expiration", "discount_expiration", "last_change"]
    if save:
        checkout.save(update_fields=[*fields, "discount_amount"])
    return fields


def invalidated(checkout: Checkout, manager: Any) -> Checkout:
    """Invalidate the prices and save. Every change of a checkout ends with this."""
    lines, _ = fetch_checkout_lines(checkout)
    info = fetch_checkout_info(checkout, lines, manager)
    invalidate_checkout(info, lines, manager, save=False)
    checkout.save()
    return checkout


def _voucher_amount(checkout: Checkout, lines: list[CheckoutLineInfo]) -> Decimal:
    if not checkout.voucher_code:
        return Decimal(0)
    listing = VoucherChannelListing.objects.get(
        voucher__codes__code=checkout.voucher_code, channel_id=checkout.channel_id
    )
    part = subtotal_before_discount(lines) * listing.discount_value / 100
    return quantize_price(part, checkout.currency)
