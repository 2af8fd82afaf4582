"""Registry of the message handlers. ``policies`` registers them when a process starts."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from .handlers import BatchHandler, MessageHandler

SyncOrder = Callable[[uuid.UUID, datetime], object]
"""Called with an order's id and the time (UTC)."""

_handlers: dict[str, MessageHandler] = {}
_batches: list[Callable[[], BatchHandler]] = []
_batch_kinds: list[str] = []
_syncs: list[SyncOrder] = []


def register(
    handlers: Mapping[str, MessageHandler],
    *,
    batches: Sequence[Callable[[], BatchHandler]] = (),
    sync_order: SyncOrder,
) -> None:
    """Register the handler of every kind of message, replacing earlier registrations.

    ``batches`` make the handlers for kinds that are also delivered together, most urgent first.
    ``sync_order`` is called after the outcome of a message about an order was stored, so that
    changes of the order during the call are taken in.
    """
    _handlers.clear()
    _handlers.update(handlers)
    _batches[:] = batches
    _batch_kinds[:] = [make().kind for make in batches]
    _syncs[:] = [sync_order]


def handler_of(kind: str) -> MessageHandler:
    """Return the handler of a kind of message. Raise ``LookupError`` when none is registered."""
    return _handlers[kind]


def batch_handlers() -> list[BatchHandler]:
    """Return new handlers for the kinds that are delivered together, most urgent first."""
    return [make() for make in _batches]


def batch_kinds() -> Sequence[str]:
    """Return the kinds of message that are delivered together, most urgent first."""
    return _batch_kinds


def kinds() -> frozenset[str]:
    """Return the kinds of message that have a handler."""
    return frozenset(_handlers)


def sync_order(order_id: uuid.UUID, now: datetime) -> None:
    """Sync our rows with an order through the registered ``sync_order``."""
    for sync in _syncs:
        sync(order_id, now)
