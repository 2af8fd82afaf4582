"""Read the live offer of a checkout without any effect: no write, and no call to XCover."""

from __future__ import annotations

import uuid
from datetime import datetime

from ..config.settings import PluginSettings
from ..domain.states import OfferStatus
from ..errors import Refusal
from ..host.values import CheckoutSnapshot
from ..models import Offer
from .offer_pricing import is_rechecked
from .offer_request import Wanted, has_foreign_line, is_answer, is_taxed_otherwise, wanted_in
from .offers import insures_nothing, live_offer, read_live_offer, refuse_while_waiting
from .public_summary import right_in_checkout
from .quoting import require_offers_on
from .selection import readable
from .withholding import refuse_withheld


def held_offer(
    token: uuid.UUID, channel_id: int, settings: PluginSettings, now: datetime
) -> Offer | None:
    """Return the live offer where it holds: ``ensure_offer`` would return it and change nothing.

    None where only ``ensure_offer`` can say what holds: there is no offer, it is no longer valid,
    or something in the checkout is to be checked again or put right. Raise ``Refusal`` where that
    would be refused for the same reason.
    """
    state = readable(token, channel_id, settings)
    offer = live_offer(token)
    try:
        wanted = wanted_in(state, settings, now)
    except Refusal:
        if has_foreign_line(state) or (offer and offer.status == OfferStatus.SELECTED):
            return None
        raise
    require_offers_on(offer, settings)
    if offer is None or not _is_of(offer, wanted):
        return None
    if not is_answer(offer, now):
        refuse_while_waiting(offer, now)
        return None
    if _is_to_be_looked_at(offer, state, now):
        return None
    refuse_withheld(offer)
    return offer


def _is_of(offer: Offer, wanted: Wanted) -> bool:
    """Return True if the offer was made for the checkout as it is."""
    state = wanted.state
    return (
        offer.channel_id == state.channel_id
        and offer.fingerprint == wanted.fingerprint
        and not insures_nothing(offer)
        and not has_foreign_line(state)
    )


def _is_to_be_looked_at(offer: Offer, state: CheckoutSnapshot, now: datetime) -> bool:
    """Return True if Saleor's prices or the public summary may say something else by now."""
    found = state.summary
    is_summary_right = right_in_checkout(read_live_offer(state.token), found) == found
    is_priced_again = is_rechecked(offer, state, now) or is_taxed_otherwise(offer, state, now)
    return not is_summary_right or is_priced_again
