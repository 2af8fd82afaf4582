"""Remove a buyer's personal data on request and keep what was agreed.

The rules are in ``domain/erasure.py``. The order in Saleor and the policy at XCover are not
touched.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from ..checkout.ticketed_events import changes_of, last_known_end, variants_of
from ..domain.cancellations import ClaimState
from ..domain.erasure import SENTENCES, EraseCode, Situation, refusal
from ..domain.retention import EVENT_LASTS
from ..domain.states import (
    OPEN_MODIFICATION_STATUSES,
    CancellationStatus,
    CoverStatus,
    MessageState,
    ModificationStatus,
)
from ..host import order_facts, orders
from ..models import Consent, Cover, Offer
from ..policies import effects, messages
from ..policies.locks import lock_cover
from . import expiry
from .deletion import forget_buyer

log = logging.getLogger(__name__)

_DROPPED = "The buyer asked to be forgotten."
_NOTE = (
    "what the ticket protection held about the buyer's details was removed on request. The order "
    "here and the policy at XCover are as they were."
)


class EraseRefused(Exception):
    """Data that cannot be removed yet. Nothing was changed; the text says what to do first."""

    def __init__(self, code: EraseCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Held:
    """One kind of data that is stored about the buyer of an order."""

    what: str
    """Plain words for staff."""
    count: int
    """Number of rows or values."""
    goes: bool
    """True if it is removed on request; the rest is removed by ``xcover_purge``."""


@dataclass(frozen=True, slots=True)
class Holding:
    """All data that is stored about the buyer of an order."""

    held: list[Held]
    code: EraseCode | None
    """Reason why nothing can be removed now; None if it can."""
    sentence: str
    """The reason in plain words, or empty."""

    @property
    def to_remove(self) -> int:
        """Return the number of values that are removed on request."""
        return sum(one.count for one in self.held if one.goes)


def find_order(number: str) -> uuid.UUID | None:
    """Return the id of the order with this number, or None.

    An order that was deleted in Saleor is found by its cover.
    """
    found = order_facts.find(number)
    if found is not None:
        return found[0]
    covers = Cover.objects.filter(order_number=number)
    return covers.values_list("order_id", flat=True).first()


def inspect(order_id: uuid.UUID, now: datetime) -> Holding:
    """Return the data stored about an order's buyer. Changes nothing."""
    cover = Cover.objects.select_related("offer").filter(order_id=order_id).first()
    code, sentence = _refusal(order_id, cover, now)
    return Holding(_held(order_id, cover), code, sentence)


def erase(order_id: uuid.UUID, now: datetime) -> Holding:
    """Remove the buyer's data and return what was stored before.

    Calls that wait for staff are dropped. Raise ``EraseRefused`` if something still needs the data,
    such as an open call or a policy in force.
    """
    with transaction.atomic():
        cover = lock_cover(order_id=order_id)
        code, sentence = _refusal(order_id, cover, now)
        if code is not None:
            raise EraseRefused(code, sentence)
        found = Holding(_held(order_id, cover), None, "")
        if cover is None or not found.to_remove:
            return found
        expiry.end_changes(cover, _DROPPED, now)
        sentence = expiry.end_confirm(cover, _DROPPED, now)
        forget_buyer([cover])
        log.info("xcover.buyer.erased", extra={"order": cover.order_number})
        effects.add_note(order_id, f"{_NOTE} {sentence}".strip())
    return found


def _held(order_id: uuid.UUID, cover: Cover | None) -> list[Held]:
    offers = _offers(order_id, cover)
    parked = messages.parked_with_person(cover).count() if cover else 0
    changes = [c for c in cover.modifications.all() if any(c.wanted.values())] if cover else []
    hashes = len(cover.policyholder_digests) if cover else 0
    links = int(cover is not None and cover.sealed_links is not None)
    waiting = [c for c in changes if c.status == ModificationStatus.PARKED]
    return [
        Held("keyed hashes of the buyer's details", hashes, goes=True),
        Held("links that open the policy, sealed", links, goes=True),
        Held("changes of the buyer's details, as keyed hashes", len(changes), goes=True),
        Held("changes among them that wait for a decision", len(waiting), goes=True),
        Held("calls put aside, with the buyer's details sealed", parked, goes=True),
        Held("offers, with country and language", offers.count(), goes=False),
        Held("answers, without a name", Consent.objects.filter(offer__in=offers).count(), False),
        Held("cover, with order and policy number", int(cover is not None), goes=False),
        Held("judged refunds", cover.cancellations.count() if cover else 0, goes=False),
    ]


def _offers(order_id: uuid.UUID, cover: Cover | None) -> QuerySet[Offer]:
    sold = Q(pk=cover.offer_id) if cover and cover.offer_id else Q(pk__in=[])
    return Offer.objects.filter(Q(order_id=order_id) | sold)


def _refusal(
    order_id: uuid.UUID, cover: Cover | None, now: datetime
) -> tuple[EraseCode | None, str]:
    offers = list(_offers(order_id, cover).values_list("pk", flat=True))
    unsettled = messages.unsettled(offers, [cover.pk] if cover else [])
    order = orders.read(order_id)
    situation = Situation(
        cover=CoverStatus(cover.status) if cover else None,
        last_end=_last_end(cover),
        parked_for=cover.reason_code if cover else "",
        claim=ClaimState(cover.claim) if cover else ClaimState.UNKNOWN,
        has_pending_message=bool(unsettled[MessageState.PENDING]),
        has_parked_confirm=cover is not None and messages.parked_confirm(cover).exists(),
        is_under_way=cover is not None and _is_under_way(cover),
        order_is_there=order is not None,
        is_line_unseen=cover is None and order is not None and order.may_hold_cover,
    )
    code = refusal(situation, now)
    if code is None:
        return None, ""
    sentence = SENTENCES[code]
    if situation.last_end and code in (EraseCode.POLICY_ACTIVE, EraseCode.OUTCOME_UNKNOWN):
        sentence += f" That is after {situation.last_end + EVENT_LASTS:%Y-%m-%d %H:%M} UTC."
    return code, sentence


def _is_under_way(cover: Cover) -> bool:
    cancelling = [CancellationStatus.REQUESTED.value, CancellationStatus.CONFIRMING.value]
    changing = [status.value for status in OPEN_MODIFICATION_STATUSES]
    return (
        cover.cancellations.filter(status__in=cancelling).exists()
        or cover.modifications.filter(status__in=changing).exists()
    )


def _last_end(cover: Cover | None) -> datetime | None:
    if cover is None or cover.offer is None:
        return None
    return last_known_end(cover.offer, changes_of(variants_of(cover.offer)))
