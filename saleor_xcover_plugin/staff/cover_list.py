"""List covers for staff: filter, pages, and the history of one cover."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from ..domain.messages import CANCELLATION_KINDS, MessageKind
from ..domain.money import Money
from ..domain.states import CancellationStatus, CoverStatus, MessageState
from ..models import Cancellation, Cover, OutboxMessage

PAGE_LENGTH = 20
MAX_PAGE_LENGTH = 100
"""Largest number of covers on a page."""


@dataclass(frozen=True, slots=True)
class CoverFilter:
    """Conditions on covers, all of which must hold. The defaults match every cover."""

    status: CoverStatus | None = None
    order_number: str = ""
    needs_decision: bool = False
    """True for covers that are parked or have a parked cancellation."""
    is_due: bool = False
    """True for covers whose buyer is owed money."""


def page_of(
    channel_id: int, wanted: CoverFilter, *, first: int, after: int | None
) -> tuple[list[Cover], bool]:
    """Return one page of covers, newest first, and True if there are more.

    ``first`` is the length of the page, at most ``MAX_PAGE_LENGTH``. ``after`` is the primary key
    of the last cover of the page before, or None for the first page.
    """
    covers = _wanted(channel_id, wanted)
    if after is not None:
        covers = covers.filter(pk__lt=after)
    rows = list(
        covers.select_related("offer")
        .prefetch_related("cancellations", "offer__consents")
        .order_by("-pk")[: first + 1]
    )
    return rows[:first], len(rows) > first


def has_before(channel_id: int, wanted: CoverFilter, *, after: int) -> bool:
    """Return True if the page after the cover with this key is not the first one."""
    return _wanted(channel_id, wanted).filter(pk__gte=after).exists()


def _wanted(channel_id: int, wanted: CoverFilter) -> QuerySet[Cover]:
    return _filtered(Cover.objects.filter(channel_id=channel_id), wanted)


def _filtered(covers: QuerySet[Cover], wanted: CoverFilter) -> QuerySet[Cover]:
    if wanted.status is not None:
        covers = covers.filter(status=wanted.status.value)
    if wanted.order_number:
        covers = covers.filter(order_number=wanted.order_number)
    if wanted.is_due:
        covers = covers.filter(amount_due_back__gt=0)
    if wanted.needs_decision:
        waiting = Cancellation.objects.filter(status=CancellationStatus.PARKED.value)
        parked = covers.filter(status=CoverStatus.PARKED.value)
        covers = parked | covers.filter(pk__in=waiting.values("cover_id"))
    return covers


@dataclass(frozen=True, slots=True)
class Step:
    """One entry in the history of a cover."""

    at: datetime
    """Time in UTC."""
    what: str
    """Plain words for staff."""


def history_of(cover: Cover) -> list[Step]:
    """Return the history of a cover, oldest entry first."""
    return sorted(_steps(cover), key=lambda step: step.at)


def _steps(cover: Cover) -> Iterator[Step]:
    offer = cover.offer
    if offer is not None:
        if offer.quoted_at:
            yield Step(offer.quoted_at, "offered")
        for consent in offer.consents.all():
            premium = Money(consent.premium, consent.currency)
            yield Step(consent.created_at, f"{consent.answer} at {premium}")
    yield Step(cover.created_at, "ordered")
    if cover.paid_at:
        yield Step(cover.paid_at, "paid")
    if cover.confirmed_at:
        yield Step(cover.confirmed_at, f"policy {cover.booking_id} confirmed")
    for cancellation in cover.cancellations.all():
        yield Step(cancellation.created_at, f"refund judged: {cancellation.rule}")
        if cancellation.status == CancellationStatus.KEPT:
            yield Step(cancellation.updated_at, cancellation.sentence)
    if cover.cancelled_at:
        yield Step(cover.cancelled_at, "policy cancelled")


def parked_messages(cover: Cover) -> Sequence[OutboxMessage]:
    """Return the parked messages of a cover and its cancellations, which can be replayed."""
    parked = OutboxMessage.objects.filter(status=MessageState.PARKED.value)
    own = parked.filter(kind=MessageKind.CONFIRM, subject_id=cover.pk)
    ids = [cancellation.pk for cancellation in cover.cancellations.all()]
    cancelling = parked.filter(kind__in=CANCELLATION_KINDS, subject_id__in=ids)
    return [*own, *cancelling]
