"""Identify the cover product and find its variant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet
from saleor.product.models import ProductVariantChannelListing

MARK = "saleor_xcover_plugin"
"""Private metadata key that marks the cover's product type.

Shoppers cannot write it, and staff may rename name, slug and SKU.
"""

MARK_VALUE = "cover"
"""Value under ``MARK``."""

TAXED_VALUE = "taxed"
"""Value under ``MARK`` of the product, and of the tax class, whose line carries tax."""

SKU = "XCOVER-TICKET-PROTECTION"
"""SKU of a new cover variant; staff may change it."""

TAXED_SKU = f"{SKU}-TAXED"
"""SKU of a new cover variant whose line carries tax."""


def is_cover_type(private_metadata: Mapping[str, Any] | None) -> bool:
    """Return True if a product type with this private metadata (None on 3.21) is the cover's."""
    return (private_metadata or {}).get(MARK) == MARK_VALUE


def listed_variant_id(channel_id: int) -> int | None:
    """Return the primary key of the cover variant that can be sold in the channel.

    Return None before ``xcover_setup``, and while the variant's inventory is tracked: one order
    would use up the one piece in stock.
    """
    listings = sellable(ProductVariantChannelListing.objects.filter(channel_id=channel_id))
    return listings.values_list("variant_id", flat=True).first()


def listed_variant_ids(channel_id: int) -> list[int]:
    """Return the primary keys of all cover variants that can be sold in the channel."""
    listings = ProductVariantChannelListing.objects.filter(channel_id=channel_id)
    return [
        key
        for carries_tax in (False, True)
        for key in sellable(listings, carries_tax=carries_tax).values_list("variant_id", flat=True)
    ]


def sellable(listings: QuerySet[Any], *, carries_tax: bool = False) -> QuerySet[Any]:
    """Return those of the channel listings by which a cover can be sold, by their variant.

    ``carries_tax`` asks for the variant whose line carries tax instead of the ordinary one.
    """
    is_taxed = Q(variant__product__private_metadata__contains={MARK: TAXED_VALUE})
    return listings.filter(
        is_taxed if carries_tax else ~is_taxed,
        price_amount__isnull=False,
        variant__track_inventory=False,
        variant__product__product_type__private_metadata__contains={MARK: MARK_VALUE},
    ).order_by("variant_id")
