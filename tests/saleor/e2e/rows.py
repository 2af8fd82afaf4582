"""What the tables of this Saleor say about a checkout and its cover line."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from graphql_relay import from_global_id, to_global_id

from testkit.client.values import COVER_SKU


def checkout_pk(global_id: str) -> uuid.UUID | None:
    """Return the key in a checkout's global id, or None for any other text."""
    try:
        kind, key = from_global_id(global_id)
        return uuid.UUID(key) if kind == "Checkout" else None
    except ValueError:
        return None


def checkout(pk: uuid.UUID) -> Any | None:
    from saleor.checkout.models import Checkout

    return Checkout.objects.select_related("channel").filter(pk=pk).first()


def cover_line(pk: uuid.UUID) -> str:
    """Return the global id of a checkout's cover line, or nothing."""
    from saleor.checkout.models import CheckoutLine

    line = CheckoutLine.objects.filter(checkout_id=pk, variant__sku=COVER_SKU).first()
    return to_global_id("CheckoutLine", line.pk) if line else ""


def paid_by_gift_card(checkout: Any, premium: Decimal) -> Decimal:
    """Return how much of the premium the checkout's gift cards pay, tickets and shipping first."""
    held = sum((card.current_balance_amount for card in checkout.gift_cards.all()), Decimal(0))
    return max(Decimal(0), min(premium, held - (checkout.total_gross_amount - premium)))


def order_of(pk: uuid.UUID) -> Any | None:
    """Return the order that was made of a checkout."""
    from saleor.order.models import Order

    return Order.objects.filter(checkout_token=str(pk)).first()


def cover_order_line(order: Any) -> Any | None:
    return order.lines.filter(product_sku=COVER_SKU).first()


def policies() -> dict[uuid.UUID, str]:
    """Return the state of each order's cover, as the plugin keeps it."""
    from saleor_xcover_plugin.models import Cover

    return dict(Cover.objects.values_list("order_id", "status"))
