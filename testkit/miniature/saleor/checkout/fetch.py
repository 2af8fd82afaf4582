"""A checkout with its related rows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..discount.models import Voucher
from ..product.models import ProductType, ProductVariantChannelListing
from .models import Checkout, CheckoutLine


@dataclass
class CheckoutLineInfo:
    line: CheckoutLine
    channel_listing: ProductVariantChannelListing | None
    product_type: ProductType

    @property
    def is_for_sale(self) -> bool:
        """Return True if the variant has a price in the checkout's channel."""
        return self.channel_listing is not None and self.channel_listing.price_amount is not None

    @property
    def base_total(self) -> Decimal:
        """The line's price after its own discounts and before those on the order."""
        own = sum((d.amount_value for d in self.line.discounts.all()), Decimal(0))
        return self.unit_price * self.line.quantity - own

    @property
    def unit_price(self) -> Decimal:
        """The price of one piece before discounts on the order; 0 when it is not for sale."""
        if not self.channel_listing or self.channel_listing.price_amount is None:
            return Decimal(0)
        if self.line.price_override is not None:
            return self.line.price_override
        return self.channel_listing.price_amount


@dataclass
class CheckoutInfo:
    checkout: Checkout
    channel: Any
    lines: list[CheckoutLineInfo]
    voucher: Voucher | None


def fetch_checkout_lines(checkout: Checkout) -> tuple[list[CheckoutLineInfo], list[int]]:
    """Return the lines and the variants that cannot be bought in the channel."""
    rows = CheckoutLine.objects.filter(checkout_id=checkout.pk).select_related(
        "variant__product__product_type"
    )
    listings = {
        listing.variant_id: listing
        for listing in ProductVariantChannelListing.objects.filter(
            channel_id=checkout.channel_id, variant__in=[row.variant_id for row in rows]
        )
    }
    lines = [
        CheckoutLineInfo(row, listings.get(row.variant_id), row.variant.product.product_type)
        for row in rows
    ]
    return lines, [info.line.variant_id for info in lines if not info.is_for_sale]


def fetch_checkout_info(
    checkout: Checkout, lines: list[CheckoutLineInfo], manager: Any
) -> CheckoutInfo:
    """Return the checkout with its voucher. Vouchers never expire."""
    voucher = Voucher.objects.filter(codes__code=checkout.voucher_code).first()
    return CheckoutInfo(checkout, checkout.channel, lines, voucher)
