"""Interface and shared steps of message handlers: prepare, call without a transaction, record."""

from __future__ import annotations

import logging
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from django.db import transaction

from ..domain.reasons import ReasonCode
from ..models import Cancellation, Modification, OutboxMessage
from ..xcover.bookings import Booking
from ..xcover.client import XCoverClient
from ..xcover.errors import XCoverError, XCoverMisconfigured, XCoverRejected, XCoverUnavailable
from . import message_queue as outbox

log = logging.getLogger(__name__)

Row = TypeVar("Row", Cancellation, Modification)

Call = Callable[[XCoverClient], Any]
"""Makes the call to XCover outside any transaction; may raise ``XCoverError``."""

Outcome = Any
"""Return value of the call, ``NotDone``, or the ``XCoverError`` that the call raised."""


class NotDone:
    """Outcome of a look-up that shows that XCover carried out no attempt.

    The message is then delivered as if it had never been sent.
    """


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that was prepared and may be made now."""

    call: Call
    body: bytes | None = None
    """Request body, stored encrypted when the call leaves; None for a call that only reads."""
    leaving: Callable[[datetime], None] | None = None
    """Called with the time (UTC), in the transaction that marks the message as sent."""


class MessageHandler(Protocol):
    """Deliver one kind of message.

    ``prepare`` and ``record`` run without a transaction of the caller's and open their own. They
    lock the rows of offer, cover and outbox message, in this order.
    """

    operation: str
    """Operation of the first call of an attempt, such as ``confirm_offer``; selects the lane."""

    def prepare(self, message: OutboxMessage, now: datetime) -> Attempt | None:
        """Read the order again and return the attempt to make, or None when none may be made.

        If the outcome of an earlier attempt is unknown and a repeated call with another body could
        have a second effect, the attempt must send the stored body. May be called again before the
        call is made. Must not mark anything as sent.
        """

    def record(self, message: OutboxMessage, outcome: Outcome, now: datetime) -> None:
        """Store the outcome of the attempt; do nothing if another worker took the message over."""

    def park(self, message: OutboxMessage, code: str, sentence: str, now: datetime) -> None:
        """Park the message and its subject for a person, for a reason that is not XCover's.

        ``code`` is a ``ReasonCode``; ``sentence`` tells staff what happened and what to do.
        """

    def order_of(self, _message: OutboxMessage, /) -> uuid.UUID | None:
        """Return the order to sync once the outcome is stored, or None."""


class BatchHandler(Protocol):
    """Deliver messages of one kind together, where nothing about them is out of the ordinary.

    What either method leaves out is delivered alone by the ``MessageHandler`` of its kind.
    """

    kind: str
    """The ``MessageKind``; no attempt of its messages was made, or all were refused."""
    operation: str
    """Operation of the call, as in ``MessageHandler``."""

    def prepare(
        self, messages: Sequence[OutboxMessage], account: str, now: datetime
    ) -> dict[int, Attempt]:
        """Return the attempts to make, by primary key of their message.

        Judges each order by what is in the database, and marks the messages as sent to ``account``
        in the same transaction. Waits for no lock.
        """

    def record(self, outcomes: Mapping[int, Outcome], now: datetime, /) -> set[int]:
        """Store outcomes by message; return the primary keys of those that are stored.

        ``outcomes`` holds what the calls returned, no errors.
        """

    def changed(self, recorded: Collection[int], /) -> dict[int, uuid.UUID]:
        """Return the orders that may have changed since ``prepare``, by recorded message.

        Forgets what ``prepare`` keeps of the recorded messages. Raises nothing for a busy database:
        all orders may have changed then.
        """

    def forget(self, message_id: int) -> None:
        """Forget what ``prepare`` keeps of a message that will not be recorded here."""


class NotShown(XCoverUnavailable):
    """XCover refused to show a policy or did not find it; says nothing about an earlier call."""


def ask_for(client: XCoverClient, booking_id: str) -> Booking:
    """Read a booking to see what became of an earlier call.

    Raise ``NotShown`` when XCover refuses the look-up, so that it is tried again later, and another
    ``XCoverError`` when it fails otherwise.
    """
    try:
        return client.get_booking(booking_id)
    except XCoverRejected as error:
        raise NotShown(f"the policy could not be looked up: {error}") from error


def look_up(client: XCoverClient, booking_id: str) -> Booking:
    """Read a booking right after a call that may have been carried out.

    Raise ``XCoverUnavailable`` for every failure: a refused look-up does not mean that the call was
    refused.
    """
    try:
        return ask_for(client, booking_id)
    except XCoverError as error:
        if isinstance(error, XCoverUnavailable) and not error.was_turned_away:
            raise
        raise XCoverUnavailable(str(error), retry_after=error.retry_after) from error


def give_up_or_retry(message: OutboxMessage, error: XCoverError, now: datetime) -> bool:
    """Plan another attempt if one may help; return True when the caller must end the message.

    Refused credentials park the message, and saving working ones replays it. After an unreadable
    response to a write the outcome is unknown, so the same call is made again with the same
    idempotency key. The caller holds the message's lock.
    """
    if isinstance(error, XCoverMisconfigured):
        log.error("xcover.credentials.refused", extra={"operation": message.operation_id})
        outbox.park(message, str(error), now, reason=ReasonCode.CREDENTIALS_REFUSED)
        return False
    if error.leaves_unknown:
        return not outbox.retry_later(message, str(error), now, retry_after=error.retry_after)
    return True


class PreviewConfirmHandler(ABC, Generic[Row]):
    """Base of the handlers that preview or confirm a cancellation or modification.

    A subclass sets ``rows`` and ``due``, and implements ``prepare`` of ``MessageHandler`` and the
    abstract methods. ``refused``, ``answered`` and ``put_aside`` run in a transaction in which
    offer, cover, row and message are locked.
    """

    rows: Any
    """Model class: ``Cancellation`` or ``Modification``."""
    due: str
    """Status of the row in which this step is taken; in any other one the message is dropped."""

    @abstractmethod
    def lock(self, key: int) -> Row:
        """Lock offer, cover and row, in this order, and return the row with this primary key."""

    @abstractmethod
    def refused(self, row: Row, message: OutboxMessage, error: XCoverError, now: datetime) -> None:
        """Store that the call failed; plan another attempt or end the message."""

    @abstractmethod
    def answered(self, row: Row, answer: Any, now: datetime) -> None:
        """Store the parsed response of the call; the message is settled already."""

    @abstractmethod
    def put_aside(self, row: Row, sentence: str, now: datetime) -> None:
        """Park the row for a person; the policy stays in force as it is."""

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
        """Lock the row and the message and return both.

        Return None when another worker has the message, or when the step is not due; the message
        is dropped then. Call inside a transaction.
        """
        row = self.lock(message.subject_id)
        current = outbox.lock(message)
        if current is None:
            return None
        if row.status != self.due:
            outbox.drop(current, f"The {row._meta.verbose_name} is {row.status}.", now)
            return None
        return row, current
