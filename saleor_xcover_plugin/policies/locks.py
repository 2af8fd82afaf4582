"""The one order in which rows about an order are locked: offer, cover, what hangs on the cover."""

from __future__ import annotations

from django.db import transaction

from ..models import Cancellation, Consent, Cover, Modification, Offer
from ..outbox.handlers import Row
from ..time_limits import WORKER_AFTER_BUSY, DatabaseBusy, time_limits


def lock_cover(**which: object) -> Cover | None:
    """Return the cover ``which`` names, locked after its offer; None when there is none.

    The quotes of the offer are read with it.
    """
    offers = Offer.objects.select_for_update(of=("self",)).prefetch_related("quotes")
    offer = offers.filter(**{f"cover__{name}": value for name, value in which.items()}).first()
    cover = Cover.objects.select_for_update(of=("self",)).filter(**which).first()
    if cover is not None:
        cover.offer = offer
    return cover


def lock_cancellation(key: int) -> Cancellation:
    """Return the cancellation with its cover, both locked."""
    return _lock_with_cover(Cancellation, "cancellations", key)


def lock_modification(key: int) -> Modification:
    """Return the modification with its cover, both locked."""
    return _lock_with_cover(Modification, "modifications", key)


def _lock_with_cover(rows: type[Row], of_cover: str, key: int) -> Row:
    cover = lock_cover(**{of_cover: key})
    row = rows.objects.select_for_update().get(pk=key)
    assert cover is not None  # noqa: S101 no such row is without
    row.cover = cover
    return row


def are_tables_held() -> bool:
    """Return True when another session holds a whole table that the work on every order needs.

    A row that is not there is locked: who holds rows is in nobody's way then, and who holds the
    table is in everybody's.
    """
    try:
        with time_limits(WORKER_AFTER_BUSY), transaction.atomic():
            for model in (Offer, Cover):
                list(model.objects.select_for_update().filter(pk=0).values_list("pk"))
            list(Consent.objects.filter(pk=0).values_list("pk"))
    except DatabaseBusy:
        return True
    return False
