"""Questions about many orders at once, answered without reading each of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import F
from saleor.order import OrderStatus
from saleor.order.models import Order

_CHUNK = 500
"""Few enough for PostgreSQL to look each up by its key, however many orders there are."""


def paid_in_full(order_ids: Sequence[uuid.UUID], *, before: datetime) -> set[uuid.UUID]:
    """Keep the orders that are paid in full (``OrderState``) and unchanged since a time."""
    found: set[uuid.UUID] = set()
    for start in range(0, len(order_ids), _CHUNK):
        found.update(
            Order.objects.filter(
                pk__in=order_ids[start : start + _CHUNK],
                total_charged_amount__gte=F("total_gross_amount"),
                updated_at__lte=before,
            )
            .exclude(status__in=[OrderStatus.CANCELED, OrderStatus.EXPIRED])
            .values_list("pk", flat=True)
        )
    return found


def numbers_of(order_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the orders' numbers; orders that are gone are left out."""
    rows = Order.objects.filter(pk__in=list(order_ids)).values_list("pk", "number")
    return {pk: str(number) for pk, number in rows}
