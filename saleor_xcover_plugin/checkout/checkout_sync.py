"""Sync offer and cover line with a checkout that changed or is about to become an order.

Once money is authorised, charged or pending the checkout is left as it is, because Saleor would
refund or block a payment of another total. What became of the cover is then stored and shown, and
taken into account when the order is synced.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..config.settings import PluginSettings
from ..domain.line_tax import NOT_REPRESENTABLE, net_of
from ..domain.money import Money
from ..domain.price_impact import PriceImpact
from ..domain.reasons import ReasonCode
from ..domain.states import OfferStatus
from ..errors import Code, Refusal
from ..host import announced_payments, checkouts, cover_line, tax_apps, trial_pricing
from ..host.values import CheckoutSnapshot, CoverLine
from ..models import Offer
from . import taxed_line
from .line_pricing import Price, hold_exactly
from .offer_pricing import needs_new_trial
from .offers import (
    LiveOffer,
    chosen_premium,
    clear_lines,
    holds_quoted_tickets,
    insures_nothing,
    is_fresh,
    is_in_quoted_place,
    is_notice_due,
    keep_summary_right,
    live_offer,
    price_to_enter,
    put_summary_right,
    read_with_live_offer,
    summarise,
    summarise_yes,
    take_notice,
    take_out,
)
from .quoting import quotable, require_insured_persons
from .selection import end_offer, withdraw


@dataclass(frozen=True, slots=True)
class Change:
    """Result of ``checkout_changed``."""

    was_repaired: bool = False
    """True if offer or line had to be changed."""
    needs_offer: bool = False
    """True if an offer should be requested, or checked against the checkout's new prices."""


def checkout_changed(token: uuid.UUID, settings: PluginSettings, now: datetime) -> Change:
    """Sync offer and line after a change of the checkout.

    Takes one message to PostgreSQL and no lock when offer and line fit the checkout. Money is
    checked only when they do not; the worker that requests the offer checks it again. With a
    discount on the order, or with lines to ship, Saleor prices the checkout on each call while
    there is a yes.
    """
    state, offer = read_with_live_offer(token, settings.rules.sources)
    if state is None:
        return Change()
    wanted, _ = _wanted_fingerprint(state, offer, settings, now)
    is_of_other = wanted is not None and (offer is None or offer.fingerprint != wanted)
    needs_offer = is_of_other or (offer is not None and needs_new_trial(offer, state, now))
    needs_offer = needs_offer and settings.make_offers
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
    """Check a checkout that is about to become an order; return a refusal to show, or None.

    An expired offer is ended, and offer and line are synced. The shopper is told of each change
    once: the next attempt is not refused for it. Once payment has begun, nothing is refused.
    """
    state, offer = read_with_live_offer(token, settings.rules.sources)
    if state is None:
        return None
    wanted, _ = _wanted_fingerprint(state, offer, settings, now)
    is_selected = offer is not None and offer.status == OfferStatus.SELECTED
    ending = _ending_of(state, offer, settings, now) if offer is not None and is_selected else None
    is_fine = _is_in_step(state, offer, wanted) and ending is None
    if is_fine:
        keep_summary_right(token, offer, state.summary)
    if is_fine and not is_notice_due(token):
        return None
    if checkouts.has_money(token):
        _write_down(state, settings, now)
        return None
    if offer is not None and ending is not None:
        _end_told(token, offer, ending.status, ending.reason, now)
        return ending.refusal
    if not is_fine:
        was_changed = _bring_in_step(token, settings, now)
        if was_changed and (is_selected or state.cover_lines):
            take_notice(token)
            return Refusal(Code.COVER_CHANGED)
    return Refusal(Code.COVER_CHANGED) if take_notice(token) else None


@dataclass(frozen=True, slots=True)
class _Ending:
    """Why a yes ends before the order, and what the shopper is told."""

    status: OfferStatus
    reason: Code
    refusal: Refusal


def _ending_of(
    state: CheckoutSnapshot, offer: LiveOffer, settings: PluginSettings, now: datetime
) -> _Ending | None:
    """Return why a yes that no repair can keep ends before the order; None if it does not."""
    if not is_fresh(offer, now):
        expired = Code.OFFER_EXPIRED
        return _Ending(OfferStatus.EXPIRED, expired, Refusal(expired))
    if state.facts.is_taxed_by_app and taxed_line.is_taxed_anew(state, offer):
        changed = Refusal(Code.COVER_CHANGED)
        return _Ending(OfferStatus.SUPERSEDED, Code.TAXED_BY_APP, changed)
    lacking = _lacking_persons(state, settings, now)
    if lacking is not None:
        return _Ending(OfferStatus.SUPERSEDED, lacking.code, lacking)
    return None


