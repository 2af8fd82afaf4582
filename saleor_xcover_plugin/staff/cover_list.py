"""List covers for staff: filter, pages, and the history of one cover."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from ..domain.cancellations import RULE_SENTENCES
from ..domain.messages import CANCELLATION_KINDS, MODIFICATION_KINDS, MessageKind
from ..domain.money import Money
from ..domain.states import CancellationStatus, CoverStatus, MessageState, ModificationStatus
from ..models import Cancellation, Cover, Modification, Offer, OutboxMessage

PAGE_LENGTH = 20
MAX_PAGE_LENGTH = 100
"""Largest number of covers on a page."""


@dataclass(frozen=True, slots=True)
class CoverFilter:
    """Conditions on covers, all of which must hold. The defaults match every cover."""

    status: CoverStatus | None = None
    order_number: str = ""
    needs_decision: bool = False
    """True for covers of which something is parked: the cover itself, a cancellation, a change of
    the buyer's details or the opt-out of its order."""
    is_due: bool = False
    """True for covers whose buyer is owed money."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page of the list, which holds the newest covers first."""

    length: int
    """Largest number of covers on the page, at most ``MAX_PAGE_LENGTH``."""
    beside: int | None = None
    """Primary key of the cover right before the page, or right after it if ``is_backward``.

    The cover may be gone. None for a page at the beginning of the list, or at its end.
    """
    is_backward: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The covers of one page, newest first."""

    covers: Sequence[Cover]
    has_previous: bool
    """True if the list has newer covers than those of the page."""
    has_next: bool
    """True if the list has older ones."""


_SHOWN_WITH_IT = ("cancellations", "modifications", "offer__consents")
"""Rows that are read for a whole page at once."""

NO_PAGE = Page((), has_previous=False, has_next=False)


def page_of(channel_ids: Collection[int], wanted: CoverFilter, request: PageRequest) -> Page:
    """Return one page of the covers of some channels."""
    covers = _matching(channel_ids, wanted)
    ahead, behind = _parts(covers, request)
    read = ahead.select_related("offer").prefetch_related(*_SHOWN_WITH_IT)
    rows = list(read[: request.length + 1])
    page, has_more = rows[: request.length], len(rows) > request.length
    has_others = behind.exists()
    if request.is_backward:
        return Page(page[::-1], has_previous=has_more, has_next=has_others)
    return Page(page, has_previous=has_others, has_next=has_more)


def _parts(
    covers: QuerySet[Cover], request: PageRequest
) -> tuple[QuerySet[Cover], QuerySet[Cover]]:
    """Return the covers in the direction of a request, nearest first, and all others."""
    older, newer = covers.order_by("-pk"), covers.order_by("pk")
    if request.beside is None:
        return (newer if request.is_backward else older), covers.none()
    if request.is_backward:
        return newer.filter(pk__gt=request.beside), covers.filter(pk__lte=request.beside)
    return older.filter(pk__lt=request.beside), covers.filter(pk__gte=request.beside)


def count_of(channel_ids: Collection[int], wanted: CoverFilter) -> int:
    """Return the number of covers on all pages together."""
    return _matching(channel_ids, wanted).count()


def _matching(channel_ids: Collection[int], wanted: CoverFilter) -> QuerySet[Cover]:
    return _filtered(Cover.objects.filter(channel_id__in=channel_ids), wanted)


def _filtered(covers: QuerySet[Cover], wanted: CoverFilter) -> QuerySet[Cover]:
    if wanted.status is not None:
        covers = covers.filter(status=wanted.status.value)
    if wanted.order_number:
        covers = covers.filter(order_number=wanted.order_number)
    if wanted.is_due:
        covers = covers.filter(amount_due_back__gt=0)
    if wanted.needs_decision:
        covers = covers.filter(_something_is_parked())
    return covers


def _something_is_parked() -> Q:
    cancellations = Cancellation.objects.filter(status=CancellationStatus.PARKED.value)
    changes = Modification.objects.filter(status=ModificationStatus.PARKED.value)
    opt_outs = _parked().filter(kind=MessageKind.OPT_OUT)
    offers = Offer.objects.filter(pk__in=opt_outs.values("subject_id"), order_id__isnull=False)
    return (
        Q(status=CoverStatus.PARKED.value)
        | Q(pk__in=cancellations.values("cover_id"))
        | Q(pk__in=changes.values("cover_id"))
        | Q(order_id__in=offers.values("order_id"))
    )


def _parked() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(status=MessageState.PARKED.value)


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
        judged = RULE_SENTENCES.get(cancellation.rule, cancellation.rule)
        yield Step(cancellation.created_at, f"refund judged: {judged}")
        if cancellation.status == CancellationStatus.KEPT:
            yield Step(cancellation.updated_at, cancellation.sentence)
    for change in cover.modifications.all():
        if change.status in _TOLD_CHANGES:
            yield Step(change.updated_at, change.sentence)
    if cover.cancelled_at:
        yield Step(cover.cancelled_at, "policy cancelled")
    if cover.given_back_at:
        back = Money(cover.back_elsewhere, cover.currency)
        yield Step(cover.given_back_at, f"{back} given back without a refund in Saleor")


_TOLD_CHANGES = (ModificationStatus.APPLIED, ModificationStatus.PARKED)
"""Changes of the buyer's details whose sentence is in the order's history, too."""


def parked_messages(cover: Cover) -> Sequence[OutboxMessage]:
    """Return the parked messages about a cover, oldest first. They can be replayed.

    They are about the cover itself, its cancellations, changes of the buyer's details, or the
    opt-out of its order where the cover line was taken out. The opt-out of an order that never had
    a cover is in ``xcover_status`` only.
    """
    cancellations = [cancellation.pk for cancellation in cover.cancellations.all()]
    changes = [change.pk for change in cover.modifications.all()]
    offers = Offer.objects.filter(order_id=cover.order_id)
    about = (
        Q(kind=MessageKind.CONFIRM, subject_id=cover.pk)
        | Q(kind__in=CANCELLATION_KINDS, subject_id__in=cancellations)
        | Q(kind__in=MODIFICATION_KINDS, subject_id__in=changes)
        | Q(kind=MessageKind.OPT_OUT, subject_id__in=offers.values("pk"))
    )
    return list(_parked().filter(about).order_by("pk"))
