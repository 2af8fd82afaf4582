"""Gather all rows about many checkouts at once. The rows about one checkout are called a case.

Under lock a case cannot change before the transaction ends: all code that enqueues a message or
writes a cover locks the offers or the cover first.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Q

from ..host import checkouts, orders
from ..models import Cover, Offer
from . import retention_facts
from .case_rows import Rows


def of_checkouts(tokens: Sequence[uuid.UUID], *, lock: bool) -> list[Rows]:
    """Read the cases of these checkouts. With ``lock``, in a transaction, lock them."""
    found = Offer.objects.filter(checkout_token__in=tokens).order_by("pk")
    by_token: dict[uuid.UUID, Rows] = defaultdict(Rows)
    for offer in found.select_for_update() if lock else found:
        by_token[offer.checkout_token].offers.append(offer)
    # Before the orders: a checkout becomes an order in one commit, so one of the two is found.
    there = checkouts.existing(by_token)
    order_of = orders.ids_by_checkout(by_token)
    _add_covers(by_token, order_of, lock=lock)
    rows = list(by_token.values())
    retention_facts.add(rows, order_of, there)
    return rows


def of_lone_covers(cover_ids: Sequence[int], *, lock: bool) -> list[Rows]:
    """Read the cases of covers without an offer. With ``lock``, in a transaction, lock them."""
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
