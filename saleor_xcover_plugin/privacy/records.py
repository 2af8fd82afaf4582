"""Gather all we hold about many checkouts at once.

Under lock nothing of a case can change before the transaction ends: whoever appends a message,
places or changes a cover holds the lock of the offers or the cover first.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from ..domain.retention import Case
from ..host import checkouts, orders
from ..models import Cover, Offer
from . import retention_facts


@dataclass
class Rows:
    """All rows of one case."""

    offers: list[Offer] = field(default_factory=list)
    cover: Cover | None = None
    case: Case | None = None
    has_evidence: bool = False
    """Answers, or what was shown, are still there."""
    holds_buyer: bool = False
    """Keyed hashes of the buyer, or what may hold more, are still there."""

    @property
    def offer_ids(self) -> list[int]:
        return [offer.pk for offer in self.offers]

    @property
    def key(self) -> uuid.UUID | int:
        """What the case is read by: its checkout, or a cover no offer stands behind."""
        if self.offers:
            return self.offers[0].checkout_token
        assert self.cover is not None  # noqa: S101 a case is never empty
        return self.cover.pk


def of_checkouts(tokens: Sequence[uuid.UUID], *, lock: bool) -> list[Rows]:
    """Read the cases of some checkouts; with ``lock`` inside a transaction."""
    found = Offer.objects.filter(checkout_token__in=tokens).order_by("pk")
    by_token: dict[uuid.UUID, Rows] = defaultdict(Rows)
    for offer in found.select_for_update() if lock else found:
        by_token[offer.checkout_token].offers.append(offer)
    # Before the orders: a checkout becomes an order in one commit, so one of both is seen.
    there = checkouts.existing(by_token)
    order_of = orders.ids_by_checkout(by_token)
    _add_covers(by_token, order_of, lock=lock)
    rows = list(by_token.values())
    retention_facts.add(rows, order_of, there)
    return rows


def of_lone_covers(cover_ids: Sequence[int], *, lock: bool) -> list[Rows]:
    """Read the cases of covers no offer stands behind."""
    covers = Cover.objects.filter(pk__in=cover_ids).order_by("pk")
    rows = [Rows(cover=cover) for cover in (covers.select_for_update() if lock else covers)]
    retention_facts.add(rows, {}, set())
    return rows


def _add_covers(
    by_token: dict[uuid.UUID, Rows], order_of: dict[uuid.UUID, uuid.UUID], *, lock: bool
) -> None:
    for row in by_token.values():
        for offer in row.offers:
            if offer.order_id is not None:
                order_of.setdefault(offer.checkout_token, offer.order_id)
    by_offer = {pk: row for row in by_token.values() for pk in row.offer_ids}
    by_order = {order_id: by_token[token] for token, order_id in order_of.items()}
    covers = Cover.objects.filter(
        Q(offer_id__in=list(by_offer)) | Q(order_id__in=list(by_order))
    ).order_by("pk")
    for cover in covers.select_for_update(of=("self",)) if lock else covers:
        row = by_offer.get(cover.offer_id or 0) or by_order[cover.order_id]
        row.cover = cover
