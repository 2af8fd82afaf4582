"""Celery tasks. Their arguments are keys and times, never secrets or personal data."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from celery import shared_task

from .checkout import offer_request as offers
from .clock import utc_now
from .config.settings import SettingsError
from .defect_log import no_values_leave
from .errors import Refusal
from .host import configuration
from .host.runtime import allow_writer
from .operations.reconciliation import reconcile_tonight
from .operations.sweep import sweep as sweep_all
from .operations.webhook_inbox import handle_due
from .outbox.claims import Which
from .outbox.dispatcher import deliver_due
from .outbox.drains import deliver_new as deliver_new_messages
from .outbox.drains import drain as drain_outbox
from .outbox.task_queue import (
    DELIVER_NEW_TASK,
    DELIVER_TASK,
    DRAIN_TASK,
    EVENT_RUN_TASK,
    PURGE_TASK,
    RECEIVE_TASK,
    RECONCILE_TASK,
    REQUEST_OFFER_TASK,
    SWEEP_TASK,
)
from .privacy.nightly import purge_tonight
from .staff.background_event_runs import advance
from .time_limits import WORKER, DatabaseBusy, time_limits

log = logging.getLogger(__name__)


@contextmanager
def _working() -> Iterator[None]:
    """Let a task write to the database, with the lock time-outs of a worker.

    If the database is busy, log it and end the task: the next sweep or night finds its work.
    """
    try:
        with allow_writer(), time_limits(WORKER):
            yield
    except DatabaseBusy as busy:
        log.warning("xcover.task.busy", extra={"reason": str(busy)})


@shared_task(name=DELIVER_TASK, ignore_result=True)
@no_values_leave()
@_working()
def deliver(message_id: int) -> None:
    """Deliver one outbox message if it is still due and no other worker has leased it."""
    deliver_due(utc_now, limit=1, which=Which(only=[message_id]))


@shared_task(name=DELIVER_NEW_TASK, ignore_result=True)
@no_values_leave()
@_working()
def deliver_new(is_rush: bool) -> None:
    """Deliver the outbox messages of the last minute, of all orders together.

    ``is_rush`` tells that the last such task ended a moment ago: more are likely to come.
    """
    deliver_new_messages(utc_now, is_rush=is_rush)


@shared_task(name=DRAIN_TASK, ignore_result=True)
@no_values_leave()
@_working()
def drain(until: str) -> None:
    """Deliver due outbox messages until a time (ISO 8601, UTC)."""
    drain_outbox(utc_now, until=datetime.fromisoformat(until))


@shared_task(name=RECEIVE_TASK, ignore_result=True)
@no_values_leave()
@_working()
def receive_notification(event_id: int) -> None:
    """Read the booking that a journaled webhook names, and act on what XCover returns.

    ``event_id`` is the primary key of a ``ReceivedNotification``.
    """
    handle_due(utc_now, limit=1, only=event_id)


@shared_task(name=SWEEP_TASK, ignore_result=True)
@no_values_leave()
@_working()
def sweep() -> None:
    """Run the periodic sweep; beat sends this task every minute."""
    sweep_all(utc_now)


@shared_task(name=RECONCILE_TASK, ignore_result=True)
@no_values_leave()
@_working()
def reconcile() -> None:
    """Compare orders, covers and XCover's bookings; beat sends this task every night."""
    reconcile_tonight(utc_now)


@shared_task(name=EVENT_RUN_TASK, ignore_result=True)
@no_values_leave()
@_working()
def event_run(run_id: int) -> None:
    """Do one step of the work on all policies of an event.

    ``run_id`` is the primary key of an ``EventRun``.
    """
    advance(run_id, utc_now)


@shared_task(name=PURGE_TASK, ignore_result=True)
@no_values_leave()
@_working()
def purge() -> None:
    """Remove data past its retention period; beat sends this task every night."""
    purge_tonight(utc_now)


@shared_task(name=REQUEST_OFFER_TASK, ignore_result=True)
@no_values_leave()
@_working()
def request_offer(token: str, channel_id: int) -> None:
    """Request a checkout's offer before the storefront asks for it.

    Does nothing in a channel where the plugin is inactive.
    """
    if not configuration.is_active(channel_id):
        return
    try:
        settings = configuration.settings_of(channel_id)
        offers.ensure_offer(uuid.UUID(token), channel_id, settings, utc_now, is_ahead=True)
    except SettingsError as error:
        log.error("xcover.settings.incomplete", extra={"field": error.field})
    except Refusal as refusal:
        log.info("xcover.offer.refused", extra={"checkout": token, "code": refusal.code.value})
