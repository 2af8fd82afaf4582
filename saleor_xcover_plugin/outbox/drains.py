"""Drains: deliver what is due for a few seconds, then queue up again if more is left.

New messages share one drain, and a long outbox is shared out between several workers. Each works
for one ``TURN``, so that newer tasks, such as the confirmation of a sale made just now, get theirs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from ..clock import Clock
from . import claims, new_messages
from .claims import Which
from .dispatcher import deliver_due
from .task_queue import DELIVER_NEW_TASK, DRAIN_TASK, has_broker, send_task

TURN = timedelta(seconds=5)
"""Longest time one drain delivers before it queues up again."""

# Delivering what was added just now.

_NEW = Which(is_new=True)

_AT_A_TIME = 40
"""Messages after which a drain says again that it works (``new_messages``)."""

_REST = 0.2
"""Seconds in which the sales of a rush gather, to be confirmed together."""


def deliver_new(
    clock: Clock, *, is_rush: bool = False, rest: Callable[[float], None] = time.sleep
) -> int:
    """Deliver new messages for at most one ``TURN``; return how many were tried.

    In a rush it rests for some seconds and looks again, as long as it finds any. Older messages,
    such as those that waited while XCover did not answer, are left to ``drain``, so that an order
    paid just now does not wait behind them.
    """
    tried, ends_at = 0, clock() + TURN
    while clock() < ends_at:
        count = deliver_due(clock, limit=_AT_A_TIME, which=_NEW, until=ends_at)
        tried += count
        if count < _AT_A_TIME and not (is_rush and count):
            break
        new_messages.goes_on(clock())
        if count < _AT_A_TIME:
            rest(_REST)
    else:
        send_task(DELIVER_NEW_TASK, True)
        return tried
    new_messages.looks_for_the_last_time(clock())
    return tried + deliver_due(clock, limit=_AT_A_TIME, which=_NEW, until=ends_at)


# Sharing a long outbox between workers.

LIMIT = 200
"""Most messages one drain task tries."""

MAX_HELPERS = 8
"""Most drain tasks one call of ``call_helpers`` sends."""

_WORTH_A_HELPER = 50
"""Due messages for each drain task."""


def call_helpers(now: datetime, *, until: datetime) -> int:
    """Send one drain task for every 50 due messages, ``MAX_HELPERS`` at most; return how many.

    The tasks deliver until ``until`` (UTC). Without a broker none is sent.
    """
    if not has_broker():
        return 0
    due = claims.due_count(now, limit=_WORTH_A_HELPER * MAX_HELPERS)
    helpers = due // _WORTH_A_HELPER
    for _ in range(helpers):
        send_task(DRAIN_TASK, until.isoformat())
    return helpers


def drain(clock: Clock, *, until: datetime) -> int:
    """Deliver for one ``TURN`` and return how many messages were tried.

    If messages may be left, send another drain task, unless ``until`` (UTC) has passed.
    """
    ends_at = min(clock() + TURN, until)
    count = deliver_due(clock, limit=LIMIT, until=ends_at)
    is_unfinished = count == LIMIT or clock() >= ends_at
    if is_unfinished and clock() < until and has_broker():
        send_task(DRAIN_TASK, until.isoformat())
    return count
