"""Check that the premiums of an offer fit its checkout, and carry an earlier yes over to it."""

from __future__ import annotations

from datetime import datetime

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
from .offers import chosen_contents, groups_of, live_offer, premiums_of
from .selection import accept

_OBJECTIONS = (Code.PRICE_NOT_EXACT, Code.SHIPPING_TAX_NOT_EXACT)


def reprice(
    offer: Offer, state: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> Offer:
    """Check a new offer, carry an earlier yes over to it, and return it as it is then.

    Saleor prices the checkout with the cover line only where a trial can show more than its price.
    Raise ``Refusal`` when the offer cannot be sold in this checkout.
    """
    variant_id = cover_product.listed_variant_id(offer.channel_id)
    if variant_id is None or trial_pricing.is_needed(state, variant_id, now):
        _withhold_what_does_not_fit(offer, state, settings, now)
    return _renewed(offer, settings, now)


def is_withheld(offer: Offer) -> bool:
    """Return True if only discounts or taxes of the checkout keep the offer from being sold."""
    return offer.status == OfferStatus.UNAVAILABLE and offer.reason_code in _OBJECTIONS


def recheck(
    offer: Offer, state: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> Offer:
    """Check again whether an unanswered offer fits the checkout, and return it as it is then.

    Discounts may have been added or removed. Any other offer is returned unchecked, and so is every
    offer once money has begun. Raise ``Refusal`` when the offer cannot be sold here.
    """
    if not is_rechecked(offer, state):
        return offer
    return _withhold_what_does_not_fit(offer, state, settings, now)


def is_rechecked(offer: Offer, state: CheckoutSnapshot) -> bool:
    """Return True if only Saleor's prices can say whether an unanswered offer can be sold."""
    is_open = offer.status == OfferStatus.AVAILABLE and state.needs_proof
    return (is_open or is_withheld(offer)) and not checkouts.has_money(state.token)


def _withhold_what_does_not_fit(
    offer: Offer, state: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> Offer:
    """Withhold an offer if any choice would not cost exactly its premium in this checkout.

    Discounts and thresholds may cause that. A withheld offer is made available again once every
    choice fits. Raise ``Refusal`` when it is withheld.
    """
    premiums = _premiums_to_prove(offer, state)
    variant_id = cover_product.listed_variant_id(offer.channel_id)
    with checkouts.locked(offer.checkout_token) as checkout:
        current = live_offer(offer.checkout_token, lock=True)
        if checkout is None or variant_id is None or current is None or current.pk != offer.pk:
            raise Refusal(Code.OFFER_STALE)
        reason = objection(
            checkout,
            offer_id=offer.pk,
            variant_id=variant_id,
            premiums=premiums,
            may_absorb=settings.rules.may_absorb,
        )
        if reason is None and current.status == OfferStatus.UNAVAILABLE:
            current.transition_to(OfferStatus.AVAILABLE, now, reason_code="", leased_until=None)
        elif reason is not None and current.status == OfferStatus.AVAILABLE:
            current.transition_to(
                OfferStatus.UNAVAILABLE, now, reason_code=reason.value, leased_until=None
            )
    if reason is not None:
        raise Refusal(reason)
    return current


def _premiums_to_prove(offer: Offer, state: CheckoutSnapshot) -> list[Money]:
    """Return the sums of premiums that Saleor has to price before the offer may be shown.

    These are the sums of all allowed choices if discounts, gifts or shipping may depend on the
    amount. Otherwise only taxes or promotions on the cover product may, and the highest sum shows
    them.
    """
    sums = sums_to_prove(groups_of(offer), premiums_of(offer))
    return [Money(amount, offer.currency) for amount in (sums if state.needs_proof else sums[:1])]


def _renewed(offer: Offer, settings: PluginSettings, now: datetime) -> Offer:
    """Carry over a yes that a change ended, if premium and terms of the choice are the same.

    It is checked again under the lock, because the shopper may have said no meanwhile.
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
