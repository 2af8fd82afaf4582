"""End the yes of a checkout when the check after a change fails with an error."""

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
    """End the yes of a checkout that could not be checked; return True if its line was removed.

    Reads neither settings nor event data, which may have made the check fail. Once money has begun
    the line stays and the yes is marked as unchecked (``CHECK_FAILED``): the cover of an order made
    from it is parked, unless a later check succeeds.
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
    """End the yes of a checkout that is about to become an order.

    Return the refusal to show to the shopper once, or None. Once money has begun, return None.
    """
    end_unchecked_yes(token, now)
    if checkouts.has_money(token):
        return None
    return Refusal(Code.COVER_CHANGED) if take_notice(token) else None
