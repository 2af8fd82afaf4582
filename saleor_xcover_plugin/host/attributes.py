"""Read product and variant attributes and metadata as texts for the event data mapping."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from saleor.attribute import AttributeInputType
from saleor.attribute.models import AssignedProductAttributeValue, AssignedVariantAttributeValue
from saleor.product.models import Category

from ..compiled_query import Row
from ..domain.event_data import Sources
from ..domain.offer_limits import CATEGORIES
from ..domain.tickets import TicketFacts

_VALUE = JSONObject(
    slug="value__attribute__slug",
    input_type="value__attribute__input_type",
    name="value__name",
    date_time="value__date_time",
    plain_text="value__plain_text",
    boolean="value__boolean",
)


_CATEGORIES = "product_categories"
PRODUCT_COLUMNS = (
    "variant__name",
    "variant__sku",
    "variant__metadata",
    "variant__product__name",
    "variant__product__slug",
    "variant__product__metadata",
    "variant__product__product_type__slug",
)
"""The columns of a line or listing that ``ticket_facts`` reads."""
LINE_METADATA = "metadata"
"""The column of a line's public metadata, which listings do not have."""


def attribute_columns(sources: Sources) -> tuple[str, ...]:
    """Return the names of the columns of attributes and categories that are used."""
    wanted = {
        "product_attributes": "product.attribute.",
        "variant_attributes": "variant.attribute.",
        _CATEGORIES: CATEGORIES,
    }
    return tuple(column for column, prefix in wanted.items() if sources.uses(prefix))


def line_columns(sources: Sources) -> tuple[str, ...]:
    """Return the names of the further columns of checkout lines that are used."""
    is_used = sources.uses("line.metadata.") or sources.uses("ticket.metadata.")
    return (LINE_METADATA,) if is_used else ()


def annotate_attributes(lines: QuerySet[Any], columns: Collection[str]) -> QuerySet[Any]:
    """Add columns named by ``attribute_columns`` to a query of lines or listings."""
    of_products = AssignedProductAttributeValue.objects.filter(
        product_id=OuterRef("variant__product_id")
    )
    of_variants = AssignedVariantAttributeValue.objects.filter(
        assignment__variant_id=OuterRef("variant_id")
    )
    category = "variant__product__category__"
    above = Category.objects.filter(
        tree_id=OuterRef(f"{category}tree_id"),
        lft__lte=OuterRef(f"{category}lft"),
        rght__gte=OuterRef(f"{category}rght"),
    )
    values = {
        "product_attributes": of_products.values(json=_VALUE),
        "variant_attributes": of_variants.values(json=_VALUE),
        _CATEGORIES: above.order_by().values("slug"),
    }
    return lines.annotate(**{name: ArraySubquery(values[name]) for name in columns})


def ticket_facts(row: Row | Mapping[str, Any], checkout_metadata: Mapping[str, Any]) -> TicketFacts:
    """Return all texts of a line or listing by the mapping's source names.

    Examples of source names: ``product.name``, ``variant.metadata.venue``. Dates and times are in
    ISO 8601. An attribute with several values counts with its first one.
    """
    values = {
        "product.name": str(row["variant__product__name"] or ""),
        "product.slug": str(row["variant__product__slug"] or ""),
        "product.type": str(row["variant__product__product_type__slug"] or ""),
        "variant.name": str(row["variant__name"] or ""),
        "variant.sku": str(row["variant__sku"] or ""),
    }
    named = (
        ("product.metadata.", row["variant__product__metadata"]),
        ("variant.metadata.", row["variant__metadata"]),
        ("checkout.metadata.", checkout_metadata),
        ("line.metadata.", row.get(LINE_METADATA)),
    )
    for prefix, metadata in named:
        values.update({prefix + key: str(value) for key, value in (metadata or {}).items()})
    if row.get(_CATEGORIES):
        values[CATEGORIES] = "\n".join(row[_CATEGORIES])
    for prefix, column in (
        ("product.attribute.", "product_attributes"),
        ("variant.attribute.", "variant_attributes"),
    ):
        for value in row.get(column) or ():
            values.setdefault(prefix + value["slug"], _text(value))
    return TicketFacts(values)


def _text(value: Mapping[str, Any]) -> str:
    if value["date_time"]:
        moment = str(value["date_time"])  # PostgreSQL writes ISO 8601 with offset into JSON
        # Saleor keeps a date as its midnight in UTC, which is the time zone of its connections.
        is_day = value["input_type"] == AttributeInputType.DATE
        return moment.partition("T")[0] if is_day else moment
    if value["boolean"] is not None:
        return str(value["boolean"]).lower()
    return str(value["plain_text"] or value["name"] or "")
