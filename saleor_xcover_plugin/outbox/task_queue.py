"""Send tasks to Celery without ever holding up a sale. The sweep finds what a lost task was about.

``send_task`` raises nothing, so it needs no ``robust`` of Django's, which fails at a ``partial``.
"""

from __future__ import annotations

import logging
import uuid
from functools import partial
from typing import Any

from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from kombu.pools import producers

log = logging.getLogger(__name__)

DELIVER_TASK = "saleor_xcover_plugin.tasks.deliver"
DRAIN_TASK = "saleor_xcover_plugin.tasks.drain"
RECEIVE_TASK = "saleor_xcover_plugin.tasks.receive_notification"
REQUEST_OFFER_TASK = "saleor_xcover_plugin.tasks.request_offer"

DEBOUNCE_SECONDS = 1
"""A page that asks sooner asks XCover itself; with less it would often find the worker asking."""
_BROKER_SECONDS = 0.5


def request_offer_soon(token: uuid.UUID, channel_id: int) -> None:
    """Have an offer asked for soon; several changes in a row become one request."""
    send_after_commit(REQUEST_OFFER_TASK, str(token), channel_id, countdown=DEBOUNCE_SECONDS)


def send_after_commit(task: str, *args: object, countdown: float | None = None) -> None:
    """Send one task once what it is about is committed; none when it is taken back."""
    transaction.on_commit(partial(send_task, task, *args, countdown=countdown))


def has_broker() -> bool:
    """Whether there is a broker to hand work to; without one ``xcover_work`` does it all."""
    return not current_app.conf.task_always_eager


def send_task(task: str, *args: object, countdown: float | None = None) -> None:
    """Send one task, or give up within a second.

    Without a broker Celery is eager and would run the task, HTTP included, inside the shopper's
    request; such a store runs ``xcover_work`` instead.
    """
    if not has_broker():
        return
    try:
        with producers[_connection()].acquire(block=True, timeout=_BROKER_SECONDS) as producer:
            current_app.send_task(
                task,
                args=args,
                countdown=countdown,
                producer=producer,
                retry=False,
                ignore_result=True,
            )
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        log.warning("xcover.task.not_sent", extra={"task": task, "error": type(error).__name__})


def _connection() -> Any:
    """Describe the broker as we speak to it: given up soon, and nothing tried twice."""
    options = {
        **(current_app.conf.broker_transport_options or {}),
        "socket_connect_timeout": _BROKER_SECONDS,
        "socket_timeout": _BROKER_SECONDS,
        "max_retries": 0,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
    }
    return current_app.connection_for_write(
        connect_timeout=_BROKER_SECONDS, transport_options=options
    )
