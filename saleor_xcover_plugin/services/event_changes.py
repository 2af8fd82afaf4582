"""What an organiser did to an event, and every policy it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from ..domain.cancellations import rule_for
from ..domain.refunds import RefundScope
from ..domain.states import CancellationStatus, CoverStatus
from ..host import notes, orders
from ..models import Cancellation, Cover, EventChange, Offer
from .events import insured_events
from .judge_refunds import EVENT_CANCELLED_KEY, judgement_key, replace_judgement, situation_of
from .refund_scope import scope_of

PAGE = 200


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


def covers_of(variants: Sequence[str]) -> QuerySet[Cover]:
    """Return every cover of tickets for the event."""
    return Cover.objects.filter(offer__request__tickets__has_any_keys=list(variants))


def cancellations_of(variants: Sequence[str]) -> QuerySet[Cancellation]:
    """Return what was begun because the event is cancelled."""
    return Cancellation.objects.filter(
        cover__in=covers_of(variants), refund_key__endswith=EVENT_CANCELLED_KEY
    )


def unasked(variants: Sequence[str]) -> QuerySet[Cover]:
    """Return the policies XCover was not asked about yet."""
    asked = cancellations_of(variants).values("cover_id")
    return covers_of(variants).filter(status=CoverStatus.CONFIRMED.value).exclude(pk__in=asked)


def ask_all(variants: Sequence[str], now: datetime) -> Iterator[int]:
    """Judge every policy of a cancelled event and have XCover asked; yield after each.

    Each is its own transaction and judged once, so that a run may be interrupted anywhere.
    """
    while page := list(unasked(variants).order_by("pk").values_list("pk", flat=True)[:PAGE]):
        for cover_id in page:
            _ask(cover_id, now)
            yield cover_id


def _ask(cover_id: int, now: datetime) -> None:
    with transaction.atomic():
        Offer.objects.select_for_update(of=("self",)).filter(cover=cover_id).first()
        cover = (
            Cover.objects.select_for_update(of=("self",)).select_related("offer").get(pk=cover_id)
        )
        order = orders.read(cover.order_id)
        if order is None or cover.status != CoverStatus.CONFIRMED:
            return
        events = insured_events(cover.offer)
        scope = scope_of(order, cover) or RefundScope.NOTHING
        key = judgement_key(scope, order, events)
        if not cover.cancellations.filter(refund_key=key).exists():
            rule = rule_for(situation_of(cover, scope, events, now))
            replace_judgement(cover, scope, key, rule, now)


def waiting(variants: Sequence[str]) -> QuerySet[Cancellation]:
    """Return the previewed cancellations of the event that wait for a decision."""
    return cancellations_of(variants).filter(
        status=CancellationStatus.PARKED.value, refund__isnull=False
    )


def note_move(variants: Sequence[str], starts_at: datetime) -> int:
    """Tell each order with a policy of a moved event; return how many."""
    count = 0
    moved = covers_of(variants).filter(status=CoverStatus.CONFIRMED.value)
    for order_id in moved.values_list("order_id", flat=True).order_by("pk"):
        notes.add(
            order_id,
            f"the event was moved to {starts_at:%Y-%m-%d %H:%M} UTC. The policy stays in force; "
            "ask Cover Genius whether it follows the new date.",
        )
        count += 1
    return count
