"""Write order notes and metadata of checkouts and orders.

Metadata is merged in the database, so keys that other writers add meanwhile are not lost.
"""

from __future__ import annotations

import uuid

from django.db.models.fields.json import KeyTextTransform
from saleor.checkout.models import CheckoutMetadata
from saleor.order.events import order_note_added_event
from saleor.order.models import Order

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


def write_order_facts(order_id: uuid.UUID, facts: dict[str, str]) -> None:
    """Merge facts for staff, such as policy number and state, into the order's private metadata."""
    Order.objects.filter(pk=order_id).update(
        private_metadata=merged_metadata("private_metadata", facts)
    )
