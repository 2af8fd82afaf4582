"""Cancel the policies of a cancelled event: preview all of them, then confirm what was approved.

All progress is stored with the cancellations and messages. A run that was interrupted can be
started again: it continues, and no policy is cancelled twice. ``covers`` are primary keys.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import QuerySet

from .. import installation
from ..clock import Clock
from ..domain.cancellations import ALL_CANCELLED_RULES
from ..domain.messages import CANCELLATION_KINDS, MessageKind
from ..domain.money import Money
from ..domain.states import IN_FORCE, CancellationStatus, CoverStatus, MessageState
from ..models import Cancellation, Cover, OutboxMessage
from ..outbox import accounts, switches
from ..outbox.claims import Which
from ..outbox.dispatcher import deliver_due
from . import decisions, event_changes

Progress = Callable[[int], None]
"""Called with the number of calls that were completed since it was called last, which may be 0.

It is called every few seconds while there is progress.
"""
Pause = Callable[[float], None]
"""Waits for a number of seconds."""

_CHUNK = 200
_POLL_INTERVAL = 0.5
_LONGEST_CHUNK = timedelta(seconds=60)
"""Time after which no further message of a chunk is begun, so that progress is told."""
_MAX_WAIT = timedelta(seconds=90)
"""A run ends after this time without progress. Longer than the lease of a crashed worker."""


@dataclass(frozen=True, slots=True)
class CoverOutcome:
    """The number of covers with the same outcome, and the sum XCover refunds for them."""

    what: str
    """The outcome in a few words for staff."""
    policies: int
    refund: Decimal
    """Sum in ``currency``."""
    currency: str

    @property
    def refund_money(self) -> Money:
        """Return the sum with its currency."""
        return Money(self.refund, self.currency)


def ask(covers: Sequence[int], clock: Clock, *, progress: Progress, pause: Pause) -> None:
    """Preview the cancellation of every policy that was not previewed yet. Cancels nothing.

    Return when all previews were delivered, or when there was no progress for 90 seconds.
    """
    for _ in event_changes.ask_all(covers, clock()):
        progress(0)
    _deliver(covers, MessageKind.PREVIEW_CANCELLATION, clock, progress, pause)


def carry_out(covers: Sequence[int], clock: Clock, *, progress: Progress, pause: Pause) -> int:
    """Approve every refund to the store and cancel those policies; return the number approved.

    Policies that XCover would end without a refund stay in force, because their buyers must be
    asked. So do those whose refund XCover pays to the buyer itself, so that staff can see that the
    buyer is not refunded twice. Return when all cancellations were delivered, or when there was no
    progress for 90 seconds.
    """
    count = 0
    for cancellation in to_approve(covers):
        refund = cancellation.refund_money
        if refund is None:
            continue
        progress(0)
        try:
            decisions.approve(cancellation.pk, refund, clock())
            count += 1
        except decisions.DecisionRefused:  # staff decided about it meanwhile
            continue
    _deliver(covers, MessageKind.CONFIRM_CANCELLATION, clock, progress, pause)
    return count


def to_approve(covers: Sequence[int]) -> Iterator[Cancellation]:
    """Yield the previewed cancellations with a refund to the store that wait for a decision."""
    for page in event_changes.pages(covers):
        yield from waiting_with_refund(page)


def waiting_with_refund(covers: Sequence[int]) -> QuerySet[Cancellation]:
    """Return the previewed cancellations of covers with a refund to the store, in one query.

    Only those that wait because all events of the policy are cancelled. Others wait for a person
    who looks at each: one of several events is cancelled, or a claim is open.
    """
    waiting = event_changes.cancellations_of(covers).filter(
        status=CancellationStatus.PARKED.value, rule__in=ALL_CANCELLED_RULES, refund__gt=0
    )
    return waiting.exclude(xcover_refunds_buyer=True).order_by("pk")


_IN_FORCE = [status.value for status in IN_FORCE]


def in_force(covers: Sequence[int]) -> int:
    """Return the number of policies in force, previewed or not."""
    return sum(
        Cover.objects.filter(pk__in=page, status__in=_IN_FORCE).count()
        for page in event_changes.pages(covers)
    )


def premiums(covers: Sequence[int]) -> str:
    """Return the premiums of the policies in force as text, one sum per currency."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for page in event_changes.pages(covers):
        paid = Cover.objects.filter(pk__in=page, status__in=_IN_FORCE)
        for currency, premium in paid.values_list("currency", "premium"):
            sums[currency] += premium
    return _sums(sums)


