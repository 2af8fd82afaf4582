"""Check that the premiums of an offer fit its checkout, and carry an earlier yes over to it."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..config.settings import PluginSettings
from ..domain.money import Money
from ..domain.product_rules import sums_to_prove
from ..domain.states import OfferStatus
from ..errors import Code, Refusal
from ..host import checkouts, cover_product, trial_pricing
from ..host.values import CheckoutSnapshot
from ..models import Offer
from .line_pricing import objection
from .offer_content import terms_of, terms_of_quote
from .offers import LiveOffer, chosen_contents, groups_of, is_fresh, live_offer, premiums_of
from .selection import accept

OBJECTIONS = (Code.PRICE_NOT_EXACT, Code.SHIPPING_TAX_NOT_EXACT)
"""Reasons for which only discounts or taxes of the checkout keep an offer from being sold."""

TRIAL_HOLDS = timedelta(minutes=1)
"""Time for which a trial pricing is not repeated while the checkout stays the same.

Saleor marks each change by a shopper (``Checkout.last_change``), but not what staff change: a
voucher, a tax rate. Until the time is over, an offer may be shown that a yes then refuses.
"""


def check_new(
    offer: Offer,
    state: CheckoutSnapshot,
    settings: PluginSettings,
    now: datetime,
    *,
    variant_id: int,
) -> None:
    """Check whether a new offer fits its checkout, and withhold it if not.

    Saleor prices the checkout with the cover line (``variant_id``) only where a trial can show more
    than its price. Raise ``Refusal`` when the offer cannot be sold in this checkout.
    """
    if trial_pricing.is_needed(state, variant_id, now):
        _withhold_what_does_not_fit(offer, state, settings, now)


def is_withheld(offer: Offer | LiveOffer) -> bool:
    """Return True if only discounts or taxes of the checkout keep the offer from being sold."""
    return offer.status == OfferStatus.UNAVAILABLE and offer.reason_code in OBJECTIONS


def refuse_withheld(offer: Offer) -> None:
    """Raise ``Refusal`` if the offer is withheld."""
    if is_withheld(offer):
        raise Refusal(Code(offer.reason_code))


def recheck(
    offer: Offer, state: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> Offer:
    """Check again whether an unanswered offer fits the checkout, and return it as it is then.

    Discounts may have been added or removed. Any other offer is returned unchecked, and once money
    has begun, an offer stays as it is. Raise ``Refusal`` when the offer cannot be sold here.
    """
    if not _depends_on_prices(offer, state):
        return offer
    if checkouts.has_money(state.token):
        refuse_withheld(offer)
        return offer
    return _withhold_what_does_not_fit(offer, state, settings, now)


def is_rechecked(offer: Offer, state: CheckoutSnapshot, now: datetime) -> bool:
    """Return True if ``recheck`` would have Saleor price the checkout again."""
    return (
        _depends_on_prices(offer, state)
        and not _was_just_tried(offer, state.changed_at, now)
        and not checkouts.has_money(state.token)
    )


def needs_new_trial(offer: LiveOffer, state: CheckoutSnapshot, now: datetime) -> bool:
    """Return True if a valid, unanswered offer was not tried since the checkout last changed."""
    is_open = _depends_on_prices(offer, state) and is_fresh(offer, now)
    return is_open and offer.tried_change != state.changed_at


def _depends_on_prices(offer: Offer | LiveOffer, state: CheckoutSnapshot) -> bool:
    """Return True if only Saleor's prices can say whether an unanswered offer can be sold."""
    return is_withheld(offer) or (offer.status == OfferStatus.AVAILABLE and state.needs_proof)


def _was_just_tried(offer: Offer, changed_at: datetime, now: datetime) -> bool:
    """Return True if the checkout, last changed at ``changed_at``, was tried a short time ago."""
    if offer.tried_at is None or offer.tried_change != changed_at:
        return False
    return timedelta() <= now - offer.tried_at <= TRIAL_HOLDS


