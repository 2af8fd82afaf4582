"""Read product and variant attributes and metadata as texts for the event data mapping."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from saleor.attribute import AttributeInputType
from saleor.attribute.models import AssignedProductAttributeValue, AssignedVariantAttributeValue

from ..compiled_query import Row
from ..domain.event_data import EventMapping, TicketFacts

_VALUE = JSONObject(
    slug="value__attribute__slug",
    input_type="value__attribute__input_type",
    name="value__name",
    date_time="value__date_time",
    plain_text="value__plain_text",
    boolean="value__boolean",
)


def attribute_columns(mapping: EventMapping) -> tuple[str, ...]:
    """Return the names of the attribute columns that the mapping uses."""
    return tuple(
        f"{level}_attributes"
        for level in ("product", "variant")
        if mapping.uses(f"{level}.attribute.")
    )


def annotate_attributes(lines: QuerySet[Any], columns: Collection[str]) -> QuerySet[Any]:
    """Add columns named by ``attribute_columns`` to a query of lines or listings."""
    of_products = AssignedProductAttributeValue.objects.filter(
        product_id=OuterRef("variant__product_id")
    )
    of_variants = AssignedVariantAttributeValue.objects.filter(
        assignment__variant_id=OuterRef("variant_id")
    )
    values = {"product_attributes": of_products, "variant_attributes": of_variants}
    return lines.annotate(
        **{name: ArraySubquery(values[name].values(json=_VALUE)) for name in columns}
    )


def ticket_facts(row: Row | Mapping[str, Any], checkout_metadata: Mapping[str, Any]) -> TicketFacts:
    """Return all texts of a line or listing by the mapping's source names.

    Examples of source names: ``product.name``, ``variant.metadata.venue``. Dates and times are in
    ISO 8601. An attribute with several values counts with its first one.
    """
    values = {
        "product.name": str(row["variant__product__name"] or ""),
        "variant.name": str(row["variant__name"] or ""),
    }
    named = (
        ("product.metadata.", row["variant__product__metadata"]),
        ("variant.metadata.", row["variant__metadata"]),
        ("checkout.metadata.", checkout_metadata),
    )
    for prefix, metadata in named:
        values.update({prefix + key: str(value) for key, value in (metadata or {}).items()})
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