def _lacking_persons(
    state: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> Refusal | None:
    """Return the refusal for details of insured persons that were there at the yes, or None."""
    try:
        require_insured_persons(state, settings, now)
    except Refusal as refusal:
        return refusal if refusal.code == Code.INSURED_INCOMPLETE else None
    return None


def _end_told(
    token: uuid.UUID, ended: LiveOffer, status: OfferStatus, reason: Code, now: datetime
) -> None:
    """End the offer, unless another has replaced it; the caller tells the shopper."""
    with checkouts.locked(token) as checkout:
        current = live_offer(token, lock=True)
        if checkout is not None and current is not None and current.pk == ended.pk:
            end_offer(checkout, current, status, now, reason=reason)
            take_notice(token)


def _write_down(seen: CheckoutSnapshot, settings: PluginSettings, now: datetime) -> None:
    """Store and show what became of a yes in a checkout whose payment has begun.

    Its line may be gone, the tickets may have changed, or it may cost something else in total.
    """
    _store_state_of_yes(seen, settings, now)
    put_summary_right(seen.token)


def _store_state_of_yes(seen: CheckoutSnapshot, settings: PluginSettings, now: datetime) -> None:
    known = live_offer(seen.token)
    if known is None or known.status != OfferStatus.SELECTED:
        return
    is_shown = known.reason_code == (_misfit(seen, known, now) or "")
    if is_shown and not _has_cost(seen, known):
        return
    with checkouts.locked(seen.token) as checkout:
        state = checkouts.read(seen.token, settings.rules.sources) if checkout else None
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

    The rules are those for the order (``defects.defect_of``). A ticket whose price rose needs
    a new offer before the payment, but is insured once the payment has begun.
    """
    has_tickets = holds_quoted_tickets(offer, state.facts.counts)
    holder = state.policyholder
    if not (has_tickets and is_in_quoted_place(offer, holder.country, holder.region)):
        return Code.OFFER_STALE
    if offer.event_starts_at is not None and now >= offer.event_starts_at:
        return Code.EVENT_STARTED
    if len(state.cover_lines) != 1:
        return Code.COVER_CHANGED
    (line,) = state.cover_lines
    is_whole = line.carries(offer.pk, line.unit_price)
    return None if is_whole and _pays(line, offer) else Code.COVER_CHANGED


def _pays(line: CoverLine, offer: Offer) -> bool:
    """Return True if the buyer still pays at least the agreed premium for the line."""
    premium = chosen_premium(offer)
    if not offer.effect:
        return (line.unit_price or Decimal(0)) >= price_to_enter(offer)
    effect = PriceImpact.from_json(offer.effect)
    if offer.line_price not in (None, premium):
        return effect.cost >= premium - offer.absorbed
    return effect.line >= premium


def _show(offer: Offer, misfit: Code | None, now: datetime) -> None:
    """Store and show that a yes insures nothing as the checkout is, or that it insures again."""
    if offer.reason_code == (misfit or ""):
        return
    offer.save_fields(now, reason_code=misfit.value if misfit else "")
    if misfit:
        summarise(offer.checkout_token, "withdrawn", code=misfit.value)
    else:
        summarise_yes(offer)


def _has_cost(state: CheckoutSnapshot, offer: Offer) -> bool:
    """Return True if the total cost of the cover may have changed since it was last checked.

    Until Saleor's prices expire, the order is made at these prices whatever changes.
    """
    if _is_plain(state):
        return offer.cost is not None
    # Only the tax app could tell, which no hook may call.
    return state.has_stale_prices and not state.facts.is_taxed_by_app


def _is_plain(state: CheckoutSnapshot) -> bool:
    return not state.needs_proof and not any(line.correction for line in state.cover_lines)


def _note_cost(checkout: Any, state: CheckoutSnapshot, offer: Offer, now: datetime) -> None:
    """Store the total cost of the cover and its effect on the rest of the checkout.

    A new discount, shipping method or tax may have shifted money between the two.
    """
    if _is_plain(state):
        offer.save_fields(now, cost=None, effect=None)
        return
    lines = [line.id for line in state.cover_lines]
    whole, alone = cover_line.totals_with_and_without(checkout, lines)
    premium = chosen_premium(offer)
    effect = PriceImpact.of(
        whole,
        alone,
        premium=premium,
        absorbed=offer.absorbed,
        tax=premium - net_of(offer.line_tax, premium),
    )
    offer.save_fields(now, cost=effect.cost, effect=effect.as_json() if effect.code else None)


def _wanted_fingerprint(
    state: CheckoutSnapshot,
    offer: Offer | LiveOffer | None,
    settings: PluginSettings,
    now: datetime,
) -> tuple[str | None, Code | None]:
    try:
        return quotable(state, settings, now).fingerprint, None
    except Refusal as refusal:
        # A file or builder that cannot be used says nothing about what is in the checkout.
        is_unknown = refusal.code == Code.PAYLOAD_BROKEN
        return (offer.fingerprint if offer is not None and is_unknown else None), refusal.code


def _is_in_step(state: CheckoutSnapshot, offer: LiveOffer | None, wanted: str | None) -> bool:
    """Return True if line and offer fit the checkout: exactly our line for a yes, else none."""
    if offer is not None and offer.fingerprint != wanted:
        return False
    if offer is None or offer.status != OfferStatus.SELECTED:
        return not state.cover_lines
    if len(state.cover_lines) != 1 or offer.cost is not None:
        return False
    (line,) = state.cover_lines
    is_ours = line.carries(offer.pk, offer.price_to_enter) and not insures_nothing(offer)
    if state.facts.is_taxed_by_app:
        return is_ours and not tax_apps.may_be_called()
    if state.needs_proof:
        return False
    is_intact = is_ours and line.stands_last and not line.correction
    # Saleor would put another tax on the premium, or take it out.
    if not offer.line_tax:
        return is_intact and trial_pricing.is_cover_untaxed(state.token)
    return is_intact and taxed_line.is_as_agreed(state, offer)


def _bring_in_step(token: uuid.UUID, settings: PluginSettings, now: datetime) -> bool:
    """Lock and sync the checkout; return True if anything had to change."""
    was_changed = _change_what_is_out_of_step(token, settings, now)
    put_summary_right(token)
    return was_changed


def _change_what_is_out_of_step(token: uuid.UUID, settings: PluginSettings, now: datetime) -> bool:
    with checkouts.locked(token) as checkout:
        state = checkouts.read(token, settings.rules.sources) if checkout is not None else None
        if state is None or checkouts.has_money(token):
            return False
        offer = live_offer(token, lock=True)
        wanted, reason = _wanted_fingerprint(state, offer, settings, now)
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
        was_changed = was_repaired
        if tax_apps.may_be_called() or not state.facts.is_taxed_by_app:
            was_changed = _hold_price(checkout, offer, state, settings, now) or was_repaired
        announced_payments.follow_total(checkout)
        if offer.status == OfferStatus.SELECTED:
            _show(offer, None, now)
        return was_changed


def _repair_line(checkout: Any, state: CheckoutSnapshot, offer: Offer, now: datetime) -> bool:
    """Leave exactly one line of ours, one piece at the premium; return True if it changed."""
    ours = [line for line in state.cover_lines if line.offer_id == offer.pk]
    if not ours:
        # The shopper deleted the line, which counts as an answer.
        clear_lines(checkout)
        withdraw(checkout, offer, now, source=ReasonCode.LINE_REMOVED)
        return True
    keep, *extra = ours
    strangers = [line.id for line in state.cover_lines if line.offer_id != offer.pk]
    removable = [line.id for line in extra] + strangers
    price = price_to_enter(offer)
    if not removable and keep.carries(offer.pk, price):
        return False
    if removable:
        take_out(checkout, removable)
    cover_line.restore(keep.id, price=price)
    cover_line.recalculate(checkout)
    return True


def _hold_price(
    checkout: Any,
    offer: Offer,
    state: CheckoutSnapshot,
    settings: PluginSettings,
    now: datetime,
) -> bool:
    """Correct the line so that the checkout costs tickets plus premium; return True if it changed.

    The yes ends when no price of the line achieves that.
    """
    (line,) = cover_line.lines_of(checkout)
    before = (line.correction, offer.line_price, offer.absorbed, offer.line_tax)
    voucher_code = checkout.voucher_code
    try:
        price, line_tax = _price_held(checkout, offer, line, state, settings)
    except tax_apps.NoAnswer:
        return False  # the yes stands: Saleor makes no order before the app has answered
    except Refusal as refusal:
        end_offer(checkout, offer, OfferStatus.SUPERSEDED, now, reason=refusal.code)
        return True
    finally:
        cover_line.recalculate(checkout)
    # Our recalculation removed a voucher Saleor would have kept until the order: tell it once.
    has_lost_voucher = checkout.voucher_code != voucher_code
    offer.save_fields(
        now,
        line_price=price.line,
        absorbed=price.absorbed,
        line_tax=line_tax,
        cost=None,
        effect=None,
        is_notice_due=has_lost_voucher or offer.is_notice_due,
        tried_at=now,
        tried_change=checkout.last_change,
    )
    (line,) = cover_line.lines_of(checkout)
    return before != (line.correction, offer.line_price, offer.absorbed, offer.line_tax)


def _price_held(
    checkout: Any,
    offer: Offer,
    line: CoverLine,
    state: CheckoutSnapshot,
    settings: PluginSettings,
) -> tuple[Price, Mapping[str, Any] | None]:
    """Correct the line; return its price, and what ``Offer.line_tax`` stores of its tax."""
    premium = Money(chosen_premium(offer), offer.currency)
    line_tax = offer.line_tax
    if line_tax:
        if (held := taxed_line.hold(checkout, offer, line, premium.amount)) is not None:
            return Price(premium.amount, Decimal(0)), held.as_json()
        if settings.tax_on_line_only:
            raise Refusal(Code.TAX_NOT_REPRESENTABLE)
        line_tax = NOT_REPRESENTABLE
    price = hold_exactly(
        checkout,
        line,
        premium=premium,
        may_absorb=settings.rules.may_absorb,
        is_taxed_by_app=state.facts.is_taxed_by_app,
    )
    return price, line_tax
