"""Cancel the policies of a cancelled event: ask about all, then carry out what was approved.

Everything a run does is in the rows of cancellations and messages, so that a run that is
interrupted goes on where it was when it is begun again, and nothing is cancelled twice.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from .. import installation
from ..clock import Clock
from ..domain.messages import CANCELLATION_KINDS, MessageKind
from ..domain.money import Money
from ..domain.states import CancellationStatus, CoverStatus, MessageState
from ..models import Cancellation, Cover, OutboxMessage
from ..outbox.dispatcher import deliver_due
from . import decisions, event_changes

Progress = Callable[[int], None]
Pause = Callable[[float], None]

_CHUNK = 200
_POLL_INTERVAL = 0.5
_MAX_WAIT = timedelta(seconds=90)
"""How long a run waits without any progress, longer than a dead worker's lease; then it ends."""


@dataclass(frozen=True, slots=True)
class CoverOutcome:
    """A count of policies with the same outcome, and the sum XCover refunds for them."""

    what: str
    policies: int
    refund: Decimal
    currency: str

    @property
    def refund_money(self) -> Money:
        return Money(self.refund, self.currency)


def ask(covers: Sequence[int], clock: Clock, *, progress: Progress, pause: Pause) -> None:
    """Have XCover asked about every policy that was not asked about yet. Cancels nothing."""
    for _ in event_changes.ask_all(covers, clock()):
        pass
    _deliver(covers, MessageKind.PREVIEW_CANCELLATION, clock, progress, pause)


def carry_out(covers: Sequence[int], clock: Clock, *, progress: Progress, pause: Pause) -> int:
    """Approve every refund that was shown and cancel those policies; return how many.

    Policies XCover would end without a refund stay in force: their buyers must be asked. So do
    those whose refund XCover pays to the buyer itself: a person sees to it that nobody pays twice.
    """
    count = 0
    for cancellation in to_approve(covers):
        refund = cancellation.refund_money
        if refund is None:
            continue
        try:
            decisions.approve(cancellation.pk, refund, clock())
            count += 1
        except decisions.DecisionRefused:  # somebody decided about it meanwhile
            continue
    _deliver(covers, MessageKind.CONFIRM_CANCELLATION, clock, progress, pause)
    return count


def to_approve(covers: Sequence[int]) -> Iterator[Cancellation]:
    """Yield the previewed cancellations with a refund to the store that wait for a decision."""
    for page in event_changes.pages(covers):
        waiting = event_changes.cancellations_of(page).filter(
            status=CancellationStatus.PARKED.value, refund__gt=0
        )
        yield from waiting.exclude(xcover_refunds_buyer=True).order_by("pk")


_IN_FORCE = [CoverStatus.CONFIRMED.value, CoverStatus.CANCELLING.value]


def in_force(covers: Sequence[int]) -> int:
    """Count the policies that are in force, asked about or not."""
    return sum(
        Cover.objects.filter(pk__in=page, status__in=_IN_FORCE).count()
        for page in event_changes.pages(covers)
    )


def premiums(covers: Sequence[int]) -> str:
    """Say what was paid for the policies in force, in each currency."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for page in event_changes.pages(covers):
        paid = Cover.objects.filter(pk__in=page, status__in=_IN_FORCE)
        for currency, premium in paid.values_list("currency", "premium"):
            sums[currency] += premium
    return _sums(sums)


def refunds(covers: Sequence[int]) -> str:
    """Say what XCover refunds for the policies that wait for a decision, in each currency."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for cancellation in to_approve(covers):
        sums[cancellation.currency] += cancellation.refund or Decimal(0)
    return _sums(sums)


def _sums(by_currency: Mapping[str, Decimal]) -> str:
    amounts = (str(Money(amount, currency)) for currency, amount in sorted(by_currency.items()))
    return ", ".join(amounts) or "nothing"


def open_calls(covers: Sequence[int]) -> int:
    """Count the calls of the event's cancellations that are still to be made."""
    return len(_pending(covers, CANCELLATION_KINDS))


def unasked(covers: Sequence[int]) -> int:
    """Count the policies XCover was not asked about yet."""
    return sum(len(event_changes.unasked(page)) for page in event_changes.pages(covers))


def outcomes(covers: Sequence[int]) -> list[CoverOutcome]:
    """Say what came of every cover of the event, the biggest group first."""
    counts: Counter[tuple[str, str]] = Counter()
    refunds: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for page in event_changes.pages(covers):
        rows = event_changes.cancellations_of(page).order_by("pk")
        judged = {row.cover_id: row for row in rows}
        covers_of_page = Cover.objects.filter(pk__in=page)
        for pk, status, currency in covers_of_page.values_list("pk", "status", "currency"):
            row = judged.get(pk)
            key = (_what(status, row), currency)
            counts[key] += 1
            refunds[key] += (row.refund if row else None) or Decimal(0)
    return [
        CoverOutcome(what, count, refunds[(what, currency)], currency)
        for (what, currency), count in counts.most_common()
    ]


def _what(status: str, row: Cancellation | None) -> str:
    """Say in a few words what became of one cover."""
    if status == CoverStatus.CANCELLED:
        return "cancelled"
    if status == CoverStatus.CANCELLING:
        return "under way"
    if status == CoverStatus.CONFIRMING:
        return "policy being made"
    if row is not None and row.status == CancellationStatus.KEPT:
        return "kept"
    if row is not None and row.status == CancellationStatus.PARKED:
        if row.refund is None:
            was_asked = row.rule.startswith("event_cancelled")
            return "refused by XCover" if was_asked else f"not asked: {row.rule}"
        if row.refund <= 0:
            return "no refund offered"
        return "XCover refunds it" if row.xcover_refunds_buyer else "refund offered"
    return "not asked yet" if status == CoverStatus.CONFIRMED else f"no policy: {status}"


def _pending(covers: Sequence[int], kinds: Sequence[str]) -> list[int]:
    found: list[int] = []
    for page in event_changes.pages(covers):
        subjects = event_changes.cancellations_of(page).values("pk")
        found += OutboxMessage.objects.filter(
            kind__in=kinds, subject_id__in=subjects, status=MessageState.PENDING.value
        ).values_list("pk", flat=True)
    return found


def _deliver(
    covers: Sequence[int], kind: str, clock: Clock, progress: Progress, pause: Pause
) -> None:
    """Deliver the event's calls beside the workers, at the shared rate, while XCover answers."""
    if installation.is_elsewhere():
        return  # nothing is sent from here, however long one waits
    pending = _pending(covers, (kind,))
    gives_up_at = clock() + _MAX_WAIT
    while pending:
        chunk = pending[:_CHUNK]
        deliver_due(clock, limit=len(chunk), only=chunk)
        open_still = OutboxMessage.objects.filter(pk__in=chunk, status=MessageState.PENDING.value)
        left = list(open_still.values_list("pk", flat=True))
        pending = [*pending[_CHUNK:], *left]  # those held back come last
        if len(left) < len(chunk):
            progress(len(chunk) - len(left))
            gives_up_at = clock() + _MAX_WAIT
        elif clock() >= gives_up_at:
            return
        else:
            pause(_POLL_INTERVAL)


def sleep(seconds: float) -> None:
    time.sleep(seconds)
