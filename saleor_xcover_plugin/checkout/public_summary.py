"""What public metadata of a checkout or an order says of the cover, for storefronts to show.

Shoppers can write it too. So nothing is decided by what stands there; and where a checkout or an
order is looked at, the whole text is compared with what we would write, not only what it means:
a text that is not exactly ours may be read as anything (docs/storefront.md).
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
    """A live offer: what was said to it, and what the yes costs in its currency."""

    @property
    def status(self) -> str: ...
    @property
    def reason_code(self) -> str: ...
    @property
    def premium_money(self) -> Money: ...


def summary(state: str, **details: str) -> str:
    """Return a public summary as it stands in metadata."""
    return json.dumps({"state": state, **details}, sort_keys=True)


def yes(premium: Money) -> str:
    """Return the summary of what holds a cover line at this premium."""
    return summary("accepted", premium=premium.digits(), currency=premium.currency)


def withdrawn(code: str) -> str:
    """Return the summary of what holds no cover any more; ``code`` is empty for a line deleted."""
    return summary("withdrawn", code=code) if code else summary("withdrawn")


DECLINED = summary("declined")
_NO_YES = frozenset({DECLINED, withdrawn(""), *(withdrawn(code.value) for code in Code)})
"""All that may stand where nobody is insured."""
_OUT = NEVER_BOUGHT | {ReasonCode.LINE_REMOVED}
"""Reasons with which the yes of an order that waits for a person is over."""


def right_in_checkout(offer: Answered | None, found: str | None) -> str | None:
    """Return what should stand in a checkout with this live offer, where ``found`` stands now.

    None is nothing. Without an answer that holds, what an earlier one left may stay.
    """
    if offer is not None and offer.status == OfferStatus.SELECTED:
        is_insured = not offer.reason_code
        return yes(offer.premium_money) if is_insured else withdrawn(offer.reason_code)
    if offer is not None and offer.status == OfferStatus.DECLINED:
        return DECLINED
    return found if found is None or found in _NO_YES else withdrawn("")


def right_in_order(cover: Cover | None, last_answer: str | None, found: str | None) -> str | None:
    """Return what should stand in an order with this cover, where ``found`` stands now.

    ``last_answer`` is that of the checkout: without a cover it tells what was lost.
    """
    if cover is not None:
        return of_cover(cover)
    if found in _NO_YES or (found is None and last_answer is None):
        return found
    return DECLINED if last_answer == "declined" else withdrawn("")


def of_cover(cover: Cover) -> str:
    """Return the summary of an order with this cover.

    It says whether the buyer's yes stands, not whether there is a policy yet.
    """
    if cover.status == CoverStatus.CANCELLED:
        return withdrawn("cancelled")
    is_over = cover.status == CoverStatus.VOID or (
        cover.status == CoverStatus.PARKED and cover.reason_code in _OUT
    )
    if is_over:
        return withdrawn("" if cover.reason_code == ReasonCode.LINE_REMOVED else cover.reason_code)
    return yes(cover.premium_money)