def _withhold_what_does_not_fit(
    offer: Offer, state: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> Offer:
    """Withhold an offer if any choice would not cost exactly its premium in this checkout.

    Discounts and thresholds may cause that. A withheld offer is made available again once every
    choice fits. A trial that another request has just made is not repeated. Raise ``Refusal`` when
    the offer is withheld.
    """
    premiums = _premiums_to_prove(offer, state)
    variant_id = cover_product.listed_variant_id(offer.channel_id)
    with checkouts.locked(offer.checkout_token) as checkout:
        current = live_offer(offer.checkout_token, lock=True)
        if checkout is None or variant_id is None or current is None or current.pk != offer.pk:
            raise Refusal(Code.OFFER_STALE)
        if not _was_just_tried(current, checkout.last_change, now):
            reason = objection(
                checkout,
                offer_id=offer.pk,
                variant_id=variant_id,
                premiums=premiums,
                may_absorb=settings.rules.may_absorb,
            )
            # What was tried is what the caller read: a later change is tried again.
            _note_trial(current, reason, state.changed_at, now)
    refuse_withheld(current)
    return current


def _note_trial(offer: Offer, reason: Code | None, changed_at: datetime, now: datetime) -> None:
    """Store the result of a trial pricing with a locked offer."""
    tried = {"tried_at": now, "tried_change": changed_at}
    if reason is None and offer.status == OfferStatus.UNAVAILABLE:
        offer.transition_to(OfferStatus.AVAILABLE, now, reason_code="", leased_until=None, **tried)
    elif reason is not None and offer.status == OfferStatus.AVAILABLE:
        offer.transition_to(
            OfferStatus.UNAVAILABLE, now, reason_code=reason.value, leased_until=None, **tried
        )
    else:
        offer.save_fields(now, **tried)


def _premiums_to_prove(offer: Offer, state: CheckoutSnapshot) -> list[Money]:
    """Return the sums of premiums that Saleor has to price before the offer may be shown.

    These are the sums of all allowed choices if discounts, gifts or shipping may depend on the
    amount. Otherwise only taxes or promotions on the cover product may, and the highest sum shows
    them.
    """
    sums = sums_to_prove(groups_of(offer), premiums_of(offer))
    return [Money(amount, offer.currency) for amount in (sums if state.needs_proof else sums[:1])]


def keep_choice(offer: Offer, settings: PluginSettings, now: datetime) -> Offer:
    """Carry over a yes that a change ended, if premium and terms of the choice are the same.

    It is checked again under the lock, because the shopper may have said no meanwhile. Return the
    offer as it is then.
    """
    if not _choice_to_keep(offer):
        return offer
    with checkouts.locked(offer.checkout_token):
        chosen = _choice_to_keep(offer)
        if not chosen:
            return live_offer(offer.checkout_token) or offer
        try:
            return accept(
                offer.checkout_token,
                offer.channel_id,
                settings,
                quote_ids=chosen,
                content_hash=offer.content_hash,
                now=now,
                source="kept",
            )
        except Refusal:
            return offer  # the shopper is asked again


def _choice_to_keep(offer: Offer) -> list[str]:
    """Return the quote ids for a yes that ended without notice to the shopper; empty if none."""
    ended = (
        Offer.objects.filter(checkout_token=offer.checkout_token, is_notice_due=True)
        .exclude(pk=offer.pk)
        .order_by("-pk")
        .first()
    )
    return _same_choice(ended, offer) if ended is not None else []


def _same_choice(ended: Offer, offer: Offer) -> list[str]:
    """Return the quote ids of ``offer`` with premium and terms of the chosen ones, if all exist."""
    if ended.currency != offer.currency or terms_of(ended.content) != terms_of(offer.content):
        return []
    left = {quote["id"]: terms_of_quote(quote) for quote in offer.content["quotes"]}
    found = []
    for said in chosen_contents(ended):
        wanted = terms_of_quote(said)
        same = next((quote_id for quote_id, terms in left.items() if terms == wanted), None)
        if same is None:
            return []
        found.append(same)
        del left[same]
    return found