def refunds(covers: Sequence[int]) -> str:
    """Return the refunds that wait for approval as text, one sum per currency."""
    return refunds_of(to_approve(covers))


def refunds_of(cancellations: Iterable[Cancellation]) -> str:
    """Return the refunds of cancellations as text, one sum per currency."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for cancellation in cancellations:
        sums[cancellation.currency] += cancellation.refund or Decimal(0)
    return _sums(sums)


def _sums(by_currency: Mapping[str, Decimal]) -> str:
    amounts = (str(Money(amount, currency)) for currency, amount in sorted(by_currency.items()))
    return ", ".join(amounts) or "nothing"


def open_calls(covers: Sequence[int]) -> int:
    """Return the number of pending messages of the event's cancellations."""
    return len(_pending(covers, CANCELLATION_KINDS))


def unasked(covers: Sequence[int]) -> int:
    """Return the number of policies that were not judged yet."""
    return sum(len(event_changes.unasked(page)) for page in event_changes.pages(covers))


def outcomes(covers: Sequence[int]) -> list[CoverOutcome]:
    """Return the outcomes of all covers by group and currency, the biggest group first."""
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
    """Return the outcome of one cover in a few words."""
    if status == CoverStatus.CANCELLED:
        return "cancelled"
    if status == CoverStatus.CANCELLING:
        return "under way"
    if status == CoverStatus.CONFIRMING:
        return "policy being made"
    if row is not None and row.status == CancellationStatus.KEPT:
        return "kept"
    if row is not None and row.status == CancellationStatus.PARKED:
        is_of_run = row.rule in ALL_CANCELLED_RULES
        if row.refund is None:
            return "refused by XCover" if is_of_run else f"not asked: {row.rule}"
        if not is_of_run:
            return f"waits for a person: {row.rule}"
        if row.refund <= 0:
            return "no refund offered"
        return "XCover refunds it" if row.xcover_refunds_buyer else "refund offered"
    return "not asked yet" if status == CoverStatus.CONFIRMED else f"no policy: {status}"


def _pending(covers: Sequence[int], kinds: Sequence[str], held: Collection[int] = ()) -> list[int]:
    """Return the pending messages of the covers, but of channels ``held``, which send none."""
    found: list[int] = []
    for page in event_changes.pages(covers):
        subjects = event_changes.cancellations_of(page).values("pk")
        messages = OutboxMessage.objects.filter(
            kind__in=kinds, subject_id__in=subjects, status=MessageState.PENDING.value
        )
        found += messages.exclude(channel_id__in=held).values_list("pk", flat=True)
    return found


def _deliver(
    covers: Sequence[int], kind: str, clock: Clock, progress: Progress, pause: Pause
) -> None:
    """Deliver the event's messages, beside the workers and within the rate limit they share.

    End when none is pending or there was no progress for ``_MAX_WAIT``.
    """
    if installation.is_elsewhere():
        return  # this database is a copy and sends nothing
    held = {
        channel_id
        for channel_id, settings in accounts.by_channel().items()
        if switches.is_held(settings, kind)
    }
    pending = _pending(covers, (kind,), held)
    gives_up_at = clock() + _MAX_WAIT
    while pending:
        chunk = pending[:_CHUNK]
        deliver_due(
            clock, limit=len(chunk), which=Which(only=chunk), until=clock() + _LONGEST_CHUNK
        )
        open_still = OutboxMessage.objects.filter(pk__in=chunk, status=MessageState.PENDING.value)
        left = list(open_still.values_list("pk", flat=True))
        pending = [*pending[_CHUNK:], *left]  # deferred ones come last
        if len(left) < len(chunk):
            progress(len(chunk) - len(left))
            gives_up_at = clock() + _MAX_WAIT
        elif clock() >= gives_up_at:
            return
        else:
            pause(_POLL_INTERVAL)


def sleep(seconds: float) -> None:
    """Wait for a number of seconds; the ``Pause`` of a real run."""
    time.sleep(seconds)
