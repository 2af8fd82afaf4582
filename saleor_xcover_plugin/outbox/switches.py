"""Hold messages of kinds that are switched off in their channel, and release them later.

A message that is held keeps its key, its body and its attempts, and is looked at again every few
minutes. What was decided about it is judged again before it is sent.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from ..config.settings import PluginSettings
from ..domain.states import MessageState
from ..models import OutboxMessage
from . import claims
from . import message_queue as outbox

HELD = timedelta(minutes=5)
"""Time until a held message is looked at again, unless it is released before."""


def is_held(settings: PluginSettings, kind: str) -> bool:
    """Return True if messages of this kind are switched off in the settings' channel."""
    return kind in settings.held_kinds


def hold(messages: Collection[OutboxMessage], settings: PluginSettings, now: datetime) -> None:
    """Give claimed messages of one channel back, and let all others of the held kinds wait too."""
    until = now + HELD
    outbox.give_back(messages, now, until=until)
    channel_id = next(iter(messages)).channel_id
    claims.defer_due(channel_id, until, now, kinds=settings.held_kinds)


def release(channel_id: int, kinds: Collection[str], now: datetime) -> int:
    """Make waiting messages of these kinds due, since they were switched on; return how many."""
    waiting = OutboxMessage.objects.filter(
        channel_id=channel_id,
        kind__in=list(kinds),
        status=MessageState.PENDING.value,
        next_attempt_at__gt=now,
        leased_until=None,
    )
    return waiting.update(next_attempt_at=now, updated_at=now)


def waiting(channel_id: int, kinds: Collection[str]) -> int:
    """Return how many messages of these kinds wait in a channel."""
    return OutboxMessage.objects.filter(
        channel_id=channel_id, kind__in=list(kinds), status=MessageState.PENDING.value
    ).count()
