"""Gather all we hold about many checkouts at once, and the facts that decide about each.

Under lock nothing of a case can change before the transaction ends: whoever appends a message,
places or changes a cover holds the lock of the offers or the cover first.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from ...domain.cancellations import ClaimState
from ...domain.retention import Case
from ...domain.states import (
    OPEN_MODIFICATION_STATUSES,
    CancellationStatus,
    CoverStatus,
    MessageState,
    ModificationStatus,
    OfferStatus,
)
from ...host import checkouts, orders
from ...models import (
    Cancellation,
    Consent,
    Cover,
    EventChange,
    Modification,
    Offer,
    OutboxMessage,
)
from .. import cancellations, modifications
from ..events import last_known_end

_OPEN_CANCELLATIONS = [
    s.value
    for s in (
        CancellationStatus.REQUESTED,
        CancellationStatus.CONFIRMING,
        CancellationStatus.PARKED,
    )
]
_OPEN_MODIFICATIONS = [s.value for s in (*OPEN_MODIFICATION_STATUSES, ModificationStatus.PARKED)]
_UNSETTLED = [MessageState.PENDING.value, MessageState.PARKED.value]


@dataclass
class Rows:
    """All rows of one case."""

    offers: list[Offer] = field(default_factory=list)
    cover: Cover | None = None
    case: Case | None = None
    has_evidence: bool = False
    """Answers, or what was shown, are still there."""

    @property
    def offer_ids(self) -> list[int]:
        return [offer.pk for offer in self.offers]


def of_checkouts(tokens: Sequence[uuid.UUID], *, lock: bool) -> list[Rows]:
    """Read the cases of some checkouts; with ``lock`` inside a transaction."""
    found = Offer.objects.filter(checkout_token__in=tokens).order_by("pk")
    by_token: dict[uuid.UUID, Rows] = defaultdict(Rows)
    for offer in found.select_for_update() if lock else found:
        by_token[offer.checkout_token].offers.append(offer)
    return _judged(by_token, lock=lock)


def of_lone_covers(cover_ids: Sequence[int], *, lock: bool) -> list[Rows]:
    """Read the cases of covers no offer stands behind."""
    covers = Cover.objects.filter(pk__in=cover_ids).order_by("pk")
    rows = [Rows(cover=cover) for cover in (covers.select_for_update() if lock else covers)]
    _add_facts(rows, {})
    return rows


def messages_about(rows: Iterable[Rows]) -> Q:
    """Name the messages about some cases: by what they are about, which depends on their kind."""
    listed = list(rows)
    offers = [pk for row in listed for pk in row.offer_ids]
    covers = [row.cover.pk for row in listed if row.cover]
    kinds = (
        (("opt_out",), offers),
        (("confirm",), covers),
        (cancellations.KINDS, _keys(Cancellation, covers)),
        (modifications.KINDS, _keys(Modification, covers)),
    )
    about = Q(pk__in=[])
    for names, subjects in kinds:
        if subjects:
            about |= Q(kind__in=names, subject_id__in=subjects)
    return about


def _keys(model: type[Cancellation] | type[Modification], covers: Sequence[int]) -> list[int]:
    found = model._default_manager.filter(cover_id__in=covers)
    return list(found.values_list("pk", flat=True)) if covers else []


def _judged(by_token: dict[uuid.UUID, Rows], *, lock: bool) -> list[Rows]:
    rows = list(by_token.values())
    order_of = orders.ids_by_checkout(by_token)
    for row in rows:
        for offer in row.offers:
            if offer.order_id is not None:
                order_of.setdefault(offer.checkout_token, offer.order_id)
    by_offer = {pk: row for row in rows for pk in row.offer_ids}
    by_order = {order_id: by_token[token] for token, order_id in order_of.items()}
    covers = Cover.objects.filter(
        Q(offer_id__in=list(by_offer)) | Q(order_id__in=list(by_order))
    ).order_by("pk")
    for cover in covers.select_for_update(of=("self",)) if lock else covers:
        row = by_offer.get(cover.offer_id or 0) or by_order[cover.order_id]
        row.cover = cover
    _add_facts(rows, order_of)
    return rows


def _add_facts(rows: Sequence[Rows], order_of: dict[uuid.UUID, uuid.UUID]) -> None:
    offer_ids = [pk for row in rows for pk in row.offer_ids]
    answered = set(
        Consent.objects.filter(offer_id__in=offer_ids).order_by().values_list("offer_id", flat=True)
    )
    known = {row.cover.order_id for row in rows if row.cover} | set(order_of.values())
    facts = _Facts(
        answered=answered,
        order_of=order_of,
        checkouts=checkouts.existing({o.checkout_token for row in rows for o in row.offers}),
        orders=orders.existing(known),
        with_lines=orders.with_cover_lines(known),
        changes=_changes(rows),
        undecided=_undecided([row.cover.pk for row in rows if row.cover]),
        unsettled=set(
            OutboxMessage.objects.filter(messages_about(rows), status__in=_UNSETTLED).values_list(
                "kind", "subject_id"
            )
        ),
        owners=_owners(rows),
    )
    for row in rows:
        row.case = facts.case_of(row)
        row.has_evidence = bool(answered & set(row.offer_ids)) or any(
            offer.content for offer in row.offers
        )


@dataclass
class _Facts:
    """What was read for all cases of a batch."""

    answered: set[int]
    order_of: dict[uuid.UUID, uuid.UUID]
    checkouts: set[uuid.UUID]
    orders: set[uuid.UUID]
    with_lines: set[uuid.UUID]
    changes: dict[str, datetime | None]
    undecided: set[int]
    unsettled: set[tuple[str, int]]
    owners: dict[tuple[str, int], int]
    """Cancellation or modification to its cover."""

    def case_of(self, row: Rows) -> Case:
        cover, offers = row.cover, row.offers
        order_id = self._order_of(row)
        touched = [offer.updated_at for offer in offers] + ([cover.updated_at] if cover else [])
        sold = cover.offer_id if cover else None
        starts = [last_known_end(o, self.changes) for o in offers if o.pk == sold]
        return Case(
            offers=frozenset(OfferStatus(offer.status) for offer in offers),
            touched_at=max(touched),
            is_shown=any(offer.shown_at for offer in offers),
            is_answered=bool(self.answered & set(row.offer_ids)),
            has_checkout=any(offer.checkout_token in self.checkouts for offer in offers),
            became_order=order_id is not None,
            order_is_there=order_id in self.orders,
            has_cover_line=order_id in self.with_lines,
            cover=CoverStatus(cover.status) if cover else None,
            last_end=starts[0] if starts else None,
            claim=ClaimState(cover.claim) if cover else ClaimState.UNKNOWN,
            is_due_back=cover is not None and cover.amount_due_back > 0,
            has_open_decision=cover is not None and cover.pk in self.undecided,
            has_unsettled_message=any(self._is_about(row, *m) for m in self.unsettled),
        )

    def _order_of(self, row: Rows) -> uuid.UUID | None:
        if row.cover is not None:
            return row.cover.order_id
        return next(
            (
                self.order_of[o.checkout_token]
                for o in row.offers
                if o.checkout_token in self.order_of
            ),
            None,
        )

    def _is_about(self, row: Rows, kind: str, subject_id: int) -> bool:
        if kind == "opt_out":
            return subject_id in row.offer_ids
        if row.cover is None:
            return False
        family = "modification" if kind in modifications.KINDS else "cancellation"
        owner = subject_id if kind == "confirm" else self.owners.get((family, subject_id))
        return owner == row.cover.pk


def _changes(rows: Sequence[Rows]) -> dict[str, datetime | None]:
    variants = {v for row in rows for offer in row.offers for v in offer.request.get("tickets", {})}
    found = EventChange.objects.filter(variant__in=variants)
    return dict(found.values_list("variant", "starts_at")) if variants else {}


def _undecided(covers: Sequence[int]) -> set[int]:
    cancelling = Cancellation.objects.filter(cover_id__in=covers, status__in=_OPEN_CANCELLATIONS)
    changing = Modification.objects.filter(cover_id__in=covers, status__in=_OPEN_MODIFICATIONS)
    return {
        *cancelling.values_list("cover_id", flat=True),
        *changing.values_list("cover_id", flat=True),
    }


def _owners(rows: Sequence[Rows]) -> dict[tuple[str, int], int]:
    covers = [row.cover.pk for row in rows if row.cover]
    named = (("cancellation", Cancellation), ("modification", Modification))
    return {
        (name, pk): cover_id
        for name, model in named
        for pk, cover_id in model._default_manager.filter(cover_id__in=covers).values_list(
            "pk", "cover_id"
        )
    }
