"""Celery entry points: one primary key in, no secrets and no people."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from celery import shared_task

from .checkout import quote as offers
from .clock import utc_now
from .config.settings import SettingsError
from .defect_log import no_values_leave
from .errors import Refusal
from .host import configuration
from .host.runtime import allow_writer
from .operations.reconciliation import reconcile_tonight
from .operations.sweep import sweep as sweep_all
from .operations.webhook_inbox import handle_due
from .outbox.dispatcher import deliver_due
from .outbox.dispatcher import drain as drain_outbox
from .outbox.task_queue import DELIVER_TASK, DRAIN_TASK, RECEIVE_TASK, REQUEST_OFFER_TASK
from .privacy.nightly import purge_tonight
from .time_limits import WORKER, DatabaseBusy, time_limits

log = logging.getLogger(__name__)


@contextmanager
def _working() -> Iterator[None]:
    """Let a task write to the database, and wait for no lock longer than a worker may.

    What it leaves undone then, the next sweep or night finds.
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
    """Deliver one outbox message, if it is still due and nobody else has it."""
    deliver_due(utc_now, limit=1, only=[message_id])


@shared_task(name=DRAIN_TASK, ignore_result=True)
@no_values_leave()
@_working()
def drain(until: str) -> None:
    """Help to empty a long outbox until a time (ISO 8601, UTC)."""
    drain_outbox(utc_now, until=datetime.fromisoformat(until))


@shared_task(name=RECEIVE_TASK, ignore_result=True)
@no_values_leave()
@_working()
def receive_notification(event_id: int) -> None:
    """Look at XCover after a webhook."""
    handle_due(utc_now, limit=1, only=event_id)


@shared_task(name="saleor_xcover_plugin.tasks.sweep", ignore_result=True)
@no_values_leave()
@_working()
def sweep() -> None:
    """Run the periodic sweep (beat, every minute)."""
    sweep_all(utc_now)


@shared_task(name="saleor_xcover_plugin.tasks.reconcile", ignore_result=True)
@no_values_leave()
@_working()
def reconcile() -> None:
    """Compare orders, policies and XCover (beat, every night)."""
    reconcile_tonight(utc_now)


@shared_task(name="saleor_xcover_plugin.tasks.purge", ignore_result=True)
@no_values_leave()
@_working()
def purge() -> None:
    """Remove what is past the time it is kept, as announced (beat, every night)."""
    purge_tonight(utc_now)


@shared_task(name=REQUEST_OFFER_TASK, ignore_result=True)
@no_values_leave()
@_working()
def request_offer(token: str, channel_id: int) -> None:
    """Ask for a checkout's offer before its shopper does."""
    if not configuration.is_active(channel_id):
        return
    try:
        settings = configuration.settings_of(channel_id)
        offers.ensure_offer(uuid.UUID(token), channel_id, settings, utc_now, is_ahead=True)
    except SettingsError as error:
        log.error("xcover.settings.incomplete", extra={"field": error.field})
    except Refusal as refusal:
        log.info("xcover.offer.refused", extra={"checkout": token, "code": refusal.code.value})
