"""Store verified webhook notifications, and act on them after reading the booking from XCover.

The signature of a webhook covers its ``Date`` header but not its body, so the body is only a hint
(https://docs.covergenius.com/xcover/webhooks).
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from ..clock import Clock
from ..config.settings import SettingsError
from ..defect_log import log_defect
from ..domain.states import CoverStatus
from ..host import configuration
from ..models import Cover, ReceivedNotification
from ..outbox.clients import client_for
from ..outbox.rate_limit import CallDeferred
from ..outbox.task_queue import RECEIVE_TASK, send_after_commit
from ..policies import cancellations, effects, modifications, policyholder_changes
from ..policies.locks import lock_cover
from ..time_limits import DatabaseBusy
from ..xcover.bookings import Booking
from ..xcover.errors import XCoverError

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 24
"""Number of attempts, five minutes apart, after which a notification is given up."""
_WAIT = timedelta(minutes=5)
_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WebhookNotification:
    """The content of a verified webhook, as far as it is used."""

    event: str
    """XCover's name of the notification, such as ``BOOKING_CANCELLED``."""
    booking_id: str
    """XCover's number of the policy."""
    status: str
    """Status of the booking according to the webhook."""
    quotes: tuple[str, ...]
    """Status of each quote of the booking, used to tell notifications apart."""

    @property
    def digest(self) -> str:
        """Return a hash of the content, the same for the same notification."""
        text = "|".join((self.event, self.booking_id, self.status, *self.quotes))
        return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()


def journal(notification: WebhookNotification, channel_id: int, now: datetime) -> None:
    """Store a notification and send the task that handles it.

    A notification that comes a second time is handled again, because it may be true again: a policy
    can be cancelled, restored and cancelled. If it was handled already, that happens a minute after
    the last time at the earliest; if it is being handled, it is handled once more.
    """
    row, is_new = ReceivedNotification.objects.get_or_create(
        digest=hashlib.sha256(f"{channel_id}|{notification.digest}".encode()).hexdigest(),
        defaults={
            "channel_id": channel_id,
            "event": notification.event,
            "booking_id": notification.booking_id,
            "booking_status": notification.status,
            "received_at": now,
            "next_attempt_at": now,
        },
    )
    if is_new:
        send_after_commit(RECEIVE_TASK, row.pk)
        return
    known = ReceivedNotification.objects.filter(pk=row.pk)
    due = max(now, (row.handled_at or now) + _AGAIN)
    done = known.filter(handled_at__isnull=False)
    if not done.update(handled_at=None, attempts=0, received_at=now, next_attempt_at=due):
        known.update(received_at=now)


def handle_due(
    clock: Clock, *, limit: int, only: int | None = None, until: datetime | None = None
) -> int:
    """Handle stored notifications that are due; return the number of attempts.

    ``limit`` bounds the attempts, ``only`` is the primary key of the one notification to handle,
    and after ``until`` (UTC) no attempt begins.
    """
    for count in range(limit):
        received = None if until and clock() >= until else _claim(clock(), only)
        if received is None:
            return count
        try:
            outcome = _handle(received, clock)
        except SoftTimeLimitExceeded:
            raise
        except DatabaseBusy as busy:  # tried again without a limit: it is not the cause
            log.warning(
                "xcover.notification.busy",
                extra={"inbound_event": received.pk, "reason": str(busy)},
            )
            outcome = None
        except Exception:
            log_defect(log, "xcover.notification.failed", inbound_event=received.pk)
            outcome = "failed" if received.attempts >= MAX_ATTEMPTS else None
        if outcome is not None:
            # Not if it was received again meanwhile: XCover may have been asked just before that.
            same = ReceivedNotification.objects.filter(
                pk=received.pk, received_at=received.received_at
            )
            same.update(handled_at=clock(), outcome=outcome)
    return limit


def _claim(now: datetime, only: int | None) -> ReceivedNotification | None:
    """Claim one due notification. Its next attempt is planned already, in case this one crashes."""
    with transaction.atomic():
        due = ReceivedNotification.objects.select_for_update(skip_locked=True).filter(
            handled_at=None, next_attempt_at__lte=now
        )
        if only is not None:
            due = due.filter(pk=only)
        received = due.order_by("next_attempt_at", "pk").first()
        if received is not None:
            received.attempts += 1
            received.next_attempt_at = now + _WAIT
            received.save(update_fields=["attempts", "next_attempt_at"])
    return received


def sync_with_booking(cover: Cover, clock: Clock) -> str:
    """Read a policy from XCover and record a cancellation or change made there.

    Return the outcome in a few words. Raise ``XCoverError`` or ``SettingsError`` if XCover cannot
    be asked.
    """
    settings = configuration.settings_of(cover.channel_id)
    booking = client_for(settings).get_booking(cover.booking_id or "")
    return _bring_in_line(cover.order_id, booking, clock())


def _handle(received: ReceivedNotification, clock: Clock) -> str | None:
    """Return the outcome in a few words, or None to try again later."""
    covers = Cover.objects.filter(booking_id=received.booking_id, channel_id=received.channel_id)
    cover = covers.first()
    if cover is None:
        log.warning("xcover.webhook.unknown_booking", extra={"booking": received.booking_id})
        return "unknown booking"
    try:
        return sync_with_booking(cover, clock)
    except CallDeferred as deferred:
        received.attempts -= 1
        received.next_attempt_at = deferred.until
        received.save(update_fields=["attempts", "next_attempt_at"])
        return None
    except (XCoverError, SettingsError) as error:
        return f"gave up: {type(error).__name__}" if received.attempts >= MAX_ATTEMPTS else None


def _bring_in_line(order_id: uuid.UUID, booking: Booking, now: datetime) -> str:
    with transaction.atomic():
        cover = lock_cover(order_id=order_id)
        if cover is None or cover.status != CoverStatus.CONFIRMED:
            return "nothing to do"
        if not booking.is_cancelled:
            is_adopted = modifications.adopt(cover, booking, now)
            return "change adopted" if is_adopted else "nothing to do"
        sentence = _cancelled_elsewhere(cover, booking)
        effects.apply(cover, effects.COVER_CANCELLED_ELSEWHERE, now, sentence, cancelled_at=now)
        cancellations.end_with_policy(cover, now)
        policyholder_changes.end_with_policy(cover, now)
    return "cover cancelled"


def _cancelled_elsewhere(cover: Cover, booking: Booking) -> str:
    payer = (
        "XCover says it refunds this buyer itself: refund nothing for the protection before Cover "
        "Genius has said otherwise."
        if booking.is_refunded_by_xcover
        else "Check with Cover Genius whether the buyer gets the premium of "
        f"{cover.premium_money} back."
    )
    return f"policy {booking.id} was cancelled at XCover, not by this store. {payer}"
