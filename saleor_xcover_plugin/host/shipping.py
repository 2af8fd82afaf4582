"""Which ways of shipping the price of a checkout allows: the premium must open or close none."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Q

_PRICE_BASED = "price"


def allowed_shipping_methods(info: Any, lines: Any) -> frozenset[int]:
    """Return the price-based methods of the channel that fit; none when nothing is shipped.

    Only the bounds on the price matter here (saleor.shipping.models, applicable methods): address,
    weight and exclusions do not change with the premium.
    """
    if not any(line.product_type.is_shipping_required for line in lines):
        return frozenset()
    checkout = info.checkout
    with_tax = info.tax_configuration.prices_entered_with_tax
    price = checkout.subtotal_gross_amount if with_tax else checkout.subtotal_net_amount
    listings = apps.get_model("shipping", "ShippingMethodChannelListing").objects.filter(
        Q(minimum_order_price_amount=None) | Q(minimum_order_price_amount__lte=price),
        Q(maximum_order_price_amount=None) | Q(maximum_order_price_amount__gte=price),
        channel_id=checkout.channel_id,
        shipping_method__type=_PRICE_BASED,
    )
    return frozenset(listings.values_list("shipping_method_id", flat=True))
