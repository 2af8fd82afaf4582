"""Read event data from the products of a channel."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from saleor.product.models import (
    Category,
    Product,
    ProductType,
    ProductVariant,
    ProductVariantChannelListing,
)

from ..domain.event_data import Sources
from ..domain.tickets import TicketFacts
from .attributes import (
    PRODUCT_COLUMNS,
    annotate_attributes,
    attribute_columns,
    ticket_facts,
)
from .cover_product import is_cover_type

_CHUNK = 500
_COLUMNS = (
    *PRODUCT_COLUMNS,
    "variant__product__product_type__private_metadata",
)


@dataclass(frozen=True, slots=True)
class ListedVariant:
    """One variant for sale in a channel."""

    product: str
    """Slug of the product."""
    name: str
    """Name of the variant; may be empty."""
    sku: str
    """SKU; empty if there is none."""
    key: str
    """Primary key of the variant."""
    price: Decimal
    """List price in the channel, in ``currency``."""
    currency: str
    facts: TicketFacts
    """Texts from which event data and payload are read."""


def for_sale(
    channel_id: int, sources: Sources, product_types: Collection[str]
) -> Iterator[ListedVariant]:
    """Yield the variants with a price above 0 of the channel's published products.

    ``product_types`` are slugs; empty stands for all. The cover product is left out. Sorted by
    product slug.
    """
    listings = ProductVariantChannelListing.objects.filter(
        channel_id=channel_id,
        price_amount__gt=0,
        variant__product__channel_listings__channel_id=channel_id,
        variant__product__channel_listings__is_published=True,
    )
    if product_types:
        listings = listings.filter(variant__product__product_type__slug__in=product_types)
    attributes = attribute_columns(sources)
    columns = ("variant_id", "price_amount", "currency", *_COLUMNS, *attributes)
    rows = annotate_attributes(listings, attributes).values(*columns)
    for row in _by_key(rows):
        if not is_cover_type(row["variant__product__product_type__private_metadata"]):
            yield ListedVariant(
                row["variant__product__slug"],
                row["variant__name"] or "",
                row["variant__sku"] or "",
                str(row["variant_id"]),
                row["price_amount"],
                row["currency"],
                ticket_facts(row, {}),
            )


def facts_of(variant_keys: Collection[int], sources: Sources) -> dict[str, TicketFacts]:
    """Return the texts of variants by their primary key; variants in no channel are left out."""
    listings = ProductVariantChannelListing.objects.filter(variant_id__in=variant_keys)
    attributes = attribute_columns(sources)
    rows = annotate_attributes(listings, attributes).values("variant_id", *_COLUMNS, *attributes)
    return {str(row["variant_id"]): ticket_facts(row, {}) for row in rows}


def channels_of(variant_keys: Collection[int]) -> set[int]:
    """Return the ids of the channels in which variants are listed."""
    listings = ProductVariantChannelListing.objects.filter(variant_id__in=variant_keys)
    return set(listings.values_list("channel_id", flat=True))


def _by_key(rows: QuerySet[Any, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the rows page by page; a server-side cursor would not work through PgBouncer."""
    slug, key = "variant__product__slug", "variant_id"
    ordered, rest = rows.order_by(slug, key), Q()
    while page := list(ordered.filter(rest)[:_CHUNK]):
        yield from page
        last = page[-1]
        rest = Q(**{f"{slug}__gt": last[slug]}) | Q(**{slug: last[slug], f"{key}__gt": last[key]})


def known_products(names: Collection[str]) -> set[str]:
    """Return those of the names that are slugs of products or SKUs."""
    slugs = Product.objects.filter(slug__in=names).values_list("slug", flat=True)
    skus = ProductVariant.objects.filter(sku__in=names).values_list("sku", flat=True)
    return {*slugs, *skus}


def known_types(slugs: Collection[str]) -> set[str]:
    """Return those of the slugs that product types have."""
    return set(ProductType.objects.filter(slug__in=slugs).values_list("slug", flat=True))


def known_categories(slugs: Collection[str]) -> set[str]:
    """Return those of the slugs that categories have."""
    return set(Category.objects.filter(slug__in=slugs).values_list("slug", flat=True))
