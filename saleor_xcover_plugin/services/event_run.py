"""Cancel the policies of a cancelled event: ask about all, then carry out what was approved.

Everything a run does is in the rows of cancellations and messages, so that a run that is
interrupted goes on where it was when it is begun again, and nothing is cancelled twice.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import QuerySet

from ..domain.states import CancellationStatus, CoverStatus, MessageState
from ..models import Cancellation, OutboxMessage
from . import decisions, event_changes
from .clock import Clock
from .deliver import deliver_due

Progress = Callable[[int], None]
Pause = Callable[[float], None]

_CHUNK = 200
_PATIENCE = timedelta(seconds=90)
"""How long a run waits without any progress, longer than a dead worker's lease; then it ends."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many policies came to this, and what XCover refunds for them together."""

    what: str
    policies: int
    refund: Decimal
    currency: str


def ask(variants: Sequence[str], clock: Clock, *, progress: Progress, pause: Pause) -> None:
    """Have XCover asked about every policy that was not asked about yet. Cancels nothing."""
    for _ in event_changes.ask_all(variants, clock()):
        pass
    _deliver(variants, "preview_cancellation", clock, progress, pause)


def carry_out(variants: Sequence[str], clock: Clock, *, progress: Progress, pause: Pause) -> int:
    """Approve every refund that was shown and cancel those policies; return how many.

    Policies XCover would end without a refund stay in force: their buyers must be asked.
    """
    count = 0
    keys = list(to_approve(variants).values_list("pk", flat=True))
    for cancellation in Cancellation.objects.filter(pk__in=keys).order_by("pk"):
        refund = cancellation.refund_money
        if refund is None:
            continue
        try:
            decisions.approve(cancellation.pk, refund, clock())
            count += 1
        except decisions.DecisionRefused:  # somebody decided about it meanwhile
            continue
    _deliver(variants, "confirm_cancellation", clock, progress, pause)
    return count


def to_approve(variants: Sequence[str]) -> QuerySet[Cancellation]:
    """Return the previewed cancellations with a refund."""
    return event_changes.waiting(variants).filter(refund__gt=0)


def open_calls(variants: Sequence[str]) -> int:
    """Count the calls of the event's cancellations that are still to be made."""
    return len(_pending(variants))


def outcomes(variants: Sequence[str]) -> list[Outcome]:
    """Say what came of every cover of the event, the biggest group first."""
    groups: Counter[tuple[str, str]] = Counter()
    refunds: dict[tuple[str, str], Decimal] = {}
    judged = {row.cover_id: row for row in event_changes.cancellations_of(variants).order_by("pk")}
    for cover in event_changes.covers_of(variants).order_by("pk").iterator(chunk_size=_CHUNK):
        row = judged.get(cover.pk)
        key = (_what(cover.status, row), cover.currency)
        groups[key] += 1
        refund = (row.refund if row else None) or Decimal(0)
        refunds[key] = refunds.get(key, Decimal(0)) + refund
    return [
        Outcome(what, count, refunds[(what, currency)], currency)
        for (what, currency), count in groups.most_common()
    ]


def _what(status: str, row: Cancellation | None) -> str:
    """Say in a few words what became of one cover."""
    if status == CoverStatus.CANCELLED:
        return "cancelled"
    if status == CoverStatus.CANCELLING:
        return "under way"
    if row is not None and row.status == CancellationStatus.KEPT:
        return "kept"
    if row is not None and row.status == CancellationStatus.PARKED:
        if row.refund is None:
            was_asked = row.rule.startswith("event_cancelled")
            return "refused by XCover" if was_asked else f"not asked: {row.rule}"
        return "refund offered" if row.refund > 0 else "no refund offered"
    return "not asked yet" if status == CoverStatus.CONFIRMED else f"no policy: {status}"


def _pending(variants: Sequence[str], kind: str | None = None) -> list[int]:
    keys = list(event_changes.cancellations_of(variants).values_list("pk", flat=True))
    kinds = [kind] if kind else ["preview_cancellation", "confirm_cancellation"]
    found: list[int] = []
    for start in range(0, len(keys), _CHUNK):
        messages = OutboxMessage.objects.filter(
            kind__in=kinds,
            subject_id__in=keys[start : start + _CHUNK],
            status=MessageState.PENDING.value,
        )
        found += messages.values_list("pk", flat=True)
    return found


def _deliver(
    variants: Sequence[str], kind: str, clock: Clock, progress: Progress, pause: Pause
) -> None:
    """Deliver the event's calls beside the workers, at the shared rate, while XCover answers."""
    pending = _pending(variants, kind)
    gives_up_at = clock() + _PATIENCE
    while pending:
        before = len(pending)
        deliver_due(clock, limit=_CHUNK, only=pending[:_CHUNK])
        pending = _pending(variants, kind)
        if len(pending) < before:
            progress(before - len(pending))
            gives_up_at = clock() + _PATIENCE
        elif clock() >= gives_up_at:
            return
        else:
            pause(0.5)


def sleep(seconds: float) -> None:
    time.sleep(seconds)
