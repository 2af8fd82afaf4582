"""How the cover line's product is told from all others, and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saleor.product.models import ProductVariantChannelListing

# A private metadata key of the product type: shoppers cannot write it and staff may rename slugs.
MARK = "saleor_xcover_plugin"
MARK_VALUE = "cover"
SKU = "XCOVER-TICKET-PROTECTION"


def is_cover_type(private_metadata: Mapping[str, Any] | None) -> bool:
    """Whether a product type with this private metadata (None on 3.21) is the cover's."""
    return (private_metadata or {}).get(MARK) == MARK_VALUE


def listed_variant_id(channel_id: int) -> int | None:
    """Return the cover variant that can be sold in the channel, or None before ``xcover_setup``.

    None also while its inventory is tracked: the one piece in stock would be gone with one order.
    """
    return (
        ProductVariantChannelListing.objects.filter(
            channel_id=channel_id,
            price_amount__isnull=False,
            variant__track_inventory=False,
            variant__product__product_type__private_metadata__contains={MARK: MARK_VALUE},
        )
        .order_by("variant_id")
        .values_list("variant_id", flat=True)
        .first()
    )
