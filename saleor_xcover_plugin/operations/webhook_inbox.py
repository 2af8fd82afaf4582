"""After a webhook: ask XCover for the booking and act on that answer only."""

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
from ..xcover.answers import Booking
from ..xcover.errors import XCoverError

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 24
_WAIT = timedelta(minutes=5)
_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WebhookNotification:
    """What a verified webhook says, and all we keep of it."""

    event: str
    booking_id: str
    status: str
    quotes: tuple[str, ...]

    @property
    def digest(self) -> str:
        text = "|".join((self.event, self.booking_id, self.status, *self.quotes))
        return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()


def journal(news: WebhookNotification, channel_id: int, now: datetime) -> None:
    """Journal the news once and have it looked after soon, again when it comes again.

    The same news may be true a second time: a policy was cancelled, taken back and cancelled. What
    was looked after already is looked after once a minute at most; what waits goes on waiting, and
    what is being looked after just now is so again.
    """
    row, is_new = ReceivedNotification.objects.get_or_create(
        digest=hashlib.sha256(f"{channel_id}|{news.digest}".encode()).hexdigest(),
        defaults={
            "channel_id": channel_id,
            "event": news.event,
            "booking_id": news.booking_id,
            "booking_status": news.status,
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
    """Look after journaled events that are due; return how many were tried."""
    for count in range(limit):
        event = None if until and clock() >= until else _claim(clock(), only)
        if event is None:
            return count
        try:
            outcome = _handle(event, clock)
        except SoftTimeLimitExceeded:
            raise
        except DatabaseBusy as busy:  # tried again, however often: nothing is wrong with it
            log.warning(
                "xcover.notification.busy", extra={"inbound_event": event.pk, "reason": str(busy)}
            )
            outcome = None
        except Exception:
            log_defect(log, "xcover.notification.failed", inbound_event=event.pk)
            outcome = "failed" if event.attempts >= MAX_ATTEMPTS else None
        if outcome is not None:
            # Not when the news came again meanwhile: XCover may have been asked just before.
            same = ReceivedNotification.objects.filter(pk=event.pk, received_at=event.received_at)
            same.update(handled_at=clock(), outcome=outcome)
    return limit


def _claim(now: datetime, only: int | None) -> ReceivedNotification | None:
    """Take one due event; its next attempt, should this one die, is already planned."""
    with transaction.atomic():
        due = ReceivedNotification.objects.select_for_update(skip_locked=True).filter(
            handled_at=None, next_attempt_at__lte=now
        )
        if only is not None:
            due = due.filter(pk=only)
        event = due.order_by("next_attempt_at", "pk").first()
        if event is not None:
            event.attempts += 1
            event.next_attempt_at = now + _WAIT
            event.save(update_fields=["attempts", "next_attempt_at"])
    return event


def sync_with_booking(cover: Cover, clock: Clock) -> str:
    """Ask XCover for the policy and do what its answer says.

    Raise ``XCoverError`` or ``SettingsError`` when it cannot be asked.
    """
    settings = configuration.settings_of(cover.channel_id)
    booking = client_for(settings).get_booking(cover.booking_id or "")
    return _bring_in_line(cover.order_id, booking, clock())


def _handle(event: ReceivedNotification, clock: Clock) -> str | None:
    """Return what came of it, or None to try again later."""
    cover = Cover.objects.filter(booking_id=event.booking_id, channel_id=event.channel_id).first()
    if cover is None:
        log.warning("xcover.webhook.unknown_booking", extra={"booking": event.booking_id})
        return "unknown booking"
    try:
        return sync_with_booking(cover, clock)
    except CallDeferred as held:
        event.attempts -= 1
        event.next_attempt_at = held.until
        event.save(update_fields=["attempts", "next_attempt_at"])
        return None
    except (XCoverError, SettingsError) as error:
        return f"gave up: {type(error).__name__}" if event.attempts >= MAX_ATTEMPTS else None


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
