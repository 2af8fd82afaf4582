"""Bind a database that was moved or copied to the store that runs here, when staff say so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from .. import installation
from ..checkout.offers import live_offer
from ..checkout.selection import end_offer
from ..domain.instance import Binding
from ..domain.reasons import ReasonCode
from ..domain.states import (
    LIVE_OFFER_STATUSES,
    CancellationStatus,
    CoverStatus,
    MessageState,
    ModificationStatus,
    OfferStatus,
)
from ..errors import Code
from ..host import checkouts
from ..models import Cancellation, Cover, Installation, Modification, Offer, OutboxMessage
from ..outbox import message_queue as outbox
from ..policies import effects

VOIDED = "The database was adopted as a new store: this belongs to the store it was copied from."
"""Sentence for staff, stored with everything that is ended."""


class AdoptionRefused(Exception):
    """A database that cannot be adopted. Nothing was changed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Voided:
    """Number of rows of the other store's open work that were ended without sending anything."""

    messages: int = 0
    covers: int = 0
    cancellations: int = 0
    modifications: int = 0
    offers: int = 0


def adopt(now: datetime) -> Installation:
    """Bind the database to the store that runs here; open work continues under its keys.

    Raise ``AdoptionRefused`` if the environment names no store.
    """
    _require_name()
    return installation.adopt(now)


def adopt_as_new_store(now: datetime) -> Voided:
    """Give a copied database an id of its own and end its open work without sending anything.

    Rows of policies that were made before stay, and nothing is ever sent about them. Open offers
    end, even accepted ones; later offers belong to this store. Raise ``AdoptionRefused`` if the
    environment names no store, or if the database is bound to the store that runs here and so is
    not a copy.
    """
    _require_name()
    if installation.binding_of(installation.found()) == Binding.AT_HOME:
        raise AdoptionRefused(
            f"This database is bound to {installation.name_here()}, which runs here. As a new "
            "store it would forget what it has to send. If this is a copy, give it a name of its "
            f"own first: set {installation.INSTANCE_VARIABLE}."
        )
    with transaction.atomic():
        # In the order all code locks them: checkouts, offers, covers, cancellations, messages.
        offers = _end_offers(now)
        covers = _locked_covers()
        installation.adopt(now, as_new_store=True)
        cancellations = _end_cancellations(now)
        return Voided(
            modifications=_end_modifications(now),
            cancellations=cancellations,
            covers=_end_covers(covers, now),
            messages=_end_messages(now),
            offers=offers,
        )


def _require_name() -> None:
    if not installation.name_here():
        raise AdoptionRefused(
            "Nothing names the store that runs here. Set the Django setting or environment "
            f"variable {installation.INSTANCE_VARIABLE} (or Saleor's PUBLIC_URL), the same for all "
            "its processes, then run this again."
        )


_OPEN_COVERS = [
    s.value for s in (CoverStatus.CONFIRMING, CoverStatus.CANCELLING, CoverStatus.PARKED)
]
_OPEN_CANCELLATIONS = [
    s.value
    for s in (
        CancellationStatus.REQUESTED,
        CancellationStatus.CONFIRMING,
        CancellationStatus.PARKED,
    )
]
_OPEN_MODIFICATIONS = [
    s.value
    for s in (
        ModificationStatus.REQUESTED,
        ModificationStatus.CONFIRMING,
        ModificationStatus.PARKED,
    )
]


def _end_offers(now: datetime) -> int:
    """End the offers of open checkouts, except where a payment has begun."""
    statuses = [status.value for status in LIVE_OFFER_STATUSES]
    live = Offer.objects.filter(order_id=None, status__in=statuses)
    ended = 0
    for token in live.order_by("checkout_token").values_list("checkout_token", flat=True):
        with checkouts.locked(token) as checkout:
            offer = live_offer(token, lock=True) if checkout else None
            if offer is not None and not checkouts.has_money(token):
                end_offer(checkout, offer, OfferStatus.EXPIRED, now, reason=Code.OFFER_STALE)
                ended += 1
    return ended


def _locked_covers() -> dict[int, Cover]:
    """Lock every cover with open work, after its offer; return the covers by primary key."""
    wanted = Cover.objects.filter(status__in=_OPEN_COVERS)
    for model, statuses in (
        (Cancellation, _OPEN_CANCELLATIONS),
        (Modification, _OPEN_MODIFICATIONS),
    ):
        about = model.objects.filter(status__in=statuses).values("cover_id")
        wanted = wanted | Cover.objects.filter(pk__in=about)
    keys = dict(wanted.values_list("pk", "offer_id"))
    offers = [offer_id for offer_id in keys.values() if offer_id]
    _lock(Offer.objects.filter(pk__in=offers))
    return {cover.pk: cover for cover in _lock(Cover.objects.filter(pk__in=keys))}


def _lock(rows: QuerySet[Any]) -> list[Any]:
    return list(rows.select_for_update().order_by("pk"))


def _end_cancellations(now: datetime) -> int:
    """Close open cancellations; the policies stay as they are."""
    rows: list[Cancellation] = _lock(Cancellation.objects.filter(status__in=_OPEN_CANCELLATIONS))
    for row in rows:
        if row.status != CancellationStatus.PARKED:
            row.transition_to(CancellationStatus.PARKED, now)
        effects.apply(row, effects.CANCELLATION_KEPT, now, VOIDED)
    return len(rows)


def _end_modifications(now: datetime) -> int:
    rows: list[Modification] = _lock(Modification.objects.filter(status__in=_OPEN_MODIFICATIONS))
    for row in rows:
        effects.apply(row, effects.MODIFICATION_DROPPED, now, VOIDED)
    return len(rows)


def _end_covers(covers: dict[int, Cover], now: datetime) -> int:
    ended = 0
    for cover in covers.values():
        if cover.status == CoverStatus.CANCELLING:
            effects.apply(cover, effects.COVER_STAYS, now)
        elif cover.status in (CoverStatus.CONFIRMING, CoverStatus.PARKED):
            effects.apply(
                cover, effects.COVER_VOID, now, VOIDED, reason_code=ReasonCode.OTHER_STORE
            )
            ended += 1
    return ended


def _end_messages(now: datetime) -> int:
    open_states = [MessageState.PENDING.value, MessageState.PARKED.value]
    rows: Iterable[OutboxMessage] = _lock(OutboxMessage.objects.filter(status__in=open_states))
    count = 0
    for message in rows:
        outbox.drop(message, VOIDED, now)
        count += 1
    return count
