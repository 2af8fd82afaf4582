"""The check of a changed checkout failed itself: then a yes does not stand."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from ..domain.states import OfferStatus
from ..errors import Code, Refusal
from ..host import checkouts
from .offers import clear_lines, live_offer, put_summary_right, summarise, take_notice
from .selection import end_offer

log = logging.getLogger(__name__)


def end_unchecked_yes(token: uuid.UUID, now: datetime) -> bool:
    """End the yes of a checkout nobody could check; return whether its line was taken out.

    It reads nothing that could have failed in the check: neither settings nor event data. Once
    money has begun the line stays, and what it buys is marked as unchecked: an order made of it is
    parked, unless a later check succeeds.
    """
    with checkouts.locked(token) as checkout:
        offer = live_offer(token, lock=True)
        if checkout is None:
            return False
        is_yes = offer is not None and offer.status == OfferStatus.SELECTED
        if checkouts.has_money(token):
            if offer is not None and is_yes and not offer.reason_code:
                offer.save_fields(now, reason_code=Code.CHECK_FAILED.value)
                summarise(token, "withdrawn", code=Code.CHECK_FAILED.value)
            return False
        if offer is None or not is_yes:
            clear_lines(checkout)
            put_summary_right(token)
            return False
        end_offer(checkout, offer, OfferStatus.SUPERSEDED, now, reason=Code.CHECK_FAILED)
        log.error("xcover.offer.unchecked", extra={"offer": offer.pk})
        return True


def hold_unchecked_order(token: uuid.UUID, now: datetime) -> Refusal | None:
    """End the yes of a checkout that is about to become an order; say so once, before money."""
    end_unchecked_yes(token, now)
    if checkouts.has_money(token):
        return None
    return Refusal(Code.COVER_CHANGED) if take_notice(token) else None
