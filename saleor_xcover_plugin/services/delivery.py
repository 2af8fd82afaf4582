"""What every kind of outbox message shares: prepare, call without a transaction, record."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from .. import outbox
from ..models import OutboxMessage
from ..xcover.client import XCoverClient
from ..xcover.errors import XCoverError, XCoverMisconfigured

log = logging.getLogger(__name__)

Call = Callable[[XCoverClient], Any]
Outcome = Any
"""What the call returned, or the ``XCoverError`` it raised."""


class Delivery(Protocol):
    """One kind of message. Both steps lock offer, cover and outbox row in this order."""

    def prepare(self, message: OutboxMessage, now: datetime) -> Call | None:
        """Re-read the truth, freeze the body, return the call; None when there is none to make."""

    def record(self, message: OutboxMessage, outcome: Outcome, now: datetime) -> None:
        """Write down what came of it. A message another worker took over is left alone."""

    def park(self, message: OutboxMessage, code: str, sentence: str, now: datetime) -> None:
        """Stop for a reason that lies with us, not with XCover: a person must look."""

    def order_of(self, _message: OutboxMessage, /) -> uuid.UUID | None:
        """Return the order to align after the result was written down."""


def give_up_or_retry(message: OutboxMessage, error: XCoverError, now: datetime) -> bool:
    """Plan another attempt where one may help; return True when the caller must end it.

    Refused credentials park the message: saving working credentials replays it. An unreadable
    answer to a write leaves the outcome unknown, so the same key is asked again.
    """
    if isinstance(error, XCoverMisconfigured):
        log.error("xcover.credentials.refused", extra={"operation": message.operation_id})
        outbox.park(message, str(error), now, reason=outbox.CREDENTIALS_REASON)
        return False
    if error.leaves_unknown:
        return not outbox.retry_later(message, str(error), now, retry_after=error.retry_after)
    return True
