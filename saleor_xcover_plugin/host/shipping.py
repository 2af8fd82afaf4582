"""Which ways of shipping the price of a checkout allows: the premium must open or close none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db.models import Q
from saleor.discount import VoucherType

_PRICE_BASED = "price"


def allowed_shipping_methods(info: Any, lines: Any) -> frozenset[int]:
    """Return the price-based methods of the channel that fit; none when nothing is shipped.

    Only the bounds on the price matter here (saleor.shipping.models, applicable methods): address,
    weight and exclusions do not change with the premium.
    """
    if not any(line.product_type.is_shipping_required for line in lines):
        return frozenset()
    checkout, price = info.checkout, _compared_price(info, lines)
    listings = apps.get_model("shipping", "ShippingMethodChannelListing").objects.filter(
        Q(minimum_order_price_amount=None) | Q(minimum_order_price_amount__lte=price),
        Q(maximum_order_price_amount=None) | Q(maximum_order_price_amount__gte=price),
        channel_id=checkout.channel_id,
        shipping_method__type=_PRICE_BASED,
    )
    return frozenset(listings.values_list("shipping_method_id", flat=True))


def _compared_price(info: Any, lines: Any) -> Decimal:
    """Return the sum Saleor compares with the bounds: before taxes, less an order's voucher.

    As in saleor.checkout.delivery_context, built-in shipping methods.
    """
    from saleor.checkout.base_calculations import base_checkout_subtotal  # for who ships only

    subtotal = base_checkout_subtotal(lines, info.channel, info.checkout.currency).amount
    narrow = (VoucherType.SHIPPING, VoucherType.SPECIFIC_PRODUCT)
    is_narrow = info.voucher is not None and info.voucher.type in narrow
    return Decimal(subtotal if is_narrow else subtotal - info.checkout.discount_amount)
