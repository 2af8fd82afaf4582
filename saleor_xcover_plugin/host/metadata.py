"""Write order notes and metadata of checkouts and orders.

Metadata is merged in the database, so keys that other writers add meanwhile are not lost.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

from django.db import connection
from django.db.models import F, Func, JSONField
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone
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


PAPERS = frozenset(
    f"xcover_{name}"
    for name in (
        *("status", "policy", "premium", "currency"),
        *("tax", "taxes", "products", "wording"),
    )
)
"""Keys of the facts for papers in an order's public metadata (docs/papers.md)."""


def papers_of_order() -> Func:
    """Return the expression for the facts for papers in an order's public metadata, or NULL."""
    named = ", ".join(f"'{key}'" for key in sorted(PAPERS))
    return Func(
        F("metadata"),
        template="(SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each("  # noqa: S608
        "CASE WHEN jsonb_typeof(%(expressions)s) = 'object' THEN %(expressions)s END"
        f") AS e WHERE e.key IN ({named}))",
        output_field=JSONField(null=True),
    )


def write_papers(order_id: uuid.UUID, papers: Mapping[str, str]) -> None:
    """Replace all facts for papers in an order's public metadata."""
    order = connection.ops.quote_name(Order._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE_PAPERS.format(order=order), [list(PAPERS), json.dumps(dict(papers)), order_id]
        )


# Saleor's API cannot make metadata that is no object, but an import can.
_WRITE_PAPERS = """
UPDATE {order} AS o SET metadata = (
    SELECT COALESCE(jsonb_object_agg(e.key, e.value), jsonb_build_object())
    FROM jsonb_each(
        CASE WHEN jsonb_typeof(o.metadata) = 'object' THEN o.metadata END
    ) AS e
    WHERE e.key <> ALL(%s)
) || %s::jsonb
WHERE o.id = %s
"""


def tell_orders(told: Mapping[uuid.UUID, tuple[Mapping[str, str], Mapping[str, str], str]]) -> None:
    """Write facts for staff, facts for papers and a note for several orders, by id.

    Those that are gone are left out. As ``write_order_facts``, ``write_papers`` and
    ``add_order_note`` do for one, in one statement; facts for papers are added to those there are.
    """
    quote = connection.ops.quote_name
    order, event = quote(Order._meta.db_table), quote(OrderEvent._meta.db_table)
    facts = [json.dumps(found) for found, _, _ in told.values()]
    papers = [json.dumps(found) for _, found, _ in told.values()]
    notes = [json.dumps({"message": f"XCover: {note}"}) for _, _, note in told.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL.format(order=order, event=event),
            [list(told), facts, papers, notes, timezone.now(), OrderEvents.NOTE_ADDED],
        )


_TELL = """
WITH told AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[])
        AS told(id, facts, papers, note)
), written AS (
    UPDATE {order} AS o
    SET private_metadata = COALESCE(o.private_metadata, jsonb_build_object()) || told.facts::jsonb,
        metadata = COALESCE(o.metadata, jsonb_build_object()) || told.papers::jsonb
    FROM told WHERE o.id = told.id
    RETURNING o.id, told.note
)
INSERT INTO {event} (date, type, order_id, parameters)
SELECT %s, %s, id, note::jsonb FROM written
"""


def write_order_facts(order_id: uuid.UUID, facts: dict[str, str]) -> None:
    """Merge facts for staff, such as policy number and state, into the order's private metadata."""
    Order.objects.filter(pk=order_id).update(
        private_metadata=merged_metadata("private_metadata", facts)
    )
