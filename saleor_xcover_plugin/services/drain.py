"""Empty a long outbox with several workers, without keeping Saleor's own work waiting.

One chain of short tasks per helper: each delivers for a few seconds and then queues up behind
whatever came meanwhile, such as the confirmation of a sale made just now.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from .. import outbox
from .clock import Clock
from .deliver import deliver_due
from .wake import DRAIN_TASK, can_wake, wake

TURN = timedelta(seconds=5)
LIMIT = 200
MAX_HELPERS = 8
_WORTH_A_HELPER = 50
"""Messages due for each helper that is called."""


def call_helpers(now: datetime, *, until: datetime) -> int:
    """Wake workers when more is due than one empties soon; return how many were called."""
    if not can_wake():
        return 0
    due = outbox.due_count(now, limit=_WORTH_A_HELPER * MAX_HELPERS)
    helpers = due // _WORTH_A_HELPER
    for _ in range(helpers):
        wake(DRAIN_TASK, until.isoformat())
    return helpers


def drain(clock: Clock, *, until: datetime) -> int:
    """Deliver for one turn, and queue up again while there is more to do before ``until``."""
    ends_at = min(clock() + TURN, until)
    count = deliver_due(clock, limit=LIMIT, until=ends_at)
    is_unfinished = count == LIMIT or clock() >= ends_at
    if is_unfinished and clock() < until and can_wake():
        wake(DRAIN_TASK, until.isoformat())
    return count
