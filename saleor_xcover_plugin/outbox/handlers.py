"""What every kind of outbox message shares: prepare, call without a transaction, record."""

from __future__ import annotations

import logging
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from django.db import transaction

from ..domain.reasons import ReasonCode
from ..models import Cancellation, Modification, OutboxMessage
from ..xcover.answers import Booking
from ..xcover.client import XCoverClient
from ..xcover.errors import XCoverError, XCoverMisconfigured, XCoverRejected, XCoverUnavailable
from . import store as outbox

log = logging.getLogger(__name__)

Row = TypeVar("Row", Cancellation, Modification)

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


class MessageHandler(Protocol):
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
        outbox.park(message, str(error), now, reason=ReasonCode.CREDENTIALS_REFUSED)
        return False
    if error.leaves_unknown:
        return not outbox.retry_later(message, str(error), now, retry_after=error.retry_after)
    return True


class PreviewConfirmHandler(ABC, Generic[Row]):
    """Delivery of one step: locks the row, and ends the message when the step is not due."""

    rows: Any
    """The model: ``Cancellation`` or ``Modification``."""
    due: str
    """The status in which the step is taken."""

    @abstractmethod
    def lock(self, key: int) -> Row:
        """Lock offer, cover and row, in this order."""

    @abstractmethod
    def refused(self, row: Row, message: OutboxMessage, error: XCoverError, now: datetime) -> None:
        """Write down that XCover did not do it; try again where that may help."""

    @abstractmethod
    def answered(self, row: Row, answer: Any, now: datetime) -> None:
        """Write down what XCover answered; the message is settled."""

    @abstractmethod
    def put_aside(self, row: Row, sentence: str, now: datetime) -> None:
        """Have a person look; the policy stays in force as it is."""

    def record(self, message: OutboxMessage, outcome: Outcome, now: datetime) -> None:
        with transaction.atomic():
            begun = self.begin(message, now)
            if begun is None:
                return
            row, current = begun
            if isinstance(outcome, XCoverError):
                self.refused(row, current, outcome, now)
                return
            outbox.settle(current, now)
            self.answered(row, outcome, now)

    def park(self, message: OutboxMessage, code: str, sentence: str, now: datetime) -> None:
        with transaction.atomic():
            begun = self.begin(message, now)
            if begun is None:
                return
            row, current = begun
            outbox.park(current, sentence, now, reason=code)
            self.put_aside(row, sentence, now)

    def order_of(self, message: OutboxMessage) -> uuid.UUID | None:
        found = self.rows.objects.values_list("cover__order_id", flat=True)
        order_id: uuid.UUID = found.get(pk=message.subject_id)
        return order_id

    def begin(self, message: OutboxMessage, now: datetime) -> tuple[Row, OutboxMessage] | None:
        """Lock everything; None when another worker has the message or the step is not due."""
        row = self.lock(message.subject_id)
        current = outbox.lock(message)
        if current is None:
            return None
        if row.status != self.due:
            outbox.drop(current, f"The {row._meta.verbose_name} is {row.status}.", now)
            return None
        return row, current


def enqueue_step(
    kind: str, operation_id: str, row: Cancellation | Modification, now: datetime
) -> None:
    """Have a step taken at XCover."""
    channel_id = row.cover.channel_id
    outbox.enqueue(kind, operation_id, subject_id=row.pk, channel_id=channel_id, now=now)
