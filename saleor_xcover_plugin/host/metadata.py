"""Tell staff, in the order's history, in plain words."""

from __future__ import annotations

import uuid

from django.db.models.fields.json import KeyTextTransform
from saleor.checkout.models import CheckoutMetadata
from saleor.order.events import order_note_added_event
from saleor.order.models import Order

from .compat import merged_metadata


def add_order_note(order_id: uuid.UUID, sentence: str) -> None:
    order = Order.objects.filter(pk=order_id).only("pk").first()
    if order is not None:
        order_note_added_event(order=order, user=None, app=None, message=f"XCover: {sentence}")


# Write metadata by concatenation in the database: other writers' keys are never lost.

SUMMARY_KEY = "xcover"
_SUMMARY = KeyTextTransform(SUMMARY_KEY, "metadata")


def write_checkout_summary(token: uuid.UUID, summary: str) -> None:
    """Show storefronts what became of the cover. Display only: shoppers can overwrite it."""
    CheckoutMetadata.objects.get_or_create(checkout_id=token)
    CheckoutMetadata.objects.filter(checkout_id=token).update(
        metadata=merged_metadata("metadata", {SUMMARY_KEY: summary})
    )


def checkout_summary(token: uuid.UUID) -> str | None:
    """Return what storefronts are shown of the cover, which shoppers may have overwritten."""
    kept = CheckoutMetadata.objects.filter(checkout_id=token).values_list(_SUMMARY, flat=True)
    return kept.first()


def write_order_summary(order_id: uuid.UUID, summary: str) -> None:
    """Correct what Saleor copied from the checkout into the order."""
    Order.objects.filter(pk=order_id).update(
        metadata=merged_metadata("metadata", {SUMMARY_KEY: summary})
    )


def write_order_facts(order_id: uuid.UUID, facts: dict[str, str]) -> None:
    """Show staff the policy number and state in the order's private metadata."""
    Order.objects.filter(pk=order_id).update(
        private_metadata=merged_metadata("private_metadata", facts)
    )
