"""Read, for a batch of cases at once, the facts that decide how long each is kept."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..checkout.ticketed_events import changes_of, last_known_end, variants_of
from ..domain.cancellations import ClaimState
from ..domain.retention import Case
from ..domain.states import (
    OPEN_MODIFICATION_STATUSES,
    CancellationStatus,
    CoverStatus,
    MessageState,
    ModificationStatus,
    OfferStatus,
)
from ..host import orders
from ..models import Cancellation, Consent, Modification
from ..policies import messages
from .case_rows import Rows

_OPEN_CANCELLATIONS = [
    s.value
    for s in (
        CancellationStatus.REQUESTED,
        CancellationStatus.CONFIRMING,
        CancellationStatus.PARKED,
    )
]
_OPEN_MODIFICATIONS = [s.value for s in OPEN_MODIFICATION_STATUSES]


@dataclass
class _Facts:
    """The facts about all cases of a batch, as sets of keys of offers, covers and orders."""

    answered: set[int]
    order_of: dict[uuid.UUID, uuid.UUID]
    checkouts: set[uuid.UUID]
    orders: set[uuid.UUID]
    with_lines: set[uuid.UUID]
    changes: dict[str, datetime | None]
    undecided: set[int]
    with_parked_change: set[int]
    with_hashed_change: set[int]
    pending: set[messages.Owner]
    parked: set[messages.Owner]

    def case_of(self, row: Rows) -> Case:
        cover, offers = row.cover, row.offers
        order_id = self._order_of(row)
        touched = [offer.updated_at for offer in offers] + ([cover.updated_at] if cover else [])
        sold = cover.offer_id if cover else None
        ends = [last_known_end(o, self.changes) for o in offers if o.pk == sold]
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
            parked_for=cover.reason_code if cover else "",
            last_end=ends[0] if ends else None,
            claim=ClaimState(cover.claim) if cover else ClaimState.UNKNOWN,
            is_due_back=cover is not None and cover.amount_due_back > 0,
            has_open_decision=cover is not None and cover.pk in self.undecided,
            has_parked_change=cover is not None and cover.pk in self.with_parked_change,
            has_pending_message=not self.pending.isdisjoint(_owners(row)),
            has_parked_message=not self.parked.isdisjoint(_owners(row)),
        )

    def has_evidence(self, row: Rows) -> bool:
        is_answered = bool(self.answered & set(row.offer_ids))
        return is_answered or any(offer.content for offer in row.offers)

    def holds_buyer(self, row: Rows) -> bool:
        cover = row.cover
        if cover is None:
            return False
        is_idle = cover.status in (CoverStatus.PARKED, CoverStatus.VOID)
        is_put_aside = is_idle and ("cover", cover.pk) in self.parked
        changed = self.with_hashed_change | self.with_parked_change
        is_kept = bool(cover.policyholder_digests) or cover.sealed_links is not None
        return is_kept or cover.pk in changed or is_put_aside

    def _order_of(self, row: Rows) -> uuid.UUID | None:
        if row.cover is not None:
            return row.cover.order_id
        known = [self.order_of.get(offer.checkout_token) for offer in row.offers]
        return next((order_id for order_id in known if order_id is not None), None)


def add(
    rows: Sequence[Rows], order_of: dict[uuid.UUID, uuid.UUID], checkouts: set[uuid.UUID]
) -> None:
    """Set the retention facts of each case.

    ``order_of`` maps checkout tokens to the orders made from them; ``checkouts`` are the tokens of
    checkouts that still exist in Saleor.
    """
    offers = [pk for row in rows for pk in row.offer_ids]
    covers = [row.cover.pk for row in rows if row.cover]
    known = {row.cover.order_id for row in rows if row.cover} | set(order_of.values())
    answered = Consent.objects.filter(offer_id__in=offers).order_by()
    unsettled = messages.unsettled(offers, covers)
    changed = Modification.objects.filter(cover_id__in=covers)
    parked = changed.filter(status=ModificationStatus.PARKED.value)
    hashed = changed.exclude(wanted_digest="")
    found = _Facts(
        answered=set(answered.values_list("offer_id", flat=True)),
        order_of=order_of,
        checkouts=checkouts,
        orders=orders.existing(known),
        with_lines=orders.with_cover_lines(known),
        changes=changes_of(_variants(rows)),
        undecided=_undecided(covers),
        with_parked_change=set(parked.values_list("cover_id", flat=True)),
        with_hashed_change=set(hashed.values_list("cover_id", flat=True)),
        pending=unsettled[MessageState.PENDING],
        parked=unsettled[MessageState.PARKED],
    )
    for row in rows:
        row.case = found.case_of(row)
        row.has_evidence = found.has_evidence(row)
        row.holds_buyer = found.holds_buyer(row)


def _owners(row: Rows) -> list[messages.Owner]:
    owners = [("offer", pk) for pk in row.offer_ids]
    return [*owners, ("cover", row.cover.pk)] if row.cover else owners


def _variants(rows: Sequence[Rows]) -> set[str]:
    return {v for row in rows for offer in row.offers for v in variants_of(offer)}


def _undecided(covers: Sequence[int]) -> set[int]:
    cancelling = Cancellation.objects.filter(cover_id__in=covers, status__in=_OPEN_CANCELLATIONS)
    changing = Modification.objects.filter(cover_id__in=covers, status__in=_OPEN_MODIFICATIONS)
    return {
        *cancelling.values_list("cover_id", flat=True),
        *changing.values_list("cover_id", flat=True),
    }
