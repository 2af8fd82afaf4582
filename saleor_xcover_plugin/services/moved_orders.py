"""A channel was deleted: Saleor moved its orders to another one, and their open work follows."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from django.db import transaction

from .. import outbox
from ..host import orders
from ..models import Cover, OutboxMessage

log = logging.getLogger(__name__)


def follow(message: OutboxMessage, order_id: uuid.UUID | None, now: datetime) -> bool:
    """Give a message the channel its order has now; return False when it is there already."""
    if order_id is None:
        return False
    channel_id = orders.channel_of(order_id)
    if channel_id is None or channel_id == message.channel_id:
        return False
    with transaction.atomic():
        Cover.objects.filter(order_id=order_id).update(channel_id=channel_id)
        current = outbox.lock(message)
        if current is not None:
            outbox.hold(current, now, now, channel_id=channel_id)
    log.info("xcover.message.moved", extra={"outbox_message": message.pk})
    return True
