"""Delete the rows of a case, or strip a cover that must stay. The caller holds the locks.

Settled messages go together with what they are about, never before: their operation can then not
be appended anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from ..models import Cancellation, Consent, Cover, Modification, Offer, Quote
from ..policies import messages
from .records import Rows


def count_all(rows: Sequence[Rows]) -> int:
    """Count the rows ``delete_all`` would delete."""
    return sum(found.count() for found in _all_of(rows))


def delete_all(rows: Sequence[Rows]) -> int:
    """Delete everything of these cases; return how many rows."""
    return sum(_delete(found) for found in _all_of(rows))


def strip(rows: Sequence[Rows]) -> int:
    """Take the evidence away and leave cover, quotes and judgements; return how many rows went."""
    offers = [pk for row in rows for pk in row.offer_ids]
    count = _delete(Consent.objects.filter(offer_id__in=offers))
    Offer.objects.filter(pk__in=offers).update(content={}, turns=[])
    Quote.objects.filter(offer_id__in=offers).update(content={})
    forget_buyer([row.cover for row in rows if row.cover])
    return count


def count_evidence(rows: Sequence[Rows]) -> int:
    """Count the rows ``strip`` would delete."""
    offers = [pk for row in rows for pk in row.offer_ids]
    return Consent.objects.filter(offer_id__in=offers).count()


def forget_buyer(covers: Sequence[Cover]) -> None:
    """Empty the keyed hashes of the buyer's details; which fields changed stays known.

    ``updated_at`` stays: nothing happened to the policy.
    """
    keys = [cover.pk for cover in covers]
    Cover.objects.filter(pk__in=keys).update(policyholder_digests={})
    for change in Modification.objects.filter(cover_id__in=keys).only("wanted"):
        Modification.objects.filter(pk=change.pk).update(
            wanted=dict.fromkeys(change.wanted, ""), wanted_digest=""
        )


def _all_of(rows: Sequence[Rows]) -> list[QuerySet[Any]]:
    """In an order no foreign key objects to; messages first, while their subjects are known."""
    offers = [pk for row in rows for pk in row.offer_ids]
    covers = [row.cover.pk for row in rows if row.cover]
    found: list[QuerySet[Any]] = [
        Consent.objects.filter(offer_id__in=offers),
        Cancellation.objects.filter(cover_id__in=covers),
        Modification.objects.filter(cover_id__in=covers),
        Cover.objects.filter(pk__in=covers),
        Quote.objects.filter(offer_id__in=offers),
        Offer.objects.filter(pk__in=offers),
    ]
    if any(row.case and row.case.became_order for row in rows):  # else none was ever appended
        found.insert(0, messages.ended(offers, covers))
    return found


def _delete(found: QuerySet[Any]) -> int:
    return found.delete()[0]
