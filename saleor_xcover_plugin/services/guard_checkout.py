"""A checkout changed, or is about to become an order: bring offer and line in step.

Once any money is authorised, charged or pending nothing is touched: Saleor would refund or block.
What is not right then is parked when the order is aligned.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from ..conf import PluginSettings
from ..domain.eligibility import fingerprint, insurable_basket
from ..domain.states import OfferStatus
from ..errors import Code, Refusal
from ..host import checkouts, cover_line
from ..host.values import CheckoutState
from ..models import Offer
from .offers import (
    chosen_premium,
    clear_lines,
    end_offer,
    is_fresh,
    live_offer,
    take_notice,
)
from .place_cover import withdraw


@dataclass(frozen=True, slots=True)
class Change:
    """What a changed checkout led to."""

    was_repaired: bool = False
    needs_offer: bool = False


def checkout_changed(token: uuid.UUID, settings: PluginSettings, now: datetime) -> Change:
    """Repair what a change broke and say whether an offer should be asked for.

    Three queries and no lock when nothing of ours changed.
    """
    state = checkouts.read(token, settings.rules.mapping)
    if state is None or state.has_money:
        return Change()
    wanted, _ = _wanted_fingerprint(state, settings, now)
    offer = live_offer(token)
    needs_offer = wanted is not None and (offer is None or offer.fingerprint != wanted)
    if _is_in_step(state, offer, wanted):
        return Change(needs_offer=needs_offer)
    _bring_in_step(token, settings, now)
    return Change(was_repaired=True, needs_offer=needs_offer)


def refusal_before_order(
    token: uuid.UUID, settings: PluginSettings, now: datetime
) -> Refusal | None:
    """Courtesy check while no money is involved: what is wrong is repaired and told once."""
    state = checkouts.read(token, settings.rules.mapping)
    if state is None or state.has_money:
        return None
    wanted, _ = _wanted_fingerprint(state, settings, now)
    offer = live_offer(token)
    is_selected = offer is not None and offer.status == OfferStatus.SELECTED
    if offer is not None and is_selected and not is_fresh(offer, now):
        with checkouts.locked(token) as checkout:
            current = live_offer(token, lock=True)
            if checkout is not None and current is not None and current.pk == offer.pk:
                end_offer(checkout, current, OfferStatus.EXPIRED, now, reason=Code.OFFER_EXPIRED)
                take_notice(token)
        return Refusal(Code.OFFER_EXPIRED)
    if not _is_in_step(state, offer, wanted):
        _bring_in_step(token, settings, now)
        if is_selected or state.cover_lines:
            take_notice(token)
            return Refusal(Code.COVER_CHANGED)
    return Refusal(Code.COVER_CHANGED) if take_notice(token) else None


def _wanted_fingerprint(
    state: CheckoutState, settings: PluginSettings, now: datetime
) -> tuple[str | None, Code | None]:
    try:
        basket = insurable_basket(state.facts, settings.rules, now)
    except Refusal as refusal:
        return None, refusal.code
    return fingerprint(basket, *settings.fingerprint_terms), None


def _is_in_step(state: CheckoutState, offer: Offer | None, wanted: str | None) -> bool:
    """Whether line and offer fit the checkout: exactly our line for a yes, none otherwise."""
    if offer is None:
        return not state.cover_lines
    if offer.fingerprint != wanted:
        return False
    if offer.status != OfferStatus.SELECTED:
        return not state.cover_lines
    return len(state.cover_lines) == 1 and state.cover_lines[0].carries(
        offer.pk, chosen_premium(offer)
    )


def _bring_in_step(token: uuid.UUID, settings: PluginSettings, now: datetime) -> None:
    with checkouts.locked(token) as checkout:
        state = checkouts.read(token, settings.rules.mapping) if checkout is not None else None
        if state is None or state.has_money:
            return
        wanted, reason = _wanted_fingerprint(state, settings, now)
        offer = live_offer(token, lock=True)
        if offer is not None and offer.fingerprint != wanted:
            end_offer(
                checkout, offer, OfferStatus.SUPERSEDED, now, reason=reason or Code.OFFER_STALE
            )
            offer = None
        if offer is None or offer.status != OfferStatus.SELECTED:
            clear_lines(checkout)
            return
        _repair_line(checkout, state, offer, now)


def _repair_line(checkout: object, state: CheckoutState, offer: Offer, now: datetime) -> None:
    ours = [line for line in state.cover_lines if line.offer_id == offer.pk]
    if not ours:
        # The shopper deleted the line: that is an answer too.
        clear_lines(checkout)
        withdraw(offer, now, source="line_removed")
        return
    keep, *extra = ours
    strangers = [line.id for line in state.cover_lines if line.offer_id != offer.pk]
    removable = [line.id for line in extra] + strangers
    if removable:
        cover_line.remove(removable)
    cover_line.restore(keep.id, premium=chosen_premium(offer))
    cover_line.recalculate(checkout)
