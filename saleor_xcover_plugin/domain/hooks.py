"""The hooks of Saleor's plugin interface that ``plugin.py`` overrides."""

from __future__ import annotations

from collections.abc import Mapping

_CHECKOUT = "offers asked for early; a changed protection line repaired at once"
_ORDER = "orders looked at at once; without it the sweep finds them within minutes"

# The purpose of each hook by its name, as staff read it.
HOOKS: Mapping[str, str] = {
    "checkout_created": _CHECKOUT,
    "checkout_updated": _CHECKOUT,
    "checkout_metadata_updated": _CHECKOUT,
    "preprocess_order_creation": (
        "a checkout whose protection changed is held once before it becomes an order"
    ),
    "order_created": _ORDER,
    "order_confirmed": _ORDER,
    "order_paid": _ORDER,
    "order_fully_paid": _ORDER,
    "order_updated": _ORDER,
    "order_cancelled": _ORDER,
    "order_expired": _ORDER,
    "order_refunded": _ORDER,
    "order_fully_refunded": _ORDER,
    "order_fulfilled": _ORDER,
    "fulfillment_created": _ORDER,
    "fulfillment_canceled": _ORDER,
    "webhook": "storefronts and XCover reach the plugin; without it nothing can be offered",
}

ESSENTIAL = frozenset({"preprocess_order_creation", "webhook"})
"""Hooks without which the plugin cannot work; the sweep does the work of the others, later."""
