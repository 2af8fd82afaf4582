"""Tell XCover once that an order was made without the cover it was offered."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from ..checkout.selection import end_offer
from ..domain.messages import MessageKind
from ..domain.states import LIVE_OFFER_STATUSES, OfferStatus, may_transition
from ..errors import Code
from ..host import checkouts
from ..host.values import OrderSnapshot
from ..models import Offer, OutboxMessage
from ..outbox import message_queue as outbox
from ..outbox import new_messages
from ..outbox.handlers import Attempt, Outcome, give_up_or_retry
from ..xcover.client import XCoverClient
from ..xcover.errors import XCoverError

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 10.0
"""Deadline of one call to XCover, in seconds."""
BODY = b"{}"
"""Body of the call."""


def opt_out_of(order: OrderSnapshot, offers: Sequence[Offer], now: datetime) -> None:
    """Enqueue the opt-out of the offer the shopper saw last, and abandon the other live offers.

    ``offers`` are the offers of the order's checkout, oldest first. The caller is in a transaction
    and holds their locks.
    """
    last = last_shown(offers)
    for offer in offers:
        is_live = offer.status in LIVE_OFFER_STATUSES
        if offer is not last and is_live:
            offer.transition_to(OfferStatus.ABANDONED, now)
    if last is not None and may_transition(last.state, OfferStatus.OPTED_OUT):
        # XCover's id: after a restored backup the primary key may belong to another offer.
        operation_id = str(last.xcover_offer_id)
        new_messages.enqueue(
            MessageKind.OPT_OUT,
            operation_id,
            subject_id=last.pk,
            channel_id=order.channel_id,
            now=now,
            account=last.account,
        )


def last_shown(offers: Sequence[Offer]) -> Offer | None:
    """Return the last offer that XCover made and the shopper saw, or None.

    ``offers`` are the offers of one checkout, oldest first.
    """
    shown = [offer for offer in offers if offer.shown_at and offer.xcover_offer_id]
    return shown[-1] if shown else None


class OptOutHandler:
    """Deliver messages of kind ``OPT_OUT``: tell XCover of an order without the offered cover.

    The offer is read again before every attempt, because the shopper may accept it meanwhile.
    """

    operation = "opt_out"

    def prepare(self, message: OutboxMessage, now: datetime) -> Attempt | None:
        with transaction.atomic():
            offer = Offer.objects.select_for_update().get(pk=message.subject_id)
            current = outbox.lock(message)
            if current is None:
                return None
            if offer.status == OfferStatus.SELECTED:
                outbox.drop(current, "The shopper said yes for a later order since.", now)
                return None
            if not may_transition(offer.state, OfferStatus.OPTED_OUT):
                outbox.drop(current, f"The offer is {offer.status}; no opt-out is due.", now)
                return None
        return Attempt(partial(tell, offer=offer, message=message), BODY)

    def park(self, message: OutboxMessage, code: str, sentence: str, now: datetime) -> None:
        with transaction.atomic():
            current = outbox.lock(message)
            if current is not None:
                outbox.park(current, sentence, now, reason=code)

    def order_of(self, message: OutboxMessage) -> uuid.UUID | None:
        return Offer.objects.values_list("order_id", flat=True).get(pk=message.subject_id)

    def record(self, message: OutboxMessage, outcome: Outcome, now: datetime) -> None:
        token = Offer.objects.values_list("checkout_token", flat=True).get(pk=message.subject_id)
        with checkouts.locked(token) as checkout:
            offer = Offer.objects.select_for_update().get(pk=message.subject_id)
            current = outbox.lock(message)
            if current is None:
                return
            if isinstance(outcome, XCoverError):
                if give_up_or_retry(current, outcome, now):
                    # XCover's conversion figures lack one opt-out; no money or policy is affected.
                    outbox.drop(current, f"XCover did not take the opt-out: {outcome}", now)
                    if offer.status != OfferStatus.SELECTED:
                        offer.transition_to(OfferStatus.ABANDONED, now)
                return
            outbox.settle(current, now)
            if offer.status == OfferStatus.SELECTED:
                _end_yes_told_as_no(checkout, offer, now)
            else:
                offer.transition_to(OfferStatus.OPTED_OUT, now)


def _end_yes_told_as_no(checkout: Any, offer: Offer, now: datetime) -> None:
    """End a yes that was given while XCover was told of a no; the checkout is locked.

    The shopper is told, and a new offer with the same terms takes the yes over. Once payment has
    begun it stays, and is confirmed: what XCover makes of that is shown in the order.
    """
    if checkout is not None and not checkouts.has_money(offer.checkout_token):
        end_offer(checkout, offer, OfferStatus.SUPERSEDED, now, reason=Code.OFFER_STALE)


def tell(client: XCoverClient, offer: Offer, message: OutboxMessage) -> None:
    """Send the opt-out. Raise ``XCoverError``."""
    client.opt_out(
        offer.xcover_offer_id,
        BODY,
        idempotency_key=str(message.idempotency_key),
        deadline=DEADLINE_SECONDS,
    )
