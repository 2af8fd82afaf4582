"""Withhold an offer whose premium Saleor cannot charge exactly; remember what a trial showed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ..domain.states import OfferStatus
from ..errors import Code, Refusal
from ..models import Offer
from .offers import LiveOffer

_OBJECTIONS = (
    Code.PRICE_NOT_EXACT,
    Code.SHIPPING_TAX_NOT_EXACT,
    Code.TAXED_BY_APP,
    Code.TAX_NOT_REPRESENTABLE,
)

TRIAL_HOLDS = timedelta(minutes=1)
"""Time for which a trial pricing is not repeated while the checkout stays the same.

Saleor marks each change by a shopper (``Checkout.last_change``), but not what staff change: a
voucher, a tax rate. Until the time is over, an offer may be shown that a yes then refuses.
"""


def is_objection(code: Code) -> bool:
    """Return True if Saleor's prices are the reason, so that a trial would be refused alike."""
    return code in _OBJECTIONS


def is_withheld(offer: Offer | LiveOffer) -> bool:
    """Return True if only discounts or taxes of the checkout keep the offer from being sold."""
    return offer.status == OfferStatus.UNAVAILABLE and offer.reason_code in _OBJECTIONS


def refuse_withheld(offer: Offer) -> None:
    """Raise ``Refusal`` if the offer is withheld."""
    if is_withheld(offer):
        raise Refusal(Code(offer.reason_code))


def was_just_tried(offer: Offer, changed_at: datetime, now: datetime) -> bool:
    """Return True if the checkout, last changed at ``changed_at``, was tried a short time ago."""
    if offer.tried_at is None or offer.tried_change != changed_at:
        return False
    return timedelta() <= now - offer.tried_at <= TRIAL_HOLDS


def note_trial(offer: Offer, objection: Code | None, changed_at: datetime, now: datetime) -> None:
    """Store with a locked offer whether a choice of it does not fit the checkout, and withhold it.

    It is made available again when every choice fits. ``changed_at`` is the time of the last change
    of the checkout that was tried.
    """
    tried: dict[str, Any] = {"tried_at": now, "tried_change": changed_at}
    if objection is None and offer.status == OfferStatus.UNAVAILABLE:
        offer.transition_to(OfferStatus.AVAILABLE, now, reason_code="", leased_until=None, **tried)
    elif objection is not None and offer.status == OfferStatus.AVAILABLE:
        offer.transition_to(
            OfferStatus.UNAVAILABLE, now, reason_code=objection.value, leased_until=None, **tried
        )
    else:
        offer.save_fields(now, **tried)
