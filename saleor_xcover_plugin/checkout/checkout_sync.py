"""A checkout changed, or is about to become an order: bring offer and line in step.

Once any money is authorised, charged or pending nothing is touched: Saleor would refund or block.
What became of the cover is written down then and shown, and judged when the order is aligned.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..config.settings import PluginSettings
from ..domain.eligibility import fingerprint, insurable_basket
from ..domain.money import Money
from ..domain.price_impact import PriceImpact
from ..domain.reasons import ReasonCode
from ..domain.states import OfferStatus
from ..errors import Code, Refusal
from ..host import announced_payments, checkouts, cover_line
from ..host.values import CheckoutSnapshot, CoverLine
from ..models import Offer
from .line_pricing import hold_exactly
from .offers import (
    LiveOffer,
    chosen_premium,
    clear_lines,
    glance,
    holds_quoted_tickets,
    insures_nothing,
    is_fresh,
    is_notice_due,
    keep_summary_right,
    live_offer,
    put_summary_right,
    summarise,
    summarise_yes,
    take_notice,
    take_out,
)
from .selection import end_offer, withdraw


@dataclass(frozen=True, slots=True)
class Change:
    """What a changed checkout led to."""

    was_repaired: bool = False
    needs_offer: bool = False


def checkout_changed(token: uuid.UUID, settings: PluginSettings, now: datetime) -> Change:
    """Repair what a change broke and say whether an offer should be asked for.

    Three queries and no lock when nothing of ours changed; whether money has begun is asked only
    of what is out of step, and by the worker that asks for the offer. Beside a discount on the
    order, or with things to ship, Saleor is asked for its prices every time there is a yes.
    """
    state = checkouts.read(token, settings.rules.mapping)
    if state is None:
        return Change()
    wanted, _ = _wanted_fingerprint(state, settings, now)
    offer = glance(token)
    needs_offer = wanted is not None and (offer is None or offer.fingerprint != wanted)
    if _is_in_step(state, offer, wanted):
        keep_summary_right(token, offer, state.summary)
        return Change(needs_offer=needs_offer)
    if checkouts.has_money(token):
        _write_down(state, settings, now)
        return Change()
    _bring_in_step(token, settings, now)
    return Change(was_repaired=True, needs_offer=needs_offer)


def refusal_before_order(
    token: uuid.UUID, settings: PluginSettings, now: datetime
) -> Refusal | None:
    """Courtesy check while no money is involved: what is wrong is repaired and told once."""
    state = checkouts.read(token, settings.rules.mapping)
    if state is None:
        return None
    wanted, _ = _wanted_fingerprint(state, settings, now)
    offer = glance(token)
    is_selected = offer is not None and offer.status == OfferStatus.SELECTED
    has_expired = offer is not None and is_selected and not is_fresh(offer, now)
    is_fine = _is_in_step(state, offer, wanted) and not has_expired
    if is_fine:
        keep_summary_right(token, offer, state.summary)
    if is_fine and not is_notice_due(token):
        return None
    if checkouts.has_money(token):
        _write_down(state, settings, now)
        return None
    if offer is not None and has_expired:
        _end_expired(token, offer, now)
        return Refusal(Code.OFFER_EXPIRED)
    if not is_fine:
        was_changed = _bring_in_step(token, settings, now)
        if was_changed and (is_selected or state.cover_lines):
            take_notice(token)
            return Refusal(Code.COVER_CHANGED)
    return Refusal(Code.COVER_CHANGED) if take_notice(token) else None


def _end_expired(token: uuid.UUID, expired: LiveOffer, now: datetime) -> None:
    """End the offer, unless another took its place meanwhile; the caller tells the shopper."""
    with checkouts.locked(token) as checkout:
        current = live_offer(token, lock=True)
        if checkout is not None and current is not None and current.pk == expired.pk:
            end_offer(checkout, current, OfferStatus.EXPIRED, now, reason=Code.OFFER_EXPIRED)
            take_notice(token)


def _write_down(seen: CheckoutSnapshot, settings: PluginSettings, now: datetime) -> None:
    """Once money has begun touch nothing, but keep and show what the checkout makes of a yes.

    Its line may be gone, its tickets may be others, and it may cost something else in all.
    """
    _keep_what_became_of_yes(seen, settings, now)
    put_summary_right(seen.token)


def _keep_what_became_of_yes(
    seen: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> None:
    known = live_offer(seen.token)
    if known is None or known.status != OfferStatus.SELECTED:
        return
    is_shown = known.reason_code == (_misfit(seen, known, now) or "")
    if is_shown and not _has_cost(seen, known):
        return
    with checkouts.locked(seen.token) as checkout:
        state = checkouts.read(seen.token, settings.rules.mapping) if checkout else None
        offer = live_offer(seen.token, lock=True)
        if state is None or offer is None or offer.status != OfferStatus.SELECTED:
            return
        if not any(line.offer_id == offer.pk for line in state.cover_lines):
            withdraw(
                checkout, offer, now, source=ReasonCode.LINE_REMOVED, reason=ReasonCode.LINE_REMOVED
            )
            return
        if _has_cost(seen, offer):
            _note_cost(checkout, state, offer, now)
        _show(offer, _misfit(state, offer, now), now)


def _misfit(state: CheckoutSnapshot, offer: Offer, now: datetime) -> Code | None:
    """Return why a yes would insure nothing in an order of this checkout as it is, or None.

    By what the order will be judged by (``defects.defect_of``): a ticket that has become dearer
    meanwhile would be asked for anew before a payment, and is insured after it.
    """
    has_tickets = holds_quoted_tickets(offer, state.facts.counts)
    if not has_tickets or state.policyholder.country != offer.country:
        return Code.OFFER_STALE
    if offer.event_starts_at is not None and now >= offer.event_starts_at:
        return Code.EVENT_STARTED
    if len(state.cover_lines) != 1:
        return Code.COVER_CHANGED
    (line,) = state.cover_lines
    is_whole = line.carries(offer.pk, line.unit_price)
    return None if is_whole and _pays(line, offer) else Code.COVER_CHANGED


def _pays(line: CoverLine, offer: Offer) -> bool:
    """Whether the line costs what was agreed, or more, after what came since."""
    premium = chosen_premium(offer)
    if not offer.effect:
        return (line.unit_price or Decimal(0)) >= premium
    effect = PriceImpact.from_json(offer.effect)
    if offer.line_price not in (None, premium):
        return effect.cost >= premium - offer.absorbed
    return effect.line >= premium


def _show(offer: Offer, misfit: Code | None, now: datetime) -> None:
    """Keep and show that a yes insures nothing as the checkout is, or that it does again."""
    if offer.reason_code == (misfit or ""):
        return
    offer.save_fields(now, reason_code=misfit.value if misfit else "")
    if misfit:
        summarise(offer.checkout_token, "withdrawn", code=misfit.value)
    else:
        summarise_yes(offer)


def _has_cost(state: CheckoutSnapshot, offer: Offer) -> bool:
    """Whether the cover may cost something else in all than when that was looked at last.

    While Saleor's prices hold, the order is made at them, whatever rules came since.
    """
    if _is_plain(state):
        return offer.cost is not None
    return state.is_priced_anew


def _is_plain(state: CheckoutSnapshot) -> bool:
    return not state.needs_proof and not any(line.correction for line in state.cover_lines)


def _note_cost(checkout: Any, state: CheckoutSnapshot, offer: Offer, now: datetime) -> None:
    """Keep what the cover costs in all, and what it does to the rest of the checkout.

    A discount, shipping or a tax that came meanwhile may have moved money between them.
    """
    if _is_plain(state):
        offer.save_fields(now, cost=None, effect=None)
        return
    lines = [line.id for line in state.cover_lines]
    whole, alone = cover_line.totals_with_and_without(checkout, lines)
    premium = chosen_premium(offer)
    effect = PriceImpact.of(whole, alone, premium=premium, absorbed=offer.absorbed)
    offer.save_fields(now, cost=effect.cost, effect=effect.as_json() if effect.code else None)


def _wanted_fingerprint(
    state: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> tuple[str | None, Code | None]:
    try:
        basket = insurable_basket(state.facts, settings.rules, now)
    except Refusal as refusal:
        return None, refusal.code
    return fingerprint(basket, *settings.fingerprint_terms), None


def _is_in_step(state: CheckoutSnapshot, offer: LiveOffer | None, wanted: str | None) -> bool:
    """Whether line and offer fit the checkout: exactly our line for a yes, none otherwise."""
    if offer is not None and offer.fingerprint != wanted:
        return False
    if offer is None or offer.status != OfferStatus.SELECTED:
        return not state.cover_lines
    if len(state.cover_lines) != 1 or state.needs_proof or offer.cost is not None:
        return False
    (line,) = state.cover_lines
    is_intact = line.carries(offer.pk, offer.premium) and line.stands_last and not line.correction
    return is_intact and not insures_nothing(offer)


def _bring_in_step(token: uuid.UUID, settings: PluginSettings, now: datetime) -> bool:
    """Do what the present state asks for under the lock; return whether anything had to change."""
    was_changed = _change_what_is_out_of_step(token, settings, now)
    put_summary_right(token)
    return was_changed


def _change_what_is_out_of_step(token: uuid.UUID, settings: PluginSettings, now: datetime) -> bool:
    with checkouts.locked(token) as checkout:
        state = checkouts.read(token, settings.rules.mapping) if checkout is not None else None
        if state is None or checkouts.has_money(token):
            return False
        wanted, reason = _wanted_fingerprint(state, settings, now)
        offer = live_offer(token, lock=True)
        if offer is not None and offer.fingerprint != wanted:
            end_offer(
                checkout, offer, OfferStatus.SUPERSEDED, now, reason=reason or Code.OFFER_STALE
            )
            offer = None
        if offer is None or offer.status != OfferStatus.SELECTED:
            clear_lines(checkout)
            return True
        was_repaired = _repair_line(checkout, state, offer, now)
        if offer.status != OfferStatus.SELECTED:
            return True
        was_changed = _hold_price(checkout, offer, settings, now) or was_repaired
        announced_payments.follow_total(checkout)
        if offer.status == OfferStatus.SELECTED:
            _show(offer, None, now)
        return was_changed


def _repair_line(checkout: Any, state: CheckoutSnapshot, offer: Offer, now: datetime) -> bool:
    """Leave exactly one line of ours, one piece at the premium; return whether it was not so."""
    ours = [line for line in state.cover_lines if line.offer_id == offer.pk]
    if not ours:
        # The shopper deleted the line: that is an answer too.
        clear_lines(checkout)
        withdraw(checkout, offer, now, source=ReasonCode.LINE_REMOVED)
        return True
    keep, *extra = ours
    strangers = [line.id for line in state.cover_lines if line.offer_id != offer.pk]
    removable = [line.id for line in extra] + strangers
    premium = chosen_premium(offer)
    if not removable and keep.carries(offer.pk, premium):
        return False
    if removable:
        take_out(checkout, removable)
    cover_line.restore(keep.id, premium=premium)
    cover_line.recalculate(checkout)
    return True


def _hold_price(checkout: Any, offer: Offer, settings: PluginSettings, now: datetime) -> bool:
    """Keep tickets plus premium exact after a change; a yes that no price fits ends."""
    (line,) = cover_line.lines_of(checkout)
    premium = Money(chosen_premium(offer), offer.currency)
    before = (line.correction, offer.line_price, offer.absorbed)
    voucher_code = checkout.voucher_code
    try:
        price = hold_exactly(checkout, line, premium=premium, may_absorb=settings.rules.may_absorb)
    except Refusal as refusal:
        end_offer(checkout, offer, OfferStatus.SUPERSEDED, now, reason=refusal.code)
        return True
    finally:
        cover_line.recalculate(checkout)
    # A voucher Saleor would have kept until the order is lost to our recalculation: say so once.
    has_lost_voucher = checkout.voucher_code != voucher_code
    offer.save_fields(
        now,
        line_price=price.line,
        absorbed=price.absorbed,
        cost=None,
        effect=None,
        is_notice_due=has_lost_voucher or offer.is_notice_due,
    )
    (line,) = cover_line.lines_of(checkout)
    return before != (line.correction, offer.line_price, offer.absorbed)
