from typing import Any

from . import OrderEvents
from .models import Order, OrderEvent


def order_note_added_event(*, order: Order, user: Any, app: Any, message: str) -> OrderEvent:
    return OrderEvent.objects.create(
        order=order, type=OrderEvents.NOTE_ADDED, parameters={"message": message}
    )


def fulfillment_fulfilled_items_event(
    *, order: Order, user: Any, app: Any, fulfillment_lines: Any, auto: bool = False
) -> OrderEvent:
    pks = [line.pk for line in fulfillment_lines]
    return OrderEvent.objects.create(
        order=order,
        type=OrderEvents.FULFILLMENT_FULFILLED_ITEMS,
        parameters={"fulfilled_items": pks, "auto": auto},
    )
