"""Delete the rows of cases, or strip covers that must stay.

Settled messages are deleted together with their subject and never before it: while its message
exists, an operation cannot be enqueued a second time. Functions that change rows expect to be
called in a transaction, with the locks of offers and covers held.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from ..models import Cancellation, Consent, Cover, Modification, Offer, Quote
from ..policies import messages
from .case_rows import Rows


def count_all(rows: Sequence[Rows]) -> int:
    """Return the number of rows ``delete_all`` would delete."""
    return sum(found.count() for found in _all_of(rows))


def delete_all(rows: Sequence[Rows]) -> int:
    """Delete all rows of these cases; return the number of rows."""
    return sum(_delete(found) for found in _all_of(rows))


def strip(rows: Sequence[Rows]) -> int:
    """Delete the evidence of these cases but keep covers, quotes and cancellations.

    Evidence is the shopper's answers and what was shown. The buyer's hashes are emptied too. Return
    the number of rows deleted.
    """
    offers = [pk for row in rows for pk in row.offer_ids]
    count = _delete(Consent.objects.filter(offer_id__in=offers))
    Offer.objects.filter(pk__in=offers).update(content={}, turns=[])
    Quote.objects.filter(offer_id__in=offers).update(content={})
    forget_buyer([row.cover for row in rows if row.cover])
    return count


def count_evidence(rows: Sequence[Rows]) -> int:
    """Return the number of rows ``strip`` would delete."""
    offers = [pk for row in rows for pk in row.offer_ids]
    return Consent.objects.filter(offer_id__in=offers).count()


def forget_buyer(covers: Sequence[Cover]) -> None:
    """Empty the keyed hashes of the buyer's details, and the links that open the policy.

    The names of changed fields are kept.

    ``updated_at`` stays, because nothing happened to the policy.
    """
    keys = [cover.pk for cover in covers]
    Cover.objects.filter(pk__in=keys).update(policyholder_digests={}, sealed_links=None)
    for change in Modification.objects.filter(cover_id__in=keys).only("wanted"):
        Modification.objects.filter(pk=change.pk).update(
            wanted=dict.fromkeys(change.wanted, ""), wanted_digest=""
        )


def _all_of(rows: Sequence[Rows]) -> list[QuerySet[Any]]:
    """Return all rows in an order that foreign keys allow; messages first, found by subject."""
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
    if any(row.case and row.case.became_order for row in rows):  # else there are no messages
        found.insert(0, messages.ended(offers, covers))
    return found


def _delete(found: QuerySet[Any]) -> int:
    return found.delete()[0]
