"""The live offer of a checkout: find it, end it, and keep its line in step."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..domain.states import LIVE_OFFER_STATUSES, OfferStatus
from ..host import cover_line, metadata
from ..models import Offer

_LIVE = [status.value for status in LIVE_OFFER_STATUSES]


def live_offer(token: uuid.UUID, *, lock: bool = False) -> Offer | None:
    """Return the checkout's one live offer; with ``lock`` inside a transaction."""
    offers = Offer.objects.filter(checkout_token=token, status__in=_LIVE)
    return (offers.select_for_update() if lock else offers).first()


def chosen_premium(offer: Offer) -> Decimal:
    """Sum of the premiums the shopper said yes to."""
    return sum((quote.premium for quote in offer.quotes.all() if quote.is_chosen), Decimal(0))


def chosen_ids(offer: Offer) -> list[str]:
    """Return the quotes the shopper said yes to."""
    return [quote.quote_id for quote in offer.quotes.all() if quote.is_chosen]


def whole_premium(offer: Offer) -> Decimal:
    """Sum of all premiums offered."""
    return sum((quote.premium for quote in offer.quotes.all()), Decimal(0))


def end_offer(
    checkout: Any, offer: Offer, status: OfferStatus, now: datetime, *, reason: str
) -> None:
    """End the live offer of a locked checkout; a yes to it goes, and its line with it."""
    was_selected = offer.status == OfferStatus.SELECTED
    offer.become(status, now, reason_code=reason, leased_until=None, is_notice_due=was_selected)
    if was_selected:
        clear_lines(checkout)
        summarise(offer.checkout_token, "withdrawn", code=reason)


def take_notice(token: uuid.UUID) -> bool:
    """Whether the shopper has yet to learn that a yes of this checkout ended; asked once."""
    noticed = Offer.objects.filter(checkout_token=token, is_notice_due=True)
    return noticed.update(is_notice_due=False) > 0


def clear_lines(checkout: Any) -> None:
    """Take every cover line out of a locked checkout."""
    lines = cover_line.lines_of(checkout)
    if lines:
        cover_line.remove(line.id for line in lines)
        cover_line.recalculate(checkout)


def summarise(token: uuid.UUID, state: str, **details: str) -> None:
    """Write the public display summary of a checkout's cover."""
    metadata.write_checkout_summary(token, json.dumps({"state": state, **details}, sort_keys=True))


def is_fresh(offer: Offer, now: datetime) -> bool:
    return offer.valid_until is not None and now < offer.valid_until
