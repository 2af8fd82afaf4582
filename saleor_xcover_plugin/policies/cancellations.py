"""What may become of a judged refund: row, outbox, log and order note say the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from ..domain.cancellations import Cancelled
from ..domain.messages import CANCELLATION_KINDS, MessageKind
from ..domain.states import CancellationStatus
from ..models import Cancellation, Cover
from ..outbox import store as outbox
from . import effects

EVENT_CANCELLED_KEY = "event-cancelled"
"""What the name of a judgement ends with that was made for a cancelled event."""

KEY_OF_CANCELLED = {
    Cancelled.SOME: f"one-{EVENT_CANCELLED_KEY}",
    Cancelled.ALL: EVENT_CANCELLED_KEY,
}

EVENT_TAKES_PLACE = "The event takes place after all: the policy stays in force."

STAFF_RULE = "staff"
"""Begun by a person, whatever the order's refunds say."""


def is_judged_by(key: str, cancelled: Cancelled) -> bool:
    """Whether a judgement was made for just so many cancelled events."""
    suffix = KEY_OF_CANCELLED.get(cancelled)
    return suffix is not None and key.endswith(f":{suffix}")


def park(cancellation: Cancellation, sentence: str, now: datetime, **changes: str) -> None:
    """Have a person decide. As far as is known the policy is in force."""
    effects.apply(cancellation.cover, effects.COVER_STAYS, now)
    effects.apply(cancellation, effects.CANCELLATION_PARKED, now, sentence, **changes)


def waiting(cover: Cover) -> QuerySet[Cancellation]:
    """Return what waits for a person; what staff began themselves is theirs."""
    parked = cover.cancellations.filter(status=CancellationStatus.PARKED.value)
    return parked.exclude(rule=STAFF_RULE)


def may_be_cancelled(cover: Cover) -> bool:
    """Return True when XCover may have cancelled the policy, because the answer was lost."""
    return bool(_may_be_carried_out(cover.cancellations.all()))


def _may_be_carried_out(cancellations: Iterable[Cancellation]) -> set[int]:
    keys = [cancellation.pk for cancellation in cancellations]
    return outbox.may_be_carried_out(MessageKind.CONFIRM_CANCELLATION, keys)


def close(
    parked: QuerySet[Cancellation], sentence: str, now: datetime, *, is_void: bool = True
) -> int:
    """What waited for a person is over; ``is_void`` lets the same refund be judged again.

    What XCover may have carried out goes on waiting: only a look at the policy says whether there
    is still something to decide. Return how much was closed.
    """
    rows = list(parked.select_for_update())
    unknown = _may_be_carried_out(rows)
    known = [cancellation for cancellation in rows if cancellation.pk not in unknown]
    _close(known, sentence, now, is_void=is_void)
    return len(known)


def _close(
    cancellations: Iterable[Cancellation], sentence: str, now: datetime, *, is_void: bool
) -> None:
    for cancellation in cancellations:
        changes = {}
        if is_void:
            changes["refund_key"] = f"{cancellation.refund_key}:void:{cancellation.pk}"
        effects.apply(cancellation, effects.CANCELLATION_KEPT, now, sentence, **changes)
        outbox.drop_parked(CANCELLATION_KINDS, cancellation.pk, sentence, now)


def end_with_policy(cover: Cover, now: datetime) -> None:
    """The policy is gone: nothing about cancelling it waits for a person any more."""
    parked = cover.cancellations.filter(status=CancellationStatus.PARKED.value)
    rows = list(parked.select_for_update())
    _close(rows, "The policy was cancelled meanwhile.", now, is_void=False)
