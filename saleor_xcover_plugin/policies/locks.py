"""Lock the rows of an order in a fixed order: offer, cover, then its cancellation or modification.

Every caller locks in this order, so that two transactions never wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from django.db import transaction
from django.db.models import prefetch_related_objects

from ..compiled_query import CompiledInstances, is_one_of_keys
from ..models import Cancellation, Consent, Cover, Modification, Offer
from ..outbox.handlers import Row
from ..time_limits import WORKER_AFTER_BUSY, DatabaseBusy, time_limits


def lock_cover(**which: object) -> Cover | None:
    """Lock a cover and its offer and return the cover, or None if there is none.

    ``which`` is a Django lookup that finds one cover, such as ``pk=7``. The offer is prefetched
    with its quotes. Must be called in a transaction.
    """
    offers = Offer.objects.select_for_update(of=("self",)).prefetch_related("quotes")
    offer = offers.filter(**{f"cover__{name}": value for name, value in which.items()}).first()
    cover = Cover.objects.select_for_update(of=("self",)).filter(**which).first()
    if cover is not None:
        cover.offer = offer
    return cover


def lock_free_covers(keys: Collection[int]) -> dict[int, tuple[Cover, Offer]]:
    """Lock covers with their offers, if no other session holds a row, and return them by key.

    All offers are locked first, in the sequence of their keys, and prefetched with their quotes.
    Covers without an offer, or whose offer is held, are left out. Must be called in a transaction.
    """
    offers = {offer.pk: offer for offer in _free_offers().of(keys)}
    prefetch_related_objects(list(offers.values()), "quotes")
    found = {}
    for cover in _free_covers().of(list(offers)):
        offer = offers[cover.offer_id or 0]
        cover.offer = offer
        found[cover.pk] = cover, offer
    return found


@cache
def _free_offers() -> CompiledInstances[Offer]:
    """Return the query for the offers of covers, by the keys of the covers."""
    offers = Offer.objects.filter(is_one_of_keys("cover__pk")).order_by("pk")
    return CompiledInstances(offers.select_for_update(of=("self",), skip_locked=True))


@cache
def _free_covers() -> CompiledInstances[Cover]:
    """Return the query for the covers of offers, by the keys of the offers."""
    covers = Cover.objects.filter(is_one_of_keys("offer")).order_by("pk")
    return CompiledInstances(covers.select_for_update(of=("self",), skip_locked=True))


def lock_cancellation(key: int) -> Cancellation:
    """Lock and return a cancellation, its cover and the cover's offer.

    Must be called in a transaction. Raise ``Cancellation.DoesNotExist`` if there is no such row.
    """
    return _lock_with_cover(Cancellation, "cancellations", key)


def lock_modification(key: int) -> Modification:
    """Lock and return a modification, its cover and the cover's offer.

    Must be called in a transaction. Raise ``Modification.DoesNotExist`` if there is no such row.
    """
    return _lock_with_cover(Modification, "modifications", key)


def _lock_with_cover(rows: type[Row], of_cover: str, key: int) -> Row:
    cover = lock_cover(**{of_cover: key})
    row = rows.objects.select_for_update().get(pk=key)
    assert cover is not None  # noqa: S101 the foreign key is not null
    row.cover = cover
    return row


def are_tables_locked() -> bool:
    """Return True if another session has locked a whole table that syncing any order needs.

    Tested by locking a row that does not exist: locks on single rows do not block that, a lock on
    the table does.
    """
    try:
        with time_limits(WORKER_AFTER_BUSY), transaction.atomic():
            for model in (Offer, Cover):
                list(model.objects.select_for_update().filter(pk=0).values_list("pk"))
            list(Consent.objects.filter(pk=0).values_list("pk"))
    except DatabaseBusy:
        return True
    return False
