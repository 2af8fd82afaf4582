"""How the things of a checkout may reach the buyer: the cover must open or close no way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

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


def pick_up_points(info: Any, lines: Any) -> frozenset[UUID]:
    """Return the warehouses Saleor offers for pick-up; none when nothing is shipped.

    The cover's stock keeps them the same, except in a warehouse that has none yet, and beside
    nothing but preorders: those Saleor hands out at every point, whatever is in stock there.
    """
    if not any(line.product_type.is_shipping_required for line in lines):
        return frozenset()
    return frozenset(point.pk for point in info.valid_pick_up_points)


def _compared_price(info: Any, lines: Any) -> Decimal:
    """Return the sum Saleor compares with the bounds: before taxes, less an order's voucher.

    As in saleor.checkout.delivery_context, built-in shipping methods.
    """
    from saleor.checkout.base_calculations import base_checkout_subtotal  # for who ships only

    subtotal = base_checkout_subtotal(lines, info.channel, info.checkout.currency).amount
    narrow = (VoucherType.SHIPPING, VoucherType.SPECIFIC_PRODUCT)
    is_narrow = info.voucher is not None and info.voucher.type in narrow
    return Decimal(subtotal if is_narrow else subtotal - info.checkout.discount_amount)
