"""What may become of a judged refund: row, outbox, log and order note say the same."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db.models import QuerySet

from .. import outbox
from ..domain.cancellations import Cancelled
from ..domain.states import CancellationStatus, CoverStatus
from ..host import notes
from ..models import Cancellation, Cover

log = logging.getLogger(__name__)

EVENT_CANCELLED_KEY = "event-cancelled"
"""What the name of a judgement ends with that was made for a cancelled event."""

KEY_OF_CANCELLED = {
    Cancelled.SOME: f"one-{EVENT_CANCELLED_KEY}",
    Cancelled.ALL: EVENT_CANCELLED_KEY,
}

EVENT_TAKES_PLACE = "The event takes place after all: the policy stays in force."

KINDS = ("preview_cancellation", "confirm_cancellation")
STAFF_RULE = "staff"
"""Begun by a person, whatever the order's refunds say."""


def is_judged_by(key: str, cancelled: Cancelled) -> bool:
    """Whether a judgement was made for just so many cancelled events."""
    suffix = KEY_OF_CANCELLED.get(cancelled)
    return suffix is not None and key.endswith(f":{suffix}")


def park(cancellation: Cancellation, sentence: str, now: datetime, **changes: str) -> None:
    """The policy stays in force until a person decides."""
    cancellation.become(CancellationStatus.PARKED, now, sentence=sentence, **changes)
    cancellation.cover.become(CoverStatus.CONFIRMED, now)
    log.warning("xcover.cancellation.parked", extra={"order": cancellation.cover.order_number})
    notes.add(cancellation.cover.order_id, sentence)


def waiting(cover: Cover) -> QuerySet[Cancellation]:
    """Return what waits for a person; what staff began themselves is theirs."""
    parked = cover.cancellations.filter(status=CancellationStatus.PARKED.value)
    return parked.exclude(rule=STAFF_RULE)


def close(
    parked: QuerySet[Cancellation], sentence: str, now: datetime, *, is_void: bool = True
) -> int:
    """What waited for a person is over; ``is_void`` lets the same refund be judged again.

    Return how much it was.
    """
    rows = list(parked.select_for_update())
    for cancellation in rows:
        changes = {"sentence": sentence}
        if is_void:
            changes["refund_key"] = f"{cancellation.refund_key}:void:{cancellation.pk}"
        cancellation.become(CancellationStatus.KEPT, now, **changes)
        outbox.drop_parked(KINDS, cancellation.pk, sentence, now)
    return len(rows)


def end_with_policy(cover: Cover, now: datetime) -> None:
    """The policy is gone: nothing about cancelling it waits for a person any more."""
    parked = cover.cancellations.filter(status=CancellationStatus.PARKED.value)
    close(parked, "The policy was cancelled meanwhile.", now, is_void=False)
