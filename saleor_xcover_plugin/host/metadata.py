"""Write order notes and metadata of checkouts and orders.

Metadata is merged in the database, so keys that other writers add meanwhile are not lost.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

from django.db import connection
from django.db.models.fields.json import KeyTextTransform
from saleor.checkout.models import CheckoutMetadata
from saleor.order import OrderEvents
from saleor.order.events import order_note_added_event
from saleor.order.models import Order, OrderEvent

from .compat import merged_metadata


def add_order_note(order_id: uuid.UUID, sentence: str) -> None:
    """Add "XCover: " and the sentence to the order's history; do nothing if the order is gone."""
    order = Order.objects.filter(pk=order_id).only("pk").first()
    if order is not None:
        order_note_added_event(order=order, user=None, app=None, message=f"XCover: {sentence}")


SUMMARY_KEY = "xcover"
"""Public metadata key of the cover's summary in checkouts and orders (docs/storefront.md)."""

_SUMMARY = KeyTextTransform(SUMMARY_KEY, "metadata")


def write_checkout_summary(token: uuid.UUID, summary: str) -> None:
    """Write the public summary of a checkout's cover; for display only, shoppers can change it."""
    CheckoutMetadata.objects.get_or_create(checkout_id=token)
    CheckoutMetadata.objects.filter(checkout_id=token).update(
        metadata=merged_metadata("metadata", {SUMMARY_KEY: summary})
    )


def checkout_summary(token: uuid.UUID) -> str | None:
    """Return the public summary of a checkout's cover, or None; shoppers may have changed it."""
    kept = CheckoutMetadata.objects.filter(checkout_id=token).values_list(_SUMMARY, flat=True)
    return kept.first()


def write_order_summary(order_id: uuid.UUID, summary: str) -> None:
    """Write the public summary of an order's cover over the one copied from the checkout."""
    Order.objects.filter(pk=order_id).update(
        metadata=merged_metadata("metadata", {SUMMARY_KEY: summary})
    )


def write_facts_of_orders(facts: Mapping[uuid.UUID, Mapping[str, str]]) -> set[uuid.UUID]:
    """Merge facts for staff into the private metadata of several orders, by order id.

    Return the ids of those that exist.
    """
    table = connection.ops.quote_name(Order._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS o SET private_metadata = "  # noqa: S608 the name of a table
            "COALESCE(o.private_metadata, '{}'::jsonb) || told.facts::jsonb "
            "FROM unnest(%s::uuid[], %s::text[]) AS told(id, facts) WHERE o.id = told.id "
            "RETURNING o.id",
            [list(facts), [json.dumps(each) for each in facts.values()]],
        )
        return {order_id for (order_id,) in cursor.fetchall()}


def add_order_notes(sentences: Mapping[uuid.UUID, str]) -> None:
    """Add "XCover: " and a sentence to the history of several orders, by id, which must exist."""
    OrderEvent.objects.bulk_create(
        OrderEvent(
            order_id=order_id,
            type=OrderEvents.NOTE_ADDED,
            parameters={"message": f"XCover: {sentence}"},
        )
        for order_id, sentence in sentences.items()
    )


def write_order_facts(order_id: uuid.UUID, facts: dict[str, str]) -> None:
    """Merge facts for staff, such as policy number and state, into the order's private metadata."""
    Order.objects.filter(pk=order_id).update(
        private_metadata=merged_metadata("private_metadata", facts)
    )
