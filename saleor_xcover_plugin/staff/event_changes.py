"""Record that an organiser cancelled or moved an event, and treat every cover of its tickets.

``variants`` are the ids of the product variants that are sold as the event's tickets; ``covers``
are primary keys of covers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from ..checkout.ticketed_events import cancelled_of, changes_of, insured_events
from ..domain.cancellations import Cancelled, rule_for
from ..domain.refund_attribution import RefundScope
from ..domain.states import IN_FORCE, CancellationStatus, CoverStatus
from ..failures import BUSY, ORDER, Failures
from ..host import order_facts, orders
from ..models import Cancellation, Cover, EventChange, Failure
from ..policies import cancellations, effects
from ..policies.cancellation_facts import situation_of
from ..policies.cancellations import (
    EVENT_TAKES_PLACE,
    KEY_OF_CANCELLED,
    OF_EVENT_CANCELLED,
    is_judged_by,
)
from ..policies.line_defects import OF_EVENT
from ..policies.locks import lock_cover
from ..policies.order_sync import sync_order
from ..policies.refund_judgement import judge, judgement_key, replace_judgement
from ..policies.refund_scope import scope_of

PAGE = 200
"""Number of covers that are looked up in one query."""
_ASKING = "cancelled event"
_TAKING_BACK = "event taken back"


def tell_cancelled(variants: Sequence[str], now: datetime) -> None:
    """Record that the organiser cancelled the event of these tickets."""
    _tell(variants, None, now)


def tell_moved(variants: Sequence[str], starts_at: datetime, now: datetime) -> None:
    """Record that the event of these tickets was moved and starts at ``starts_at`` (UTC)."""
    _tell(variants, starts_at, now)


def _tell(variants: Sequence[str], starts_at: datetime | None, now: datetime) -> None:
    for variant in variants:
        EventChange.objects.update_or_create(
            variant=variant, defaults={"starts_at": starts_at, "told_at": now}
        )


def tell_takes_place(variants: Sequence[str]) -> None:
    """Delete the record that the event was cancelled or moved: it takes place as it was sold."""
    EventChange.objects.filter(variant__in=variants).delete()


def restore(
    variants: Sequence[str],
    before: Mapping[str, datetime | None],
    now: datetime,
    *,
    cancelled_at: datetime,
) -> list[str]:
    """Take back that the event was cancelled; return the variants that were left as they are.

    Only what was recorded at ``cancelled_at`` is taken back: what was told since is newer.
    ``before`` maps variants to their start, or to None if cancelled, as recorded earlier; others
    take place as they were sold.
    """
    with transaction.atomic():
        records = EventChange.objects.select_for_update().filter(variant__in=variants)
        as_told = records.filter(starts_at=None, told_at=cancelled_at)
        own = set(as_told.values_list("variant", flat=True))
        tell_takes_place([variant for variant in own if variant not in before])
        for variant in own.intersection(before):
            _tell([variant], before[variant], now)
    return [variant for variant in variants if variant not in own]


def covers_of(variants: Sequence[str]) -> list[int]:
    """Return the primary key of every cover of these tickets, oldest first.

    The query scans the whole table, so call it once per run.
    """
    covers = Cover.objects.filter(offer__request__tickets__has_any_keys=list(variants))
    return list(covers.order_by("pk").values_list("pk", flat=True))


def cancellations_of(covers: Sequence[int]) -> QuerySet[Cancellation]:
    """Return the cancellations of these covers that were begun because the event is cancelled."""
    return Cancellation.objects.filter(OF_EVENT_CANCELLED, cover_id__in=covers)


def unasked(covers: Sequence[int]) -> list[int]:
    """Return the covers in force whose cancelled events, as recorded now, were not judged yet.

    ``covers`` should be one page of keys (``pages``).
    """
    confirmed = Cover.objects.filter(
        pk__in=covers, status=CoverStatus.CONFIRMED.value, offer__isnull=False
    )
    tickets = dict(confirmed.values_list("pk", "offer__request__tickets"))
    changes = changes_of({variant for variants in tickets.values() for variant in variants})
    judged: dict[int, list[str]] = defaultdict(list)
    for cover_id, key in cancellations_of(covers).values_list("cover_id", "refund_key"):
        judged[cover_id].append(key)
    found = []
    for cover_id in sorted(tickets):
        how_many = cancelled_of(tickets[cover_id], changes)
        if how_many in KEY_OF_CANCELLED and not any(
            is_judged_by(key, how_many) for key in judged[cover_id]
        ):
            found.append(cover_id)
    return found


def held_from_asking(covers: Sequence[int]) -> list[int]:
    """Return the covers that were not judged because another session held a row of theirs."""
    return [key for page in pages(_held(_ASKING, covers)) for key in unasked(page)]


def held_from_taking_back(covers: Sequence[int]) -> list[int]:
    """Return the covers with a cancellation that goes on because a session held a row of theirs."""
    return _covers_to_take_back(_held(_TAKING_BACK, covers))


def _held(work: str, covers: Collection[int]) -> list[int]:
    """Return the covers whose last attempt met a lock. Failures are few, covers may be many."""
    met = Failure.objects.filter(work=work, error=BUSY).values_list("subject", flat=True)
    return sorted(set(map(int, met)).intersection(covers))


def take_back(covers: Sequence[int], now: datetime) -> int:
    """End cancellations that go on although the event takes place; return the number of policies.

    That is those that wait for a person, and those for which XCover is being asked what it would
    refund. A policy with another event that is still cancelled is judged by that one. A call that
    cancels a policy needs no treatment: its judgement is checked again before it is sent. Covers
    that got no policy because of the event are synced and get theirs. A failing cover is logged and
    skipped.
    """
    count, failures = 0, Failures(now)
    for page in pages(covers):
        parked = Cover.objects.filter(
            pk__in=page, status=CoverStatus.PARKED.value, reason_code__in=OF_EVENT
        )
        for order_id in parked.order_by("pk").values_list("order_id", flat=True):
            with failures.contain(ORDER, order_id, label=partial(order_facts.number_of, order_id)):
                sync_order(order_id, now)
        for cover_id in _covers_to_take_back(page):
            with failures.contain(_TAKING_BACK, cover_id):
                count += _take_back(cover_id, now)
    return count


def _covers_to_take_back(covers: Sequence[int]) -> list[int]:
    """Return the covers with a cancellation for the event that waits or is being asked about."""
    statuses = (CancellationStatus.PARKED.value, CancellationStatus.REQUESTED.value)
    going_on = cancellations_of(covers).filter(status__in=statuses)
    return sorted(set(going_on.values_list("cover_id", flat=True)))


def _take_back(cover_id: int, now: datetime) -> int:
    with transaction.atomic():
        cover = lock_cover(pk=cover_id)
        if cover is None:
            return 0
        how_many = insured_events(cover.offer).cancelled
        rows = cancellations_of([cover_id])
        void = rows.filter(
            pk__in=[row.pk for row in rows if not is_judged_by(row.refund_key, how_many)]
        )
        parked = void.filter(status=CancellationStatus.PARKED.value)
        was_closed = bool(cancellations.close(parked, EVENT_TAKES_PLACE, now))
        if was_closed:
            effects.add_note(cover.order_id, EVENT_TAKES_PLACE)
        if not (_end_asked(cover, void, now) or was_closed):
            return 0
        order = orders.read(cover.order_id)
        if order is not None and cover.status == CoverStatus.CONFIRMED:
            judge(cover, order, now)
        return 1


def _end_asked(cover: Cover, void: QuerySet[Cancellation], now: datetime) -> bool:
    """End the cancellation for which XCover is being asked for a preview; False if there is none.

    A preview changes nothing at XCover, so one that is on its way may be recorded or not.
    """
    requested = void.filter(status=CancellationStatus.REQUESTED.value)
    asked = requested.select_for_update().first()
    if asked is None:
        return False
    asked.cover = cover
    cancellations.end_as_void(asked, EVENT_TAKES_PLACE, now)
    return True


def ask_all(covers: Sequence[int], now: datetime) -> Iterator[int]:
    """Judge every policy of a cancelled event and enqueue the previews; yield each cover's key.

    Each policy is judged once, in a transaction of its own, so a run may be interrupted at any
    point and started again. A failing cover is logged and skipped.
    """
    failures = Failures(now)
    for page in pages(covers):
        for cover_id in unasked(page):
            with failures.contain(_ASKING, cover_id):
                _ask(cover_id, now)
            yield cover_id


def pages(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut keys into pages of at most ``PAGE``, few enough for lookups by index."""
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
        if events.cancelled == Cancelled.NONE:
            return  # taken back meanwhile
        scope = scope_of(order, cover) or RefundScope.NOTHING
        key = judgement_key(scope, order, events)
        if not cover.cancellations.filter(refund_key=key).exists():
            rule = rule_for(situation_of(cover, scope, events, now))
            replace_judgement(cover, scope, key, rule, order, now)


