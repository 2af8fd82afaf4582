"""Send tasks to Celery without ever blocking a sale. The sweep makes up for lost tasks.

``send_task`` raises nothing, so ``on_commit`` needs no ``robust=True``, which fails on a
``partial``.
"""

from __future__ import annotations

import logging
import uuid
from functools import lru_cache, partial
from typing import Any

from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from kombu.pools import producers

log = logging.getLogger(__name__)

# Names of the Celery tasks.

DELIVER_TASK = "saleor_xcover_plugin.tasks.deliver"
DELIVER_NEW_TASK = "saleor_xcover_plugin.tasks.deliver_new"
DRAIN_TASK = "saleor_xcover_plugin.tasks.drain"
RECEIVE_TASK = "saleor_xcover_plugin.tasks.receive_notification"
REQUEST_OFFER_TASK = "saleor_xcover_plugin.tasks.request_offer"
SWEEP_TASK = "saleor_xcover_plugin.tasks.sweep"
RECONCILE_TASK = "saleor_xcover_plugin.tasks.reconcile"
PURGE_TASK = "saleor_xcover_plugin.tasks.purge"
EVENT_RUN_TASK = "saleor_xcover_plugin.tasks.event_run"
TASKS = frozenset(
    {
        DELIVER_TASK,
        DELIVER_NEW_TASK,
        DRAIN_TASK,
        RECEIVE_TASK,
        REQUEST_OFFER_TASK,
        SWEEP_TASK,
        RECONCILE_TASK,
        PURGE_TASK,
        EVENT_RUN_TASK,
    }
)
"""Names of all tasks of the plugin, which every worker of a store has to know."""

DEBOUNCE_SECONDS = 1
"""Seconds between a change of a checkout and the task that requests its offer.

A page that asks within this time requests the offer itself. With a shorter delay it would often
find the request of a worker under way.
"""

OUTDATED_SECONDS = 15
"""Seconds after which such a task is thrown away by the worker that gets it.

By then the page has asked. In an on-sale rush the queue may be longer than that, and confirmations
wait in it too.
"""

_BROKER_SECONDS = 0.5  # timeout of each step of sending one task


def request_offer_soon(token: uuid.UUID, channel_id: int) -> None:
    """Send a task that requests the checkout's offer after ``DEBOUNCE_SECONDS``.

    Several changes in a row lead to one request: the tasks that come later find the offer.
    """
    send_after_commit(
        REQUEST_OFFER_TASK,
        str(token),
        channel_id,
        countdown=DEBOUNCE_SECONDS,
        expires=OUTDATED_SECONDS,
    )


def send_after_commit(
    task: str, *args: object, countdown: float | None = None, expires: float | None = None
) -> None:
    """Send one task after the current transaction commits; none if it is rolled back.

    ``countdown`` is the delay in seconds, ``expires`` the time in seconds after which it is not run
    any more.
    """
    transaction.on_commit(partial(send_task, task, *args, countdown=countdown, expires=expires))


def has_broker() -> bool:
    """Return True if tasks can be sent; without a broker ``xcover_work`` does all the work."""
    return not current_app.conf.task_always_eager


def send_task(
    task: str, *args: object, countdown: float | None = None, expires: float | None = None
) -> None:
    """Send one task, or log a warning and give up within a second. Raise nothing else.

    ``countdown`` and ``expires`` as in ``send_after_commit``. Without a broker nothing is sent:
    Celery would run the task, HTTP included, inside the shopper's request. Such a store runs
    ``xcover_work`` instead. ``SoftTimeLimitExceeded`` of the surrounding task passes through.
    """
    if not has_broker():
        return
    try:
        with producers[_connection()].acquire(block=True, timeout=_BROKER_SECONDS) as producer:
            current_app.send_task(
                task,
                args=args,
                countdown=countdown,
                expires=expires,
                producer=producer,
                retry=False,
                ignore_result=True,
            )
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        log.warning("xcover.task.not_sent", extra={"task": task, "error": type(error).__name__})


def _connection() -> Any:
    """Return the connection to the broker with short timeouts and no retries."""
    conf = current_app.conf
    broker = (conf.broker_write_url, conf.broker_url, conf.broker_transport_options)
    return _connection_as(repr(broker), current_app)


@lru_cache(maxsize=4)
def _connection_as(_broker: str, app: Any) -> Any:
    """Make the connection once per broker: hooks send tasks, and making it takes a while."""
    options = {
        **(app.conf.broker_transport_options or {}),
        "socket_connect_timeout": _BROKER_SECONDS,
        "socket_timeout": _BROKER_SECONDS,
        "max_retries": 0,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
    }
    return app.connection_for_write(connect_timeout=_BROKER_SECONDS, transport_options=options)
