"""Tell staff, in the order's history, in plain words."""

from __future__ import annotations

import uuid

from saleor.order.events import order_note_added_event
from saleor.order.models import Order


def add(order_id: uuid.UUID, sentence: str) -> None:
    order = Order.objects.filter(pk=order_id).only("pk").first()
    if order is not None:
        order_note_added_event(order=order, user=None, app=None, message=f"XCover: {sentence}")