_TO_BE_MADE = (CoverStatus.PLACED, CoverStatus.CONFIRMING)


def note_move(covers: Sequence[int], starts_at: datetime) -> int:
    """Add a note to each order whose policy is in force or about to be made; return their number.

    ``starts_at`` is the new start of the event in UTC.
    """
    moved = f"the event was moved to {starts_at:%Y-%m-%d %H:%M} UTC."
    return _note_all(
        covers,
        IN_FORCE,
        f"{moved} The policy stays in force; ask Cover Genius whether it follows the new date.",
    ) + _note_all(
        covers,
        _TO_BE_MADE,
        f"{moved} The policy is made for the date it was sold for; ask Cover Genius then whether "
        "it follows the new date.",
    )


def note_not_moved(covers: Sequence[int]) -> int:
    """Add a note to the same orders that the event was not moved; return their number."""
    return _note_all(
        covers,
        (*IN_FORCE, *_TO_BE_MADE),
        "the event takes place when it was sold for: it was not moved.",
    )


def _note_all(covers: Sequence[int], statuses: Collection[CoverStatus], sentence: str) -> int:
    count = 0
    for page in pages(covers):
        told = Cover.objects.filter(pk__in=page, status__in=[status.value for status in statuses])
        for order_id in told.order_by("pk").values_list("order_id", flat=True):
            effects.add_note(order_id, sentence)
            count += 1
    return count
