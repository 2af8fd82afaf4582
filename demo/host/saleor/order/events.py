from typing import Any

from . import OrderEvents
from .models import Order, OrderEvent


def order_note_added_event(*, order: Order, user: Any, app: Any, message: str) -> OrderEvent:
    return OrderEvent.objects.create(
        order=order, type=OrderEvents.NOTE_ADDED, parameters={"message": message}
    )
