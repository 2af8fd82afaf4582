"""The handler of each kind of message. ``policies`` registers them when a process starts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime

from .handlers import MessageHandler

SyncOrder = Callable[[uuid.UUID, datetime], None]

_handlers: dict[str, MessageHandler] = {}
_syncs: list[SyncOrder] = []


def register(handlers: Mapping[str, MessageHandler], *, sync_order: SyncOrder) -> None:
    """Name the handler of every kind of message, replacing what was registered before.

    ``sync_order`` is called with an order's id and the time (UTC) after a message about it was
    recorded: what happened to the order while the call was under way is judged then.
    """
    _handlers.clear()
    _handlers.update(handlers)
    _syncs[:] = [sync_order]


def handler_of(kind: str) -> MessageHandler:
    """Return the handler of a kind of message. Raise ``LookupError`` where none is registered."""
    return _handlers[kind]


def kinds() -> frozenset[str]:
    """Return the kinds of message that have a handler."""
    return frozenset(_handlers)


def sync_order(order_id: uuid.UUID, now: datetime) -> None:
    """Bring our rows in line with an order a message was about."""
    for sync in _syncs:
        sync(order_id, now)
