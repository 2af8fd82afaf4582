"""Park, close and find the cancellations of a cover, with their outbox messages.

A cancellation is a refund, or a cancelled event, that was judged with regard to a policy.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from ..domain.cancellations import STAFF_RULE, Cancelled
from ..domain.messages import CANCELLATION_KINDS, MessageKind
from ..domain.states import CancellationStatus
from ..models import Cancellation, Cover
from ..outbox import message_queue as outbox
from . import effects

EVENT_CANCELLED_KEY = "event-cancelled"
"""Last part of ``Cancellation.refund_key`` if the judgement was made for a cancelled event."""

OF_EVENT_CANCELLED = Q(refund_key__endswith=EVENT_CANCELLED_KEY)
"""Selects the judgements that were made for a cancelled event and are not void."""

KEY_OF_CANCELLED = {
    Cancelled.SOME: f"one-{EVENT_CANCELLED_KEY}",
    Cancelled.ALL: EVENT_CANCELLED_KEY,
}
"""Last part of ``Cancellation.refund_key`` by how many of the cover's events are cancelled."""

EVENT_TAKES_PLACE = "The event takes place after all: the policy stays in force."
"""Sentence for staff when the cancellation of an event was withdrawn."""


def is_judged_by(key: str, cancelled: Cancelled) -> bool:
    """Return True if the judgement ``key`` was made for this many cancelled events."""
    suffix = KEY_OF_CANCELLED.get(cancelled)
    return suffix is not None and key.endswith(f":{suffix}")


def park(cancellation: Cancellation, sentence: str, now: datetime, **changes: str) -> None:
    """Park a cancellation for staff; its cover counts as confirmed again.

    ``sentence`` tells staff why; ``changes`` are further columns to save. The caller is in a
    transaction and holds the locks of cover and cancellation.
    """
    effects.apply(cancellation.cover, effects.COVER_STAYS, now)
    effects.apply(cancellation, effects.CANCELLATION_PARKED, now, sentence, **changes)


def waiting(cover: Cover) -> QuerySet[Cancellation]:
    """Return the parked cancellations of a cover, except those that staff began themselves."""
    parked = cover.cancellations.filter(status=CancellationStatus.PARKED.value)
    return parked.exclude(rule=STAFF_RULE)


def may_be_cancelled(cover: Cover) -> bool:
    """Return True if XCover may have cancelled the policy, because its response was lost."""
    return bool(_may_be_carried_out(cover.cancellations.all()))


def _may_be_carried_out(cancellations: Iterable[Cancellation]) -> set[int]:
    keys = [cancellation.pk for cancellation in cancellations]
    return outbox.may_be_carried_out(MessageKind.CONFIRM_CANCELLATION, keys)


def close(
    parked: QuerySet[Cancellation], sentence: str, now: datetime, *, is_void: bool = True
) -> int:
    """Close parked cancellations without cancelling the policy; return how many were closed.

    Those that XCover may have carried out stay parked until the policy is looked up. With
    ``is_void`` the same refund may be judged again. The caller is in a transaction and holds the
    cover's lock; the cancellations are locked here.
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


def end_as_void(cancellation: Cancellation, sentence: str, now: datetime) -> None:
    """End a cancellation that is under way but was not carried out; the policy stays in force.

    The same refund may be judged again. Its pending message sends nothing any more. The caller is
    in a transaction and holds the locks of cover and cancellation.
    """
    void = f"{cancellation.refund_key}:void:{cancellation.pk}"
    park(cancellation, sentence, now, refund_key=void)
    effects.apply(cancellation, effects.CANCELLATION_KEPT, now)


def end_with_policy(cover: Cover, now: datetime) -> None:
    """Close all parked cancellations of a policy that was cancelled.

    The caller is in a transaction and holds the cover's lock.
    """
    parked = cover.cancellations.filter(status=CancellationStatus.PARKED.value)
    rows = list(parked.select_for_update())
    _close(rows, "The policy was cancelled meanwhile.", now, is_void=False)
