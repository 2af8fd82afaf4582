"""Build the public summary of a cover for the metadata of its checkout or order.

Storefronts show it (docs/storefront.md). Shoppers can change it, so no decision depends on it. When
a checkout or order is checked, the whole text is compared with the one we would write, because a
storefront might read any other text in its own way.
"""

from __future__ import annotations

import json
from typing import Protocol

from ..domain.money import Money
from ..domain.reasons import NEVER_BOUGHT, ReasonCode
from ..domain.states import CoverStatus, OfferStatus
from ..errors import Code
from ..models import Cover


class Answered(Protocol):
    """Live offer, as far as a summary needs it; ``LiveOffer`` documents the properties."""

    @property
    def status(self) -> str: ...
    @property
    def reason_code(self) -> str: ...
    @property
    def premium_money(self) -> Money: ...


def summary(state: str, **details: str) -> str:
    """Return a summary as it is stored in metadata: a JSON object with sorted keys."""
    return json.dumps({"state": state, **details}, sort_keys=True)


def yes(premium: Money) -> str:
    """Return the summary of a checkout or order with a cover at this premium."""
    return summary("accepted", premium=premium.digits(), currency=premium.currency)


def withdrawn(code: str) -> str:
    """Return the summary of a checkout or order that has no cover any more.

    ``code`` is the reason, or empty if the shopper deleted the line.
    """
    return summary("withdrawn", code=code) if code else summary("withdrawn")


DECLINED = summary("declined")
"""Summary after a no."""

_NO_YES = frozenset({DECLINED, withdrawn(""), *(withdrawn(code.value) for code in Code)})
"""All summaries that may be left where nothing is insured."""

_OUT = NEVER_BOUGHT | {ReasonCode.LINE_REMOVED}
"""Reasons of parked covers whose yes is over."""


def right_in_checkout(offer: Answered | None, found: str | None) -> str | None:
    """Return the right summary of a checkout with this live offer and the summary ``found``.

    None stands for no summary. Without a valid answer, the summary of an earlier no or of a
    withdrawn yes may stay.
    """
    if offer is not None and offer.status == OfferStatus.SELECTED:
        is_insured = not offer.reason_code
        return yes(offer.premium_money) if is_insured else withdrawn(offer.reason_code)
    if offer is not None and offer.status == OfferStatus.DECLINED:
        return DECLINED
    return found if found is None or found in _NO_YES else withdrawn("")


def right_in_order(cover: Cover | None, last_answer: str | None, found: str | None) -> str | None:
    """Return the right summary of an order with this cover and the summary ``found``.

    None stands for no summary. Without a cover, ``last_answer`` (of the checkout) decides between
    declined and withdrawn.
    """
    if cover is not None:
        return of_cover(cover)
    if found in _NO_YES or (found is None and last_answer is None):
        return found
    return DECLINED if last_answer == "declined" else withdrawn("")


def is_over(cover: Cover) -> bool:
    """Return True if the buyer's yes is not valid any more, although no policy was cancelled."""
    return cover.status == CoverStatus.VOID or (
        cover.status == CoverStatus.PARKED and cover.reason_code in _OUT
    )


def of_cover(cover: Cover) -> str:
    """Return the summary of an order with this cover.

    It tells if the buyer's yes is valid, not if there is a policy yet.
    """
    if cover.status == CoverStatus.CANCELLED:
        return withdrawn("cancelled")
    if is_over(cover):
        return withdrawn("" if cover.reason_code == ReasonCode.LINE_REMOVED else cover.reason_code)
    return yes(cover.premium_money)
