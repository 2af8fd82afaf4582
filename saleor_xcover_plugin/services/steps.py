"""Deliver the two steps of a cancellation or modification: preview and confirm."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any, Generic

from django.db import transaction

from .. import outbox
from ..models import Cancellation, Modification, OutboxMessage
from ..xcover.errors import XCoverError
from .delivery import Outcome
from .locks import Row
from .wake import append


class StepDelivery(ABC, Generic[Row]):
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


def append_step(
    kind: str, operation_id: str, row: Cancellation | Modification, now: datetime
) -> None:
    """Have a step taken at XCover."""
    channel_id = row.cover.channel_id
    append(kind, operation_id, subject_id=row.pk, channel_id=channel_id, now=now)
