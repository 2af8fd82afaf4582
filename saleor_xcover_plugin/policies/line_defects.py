"""Find the reason why an order's cover line buys no policy, and word it for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ..checkout.offers import chosen_premium, holds_quoted_tickets, is_in_quoted_place
from ..checkout.ticketed_events import InsuredEvents, insured_events
from ..domain.money import Money
from ..domain.reasons import ReasonCode
from ..domain.states import CoverStatus
from ..errors import Code
from ..host.values import OrderSnapshot
from ..models import Cover, Offer
from . import shared_consent
from .charges import cost_of_cover, money_clause


@dataclass(frozen=True, slots=True)
class Defect:
    """A reason why an order's cover line buys no policy."""

    code: str
    """A ``ReasonCode``."""
    sentence: str
    """Tells staff what happened and what to do about the money."""

    @classmethod
    def of(cls, code: str, order: OrderSnapshot, offer: Offer | None) -> Defect:
        """Return the defect with the sentence for the order's present charges and refunds."""
        return cls(code, sentence_of(code, order, offer))


OF_EVENT = frozenset({ReasonCode.EVENT_CANCELLED, ReasonCode.EVENT_STARTED})
"""Defects that end when staff withdraw the cancellation or the move of an event."""


def defect_of(order: OrderSnapshot, offer: Offer | None, now: datetime) -> Defect | None:
    """Return why no policy may be asked for, or None if the cover line matches its offer."""
    code = code_of(order, offer, insured_events(offer), now)
    return None if code is None else Defect.of(code, order, offer)


def bought_already(order: OrderSnapshot, offer: Offer | None) -> Defect | None:
    """Return the defect of an order whose offer another order of its checkout has, or None."""
    holder = shared_consent.holder_of(offer, order)
    return (
        None
        if holder is None
        else Defect(ReasonCode.BOUGHT_ALREADY, shared_consent.sentence_of(holder, order))
    )


def sentence_of(code: str, order: OrderSnapshot, offer: Offer | None) -> str:
    """Return the sentence for staff: the defect, and what to do about the money charged by now.

    Raise ``KeyError`` if ``has_sentence(code)`` is False.
    """
    what, part = _matter(code, offer)
    return f"{what} {money_clause(order, cost_of_cover(order, offer), part)}."


def settled_sentence(cover: Cover) -> str:
    """Return the reason of a cover once the buyer got back everything due for it."""
    if cover.status != CoverStatus.PARKED or cover.reason_code not in _SENTENCES:
        known = str(cover.reason).removesuffix(_SETTLED)
        return known and known + _SETTLED
    what, part = _matter(cover.reason_code, cover.offer)
    return f"{what} what was paid for {part} went back to the buyer."


_SETTLED = " What was due went back to the buyer."


def _matter(code: str, offer: Offer | None) -> tuple[str, str]:
    """Return the defect in words, and the word for what the buyer paid."""
    what, part = _SENTENCES[code]
    if offer is None:
        return what, part
    premium = Money(chosen_premium(offer), offer.currency)
    return what.format(premium=premium, country=offer.country), part


def has_sentence(code: str) -> bool:
    """Return True for a defect with which everything paid for the cover is due back."""
    return code in _SENTENCES


_THE_PROTECTION = "the protection"
_SENTENCES = {
    ReasonCode.NOT_OFFERED: (
        "The order holds a ticket protection line that no offer stands behind. It insures nothing;",
        "it",
    ),
    ReasonCode.LINE_CHANGED: (
        "The ticket protection line is not one piece at the offered premium of {premium}. The "
        "policy was not confirmed;",
        "the line",
    ),
    ReasonCode.TICKETS_CHANGED: (
        "The tickets changed after the shopper accepted the offer. The policy was not confirmed;",
        _THE_PROTECTION,
    ),
    ReasonCode.COUNTRY_CHANGED: (
        "The buyer's country is no longer the quoted {country}. The policy was not confirmed;",
        _THE_PROTECTION,
    ),
    ReasonCode.REGION_CHANGED: (
        "The buyer lives in another region than the quoted one, and this store limits regions. The "
        "policy was not confirmed;",
        _THE_PROTECTION,
    ),
    ReasonCode.EVENT_CANCELLED: (
        "The organiser cancelled the event before the policy was confirmed, so it was not:",
        _THE_PROTECTION,
    ),
    ReasonCode.EVENT_STARTED: (
        "The event began before the policy was confirmed, so it was not:",
        _THE_PROTECTION,
    ),
    ReasonCode.OFFER_ENDED: (
        "The checkout changed after the shopper accepted the offer, and the protection line stayed "
        "because a payment had begun. The policy was not confirmed;",
        _THE_PROTECTION,
    ),
    Code.CHECK_FAILED.value: (
        "The checkout changed after the shopper accepted the offer and could not be checked, and "
        "the protection line stayed because a payment had begun. The policy was not confirmed;",
        _THE_PROTECTION,
    ),
}
"""By code: the defect in words, and the word for what the buyer paid."""


def code_of(
    order: OrderSnapshot, offer: Offer | None, events: InsuredEvents, now: datetime
) -> str | None:
    """Return the ``ReasonCode`` of the defect, or None if there is none.

    ``events`` are the offer's, as ``insured_events`` returns them.
    """
    if offer is None:
        return ReasonCode.NOT_OFFERED
    if not _is_paid_for(order, offer, chosen_premium(offer)):
        return "line_changed"
    if not holds_quoted_tickets(offer, order.ticket_counts):
        return "tickets_changed"
    if order.policyholder.country != offer.country:
        return "country_changed"
    if not is_in_quoted_place(offer, offer.country, order.policyholder.region):
        return "region_changed"
    if events.are_cancelled:
        return "event_cancelled"
    # Neither the quoted start nor the one the event was moved to may be in the past.
    starts = [start for start in (offer.event_starts_at, events.first_start) if start is not None]
    return "event_started" if starts and now >= min(starts) else None


def _is_paid_for(order: OrderSnapshot, offer: Offer, premium: Decimal) -> bool:
    """Return True if there is one cover line at the agreed price or more. An excess is refunded."""
    if len(order.cover_lines) != 1:
        return False
    (line,) = order.cover_lines
    if not line.carries(offer.pk, line.unit_price):
        return False
    is_absorbing = offer.line_price is not None and offer.line_price != premium
    if is_absorbing and offer.cost is not None:
        return offer.cost >= premium - offer.absorbed
    agreed = premium if offer.line_price is None else offer.line_price
    return (line.unit_price or Decimal(0)) >= agreed
