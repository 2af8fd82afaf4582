"""What every kind of outbox message shares: prepare, call without a transaction, record."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from .. import outbox
from ..models import OutboxMessage
from ..xcover.answers import Booking
from ..xcover.client import XCoverClient
from ..xcover.errors import (
    XCoverError,
    XCoverMisconfigured,
    XCoverRejected,
    XCoverUnavailable,
)

log = logging.getLogger(__name__)

Call = Callable[[XCoverClient], Any]
Outcome = Any
"""What the call returned, ``NotDone``, or the ``XCoverError`` it raised."""


class NotDone:
    """XCover was asked, and carried out no attempt: the message is judged as if never sent."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that was judged and may be made now."""

    call: Call
    body: bytes | None = None
    """What is stored from the moment the call leaves; None for one that only asks."""
    leaving: Callable[[datetime], None] | None = None
    """Writes down what is no longer known once the call has left, given the time (UTC)."""


class Delivery(Protocol):
    """One kind of message. Both steps lock offer, cover and outbox row in this order."""

    operation: str
    """The first call of an attempt that was never sent before, as the gate knows it."""

    def prepare(self, message: OutboxMessage, now: datetime) -> Attempt | None:
        """Read the order again and judge whether the call may be made; None when there is none.

        A message whose outcome is unknown is bound to the body it was sent with, where sending it
        once more could do harm twice. May be called again before the call is made. Nothing is
        marked as sent here.
        """

    def record(self, message: OutboxMessage, outcome: Outcome, now: datetime) -> None:
        """Write down what came of it. A message another worker took over is left alone."""

    def park(self, message: OutboxMessage, code: str, sentence: str, now: datetime) -> None:
        """Stop for a reason that lies with us, not with XCover: a person must look."""

    def order_of(self, _message: OutboxMessage, /) -> uuid.UUID | None:
        """Return the order to align after the result was written down."""


class NotShown(XCoverUnavailable):
    """XCover refuses to show a policy, or does not know it: that says nothing about a call."""


def ask_for(client: XCoverClient, booking_id: str) -> Booking:
    """Read a booking to see what became of an earlier call. Raise ``XCoverError``.

    A refusal is raised as ``NotShown``, after which it is asked again: it answers the question, not
    the call.
    """
    try:
        return client.get_booking(booking_id)
    except XCoverRejected as error:
        raise NotShown(f"the policy could not be looked up: {error}") from error


def look_up(client: XCoverClient, booking_id: str) -> Booking:
    """Read a booking right after a call that may have been carried out.

    Whatever goes wrong is raised as ``XCoverUnavailable``: that the question was turned away does
    not mean that the call was.
    """
    try:
        return ask_for(client, booking_id)
    except XCoverError as error:
        if isinstance(error, XCoverUnavailable) and not error.was_turned_away:
            raise
        raise XCoverUnavailable(str(error), retry_after=error.retry_after) from error


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
