"""What an organiser did to an event, and every policy it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from ..domain.cancellations import rule_for
from ..domain.refunds import RefundScope
from ..domain.states import CoverStatus
from ..host import notes, orders
from ..models import Cancellation, Cover, EventChange
from .events import insured_events
from .failures import Failures
from .judge_refunds import EVENT_CANCELLED_KEY, judgement_key, replace_judgement, situation_of
from .locks import lock_cover
from .refund_scope import scope_of

PAGE = 200
_ASKING = "cancelled event"


def tell_cancelled(variants: Sequence[str], now: datetime) -> None:
    """Remember that the organiser cancelled the event these variants are tickets for."""
    _tell(variants, None, now)


def tell_moved(variants: Sequence[str], starts_at: datetime, now: datetime) -> None:
    """Remember when the event begins now (UTC)."""
    _tell(variants, starts_at, now)


def _tell(variants: Sequence[str], starts_at: datetime | None, now: datetime) -> None:
    for variant in variants:
        EventChange.objects.update_or_create(
            variant=variant, defaults={"starts_at": starts_at, "told_at": now}
        )


def covers_of(variants: Sequence[str]) -> list[int]:
    """Return the key of every cover of tickets for the event, oldest first.

    Read once per run: no index helps to find them.
    """
    covers = Cover.objects.filter(offer__request__tickets__has_any_keys=list(variants))
    return list(covers.order_by("pk").values_list("pk", flat=True))


def cancellations_of(covers: Sequence[int]) -> QuerySet[Cancellation]:
    """Return what was begun for these covers because the event is cancelled."""
    return Cancellation.objects.filter(
        cover_id__in=covers, refund_key__endswith=EVENT_CANCELLED_KEY
    )


def unasked(covers: Sequence[int]) -> list[int]:
    """Return those of a few covers with a policy XCover was not asked about yet."""
    asked = set(cancellations_of(covers).values_list("cover_id", flat=True))
    confirmed = Cover.objects.filter(pk__in=covers, status=CoverStatus.CONFIRMED.value)
    return [
        key for key in confirmed.order_by("pk").values_list("pk", flat=True) if key not in asked
    ]


def ask_all(covers: Sequence[int], now: datetime) -> Iterator[int]:
    """Judge every policy of a cancelled event and have XCover asked; yield after each.

    Each is its own transaction and judged once, so that a run may be interrupted anywhere.
    """
    failures = Failures(now)
    for page in pages(covers):
        for cover_id in unasked(page):
            with failures.contain(_ASKING, cover_id):
                _ask(cover_id, now)
            yield cover_id


def pages(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut keys into pieces PostgreSQL looks up one by one."""
    for start in range(0, len(keys), PAGE):
        yield keys[start : start + PAGE]


def _ask(cover_id: int, now: datetime) -> None:
    with transaction.atomic():
        cover = lock_cover(pk=cover_id)
        if cover is None or cover.status != CoverStatus.CONFIRMED:
            return
        order = orders.read(cover.order_id)
        if order is None:
            return
        events = insured_events(cover.offer)
        scope = scope_of(order, cover) or RefundScope.NOTHING
        key = judgement_key(scope, order, events)
        if not cover.cancellations.filter(refund_key=key).exists():
            rule = rule_for(situation_of(cover, scope, events, now))
            replace_judgement(cover, scope, key, rule, order, now)


def note_move(covers: Sequence[int], starts_at: datetime) -> int:
    """Tell each order with a policy of a moved event; return how many."""
    count = 0
    for page in pages(covers):
        moved = Cover.objects.filter(pk__in=page, status=CoverStatus.CONFIRMED.value)
        for order_id in moved.order_by("pk").values_list("order_id", flat=True):
            notes.add(
                order_id,
                f"the event was moved to {starts_at:%Y-%m-%d %H:%M} UTC. The policy stays in "
                "force; ask Cover Genius whether it follows the new date.",
            )
            count += 1
    return count
