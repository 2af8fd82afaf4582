"""Move open messages along when Saleor moves orders to another channel.

Saleor does that when staff delete a channel and name another one for its orders.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from django.db import transaction

from ..host import orders
from ..models import Cover, OutboxMessage
from ..outbox import message_queue as outbox

log = logging.getLogger(__name__)


def follow_moved_order(message: OutboxMessage, order_id: uuid.UUID | None, now: datetime) -> bool:
    """Give a message and its covers the channel that the order has now.

    The message is due at once afterwards. Return False, and change nothing, when there is no order
    or the message already has the order's channel.
    """
    if order_id is None:
        return False
    channel_id = orders.channel_of(order_id)
    if channel_id is None or channel_id == message.channel_id:
        return False
    with transaction.atomic():
        Cover.objects.filter(order_id=order_id).update(channel_id=channel_id)
        current = outbox.lock(message)
        if current is not None:
            outbox.defer(current, now, now, channel_id=channel_id)
    log.info("xcover.message.moved", extra={"outbox_message": message.pk})
    return True
