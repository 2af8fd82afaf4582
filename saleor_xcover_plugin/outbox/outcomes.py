"""Store what came of a call: refused or unknown, the handler's record, and the order's changes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from ..clock import Clock
from ..defect_log import log_defect
from ..domain.reasons import ReasonCode
from ..domain.sending import Sending, sending_after
from ..models import OutboxMessage
from ..time_limits import DatabaseBusy, busy_sentence
from ..xcover.errors import XCoverError
from . import message_queue as outbox
from . import registry
from .handlers import Attempt, MessageHandler, Outcome

log = logging.getLogger(__name__)


def mark_error(
    message: OutboxMessage, before: Sending, attempt: Attempt, error: XCoverError, now: datetime
) -> None:
    """Store if an error shows that XCover did not carry the call out.

    ``before`` is what was known of its outcome before the attempt.
    """
    after = sending_after(
        before,
        left=not error.never_left,
        was_turned_away=error.was_turned_away,
        # A refused look-up says nothing about the call itself.
        shows_not_done=error.shows_not_done and attempt.body is not None,
    )
    if after != Sending.OUTCOME_UNKNOWN:
        outbox.mark_not_done(message, after, now)


def finish(
    handler: MessageHandler,
    message: OutboxMessage,
    attempt: Attempt,
    outcome: Outcome,
    clock: Clock,
) -> None:
    """Store what came of a first attempt that was made in a batch, and sync its order."""
    with guarded(message, clock):
        if isinstance(outcome, XCoverError):
            mark_error(message, Sending(message.sending), attempt, outcome, clock())
        handler.record(message, outcome, clock())
        order_id = handler.order_of(message)
        if order_id is not None:
            registry.sync_order(order_id, clock())


@contextmanager
def guarded(message: OutboxMessage, clock: Clock) -> Iterator[None]:
    """Plan another attempt of a message, or park it, when the block fails.

    Raises only ``SoftTimeLimitExceeded``.
    """
    try:
        yield
    except SoftTimeLimitExceeded:
        raise
    except DatabaseBusy as busy:
        log.warning(
            "xcover.delivery.busy", extra={"outbox_message": message.pk, "reason": str(busy)}
        )
        _retry_or_park(message, clock())
    except Exception:
        log_defect(log, "xcover.delivery.failed", outbox_message=message.pk)
        sentence = "An unexpected error was logged under saleor_xcover_plugin"
        if not _plan_again(message, f"{sentence}.", clock()):
            park(
                message,
                ReasonCode.UNEXPECTED,
                f"{sentence}; nothing more is sent before a replay.",
                clock(),
            )


def _retry_or_park(message: OutboxMessage, now: datetime) -> None:
    """Plan another attempt, or park the message when none is left.

    If the database is too busy even for that, the message is due again when its lease ends.
    """
    try:
        if _plan_again(message, busy_sentence(), now):
            return
        park(
            message,
            ReasonCode.UNEXPECTED,
            busy_sentence("Nothing more is sent before a replay."),
            now,
        )
    except DatabaseBusy as busy:
        log.warning(
            "xcover.delivery.busy", extra={"outbox_message": message.pk, "reason": str(busy)}
        )


def _plan_again(message: OutboxMessage, sentence: str, now: datetime) -> bool:
    """Plan another attempt; return False when none is left."""
    with transaction.atomic():
        current = outbox.lock(message)
        return current is None or outbox.retry_later(current, sentence, now)


def park(message: OutboxMessage, code: str, sentence: str, now: datetime) -> None:
    """Park the message and its subject; only the message if its handler fails."""
    try:
        registry.handler_of(message.kind).park(message, code, sentence, now)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log_defect(log, "xcover.delivery.failed", outbox_message=message.pk)
        with transaction.atomic():
            current = outbox.lock(message)
            if current is not None:
                outbox.park(current, sentence, now, reason=code)
