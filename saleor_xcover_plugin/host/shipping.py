"""Read the shipping methods and pick-up points of a checkout.

The cover must neither add nor remove any of them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Q
from saleor.discount import VoucherType

_PRICE_BASED = "price"


def allowed_shipping_methods(info: Any, lines: Any) -> frozenset[int]:
    """Return the ids of the channel's price-based methods that allow the checkout's price.

    Empty when nothing is shipped. Only the bounds on the price are compared, as in
    saleor.shipping.models (applicable methods): the rest does not depend on the premium.
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


def pick_up_points(info: Any, lines: Any) -> frozenset[UUID]:
    """Return the ids of the warehouses Saleor offers for pick-up; empty when nothing is shipped.

    The cover's stock (``warehouses``) keeps them the same with and without it. Exceptions are a
    warehouse that has no such stock yet, and checkouts of preorders only, which Saleor hands out at
    every point whatever is in stock.
    """
    if not any(line.product_type.is_shipping_required for line in lines):
        return frozenset()
    return frozenset(point.pk for point in info.valid_pick_up_points)


def _compared_price(info: Any, lines: Any) -> Decimal:
    """Return the sum that Saleor compares with the bounds: before taxes, less an order voucher.

    As in saleor.checkout.delivery_context, built-in shipping methods.
    """
    from saleor.checkout.base_calculations import base_checkout_subtotal  # only if shipped

    subtotal = base_checkout_subtotal(lines, info.channel, info.checkout.currency).amount
    narrow = (VoucherType.SHIPPING, VoucherType.SPECIFIC_PRODUCT)
    is_narrow = info.voucher is not None and info.voucher.type in narrow
    return Decimal(subtotal if is_narrow else subtotal - info.checkout.discount_amount)
