"""Registry of the message handlers. ``policies`` registers them when a process starts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime

from .handlers import MessageHandler

SyncOrder = Callable[[uuid.UUID, datetime], None]
"""Called with an order's id and the time (UTC)."""

_handlers: dict[str, MessageHandler] = {}
_syncs: list[SyncOrder] = []


def register(handlers: Mapping[str, MessageHandler], *, sync_order: SyncOrder) -> None:
    """Register the handler of every kind of message, replacing earlier registrations.

    ``sync_order`` is called after the outcome of a message about an order was stored, so that
    changes of the order during the call are taken in.
    """
    _handlers.clear()
    _handlers.update(handlers)
    _syncs[:] = [sync_order]


def handler_of(kind: str) -> MessageHandler:
    """Return the handler of a kind of message. Raise ``LookupError`` when none is registered."""
    return _handlers[kind]


def kinds() -> frozenset[str]:
    """Return the kinds of message that have a handler."""
    return frozenset(_handlers)


def sync_order(order_id: uuid.UUID, now: datetime) -> None:
    """Sync our rows with an order through the registered ``sync_order``."""
    for sync in _syncs:
        sync(order_id, now)
