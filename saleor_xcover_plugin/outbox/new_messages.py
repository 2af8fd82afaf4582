"""Enqueue messages, and ask for one shared drain of new ones instead of a task for each.

A task costs a worker a database session, often more than the confirmation itself. So a task is
sent only if no worker is expected to look for new messages. A worker is expected for ``SOON`` after
a task was sent, and longer while it says that it works. Before its last look it stores that it is
no longer expected. A message that was committed before then is found by the last look; for a later
one a task is sent. If a worker dies, new messages wait for ``SOON`` at most before the next of them
sends a task; the sweep finds those that came in between.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction

from ..clock import utc_now
from ..defect_log import log_defect
from ..host.runtime import allow_writer
from ..models import Cancellation, ExpectedDrain, Modification, OutboxMessage
from ..time_limits import HOOK, DatabaseBusy, time_limits
from . import message_queue as outbox
from .task_queue import DELIVER_NEW_TASK, has_broker, send_task

log = logging.getLogger(__name__)

SOON = timedelta(seconds=2)
"""Time for which a drain is expected after it was asked for, or after it has said that it works."""

RUSH = timedelta(milliseconds=400)
"""Time after the end of a drain within which another one is part of a rush."""


def enqueue(
    kind: str,
    operation_id: str,
    *,
    subject_id: int,
    channel_id: int,
    now: datetime,
    account: str = "",
) -> OutboxMessage:
    """Add a message as ``message_queue.add`` does, and have a worker deliver it after the commit.

    A task is sent unless a worker is expected to look for new messages anyway.
    """
    message = outbox.add(
        kind,
        operation_id,
        subject_id=subject_id,
        channel_id=channel_id,
        now=now,
        account=account,
    )
    transaction.on_commit(request_drain)
    return message


def enqueue_step(
    kind: str, operation_id: str, row: Cancellation | Modification, now: datetime
) -> None:
    """Add the message that takes this step at XCover. Call inside the deciding transaction."""
    cover = row.cover
    enqueue(
        kind,
        operation_id,
        subject_id=row.pk,
        channel_id=cover.channel_id,
        now=now,
        account=cover.account,
    )


def request_drain() -> None:
    """Send a task that delivers new messages, unless a worker is expected to look for them.

    Raises only ``SoftTimeLimitExceeded``.
    """
    if not has_broker():
        return
    wanted = _wanted(utc_now())
    if wanted is not None:
        send_task(DELIVER_NEW_TASK, wanted.is_rush)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A drain that is to be asked for."""

    is_rush: bool = False
    """True if the last one ended a moment ago."""


def _wanted(now: datetime) -> _Wanted | None:
    """Expect a drain, and return what to ask for; None if one was expected.

    Raises only ``SoftTimeLimitExceeded``: it runs in hooks.
    """
    try:
        with allow_writer(), time_limits(HOOK):
            return _expect(now)
    except SoftTimeLimitExceeded:
        raise
    except DatabaseBusy as busy:
        log.warning("xcover.drain.busy", extra={"reason": str(busy)})
    except Exception:
        log_defect(log, "xcover.drain.failed")
    return _Wanted()


def _expect(now: datetime) -> _Wanted | None:
    table = connection.ops.quote_name(ExpectedDrain._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(_EXPECT.format(table=table), [now + SOON, now, now + SOON, now + SOON])
        row = cursor.fetchone()
    if row is None:
        return None
    (ended_at,) = row
    return _Wanted(ended_at is not None and now - RUSH <= ended_at <= now)


# A time further away than SOON comes from a wrong clock. No row is locked while one is expected.
_EXPECT = """
WITH renewed AS (
    UPDATE {table} SET until = %s
    WHERE id = 1 AND (until IS NULL OR until <= %s OR until > %s)
    RETURNING ended_at
), first AS (
    INSERT INTO {table} (id, until)
    SELECT 1, %s WHERE NOT EXISTS (SELECT FROM {table})
    ON CONFLICT DO NOTHING
    RETURNING ended_at
)
SELECT ended_at FROM renewed UNION ALL SELECT ended_at FROM first
"""


def goes_on(now: datetime) -> None:
    """Store that a drain works and will look again."""
    ExpectedDrain.objects.filter(pk=1).update(until=now + SOON)


def looks_for_the_last_time(now: datetime) -> None:
    """Store that no drain is expected: who adds a message from now on has to ask for one."""
    ExpectedDrain.objects.filter(pk=1).update(until=None, ended_at=now)
