"""Check that the premiums of an offer fit its checkout, and carry an earlier yes over to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..config.settings import PluginSettings
from ..domain.money import Money
from ..domain.product_rules import selections_to_prove, sums_to_prove
from ..domain.states import OfferStatus
from ..errors import Code, Refusal
from ..host import checkouts, cover_product, trial_pricing
from ..host.values import CheckoutSnapshot
from ..models import Offer
from . import taxed_line
from .line_pricing import objection
from .offer_content import terms_of, terms_of_quote
from .offers import LiveOffer, chosen_contents, groups_of, is_fresh, live_offer, premiums_of
from .selection import accept
from .withholding import is_withheld, note_trial, refuse_withheld, was_just_tried


def check_new(
    offer: Offer, state: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> None:
    """Check whether a new offer fits its checkout, and withhold it if not.

    Saleor prices the checkout with the cover line only where a trial can show more than its price.
    Raise ``Refusal`` when the offer cannot be sold in this checkout.
    """
    if trial_pricing.is_needed(state) or settings.tax_on_line_only:
        _withhold_what_does_not_fit(offer, state, settings, now)


def recheck(
    offer: Offer, state: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> Offer:
    """Check again whether an unanswered offer fits the checkout, and return it as it is then.

    Discounts may have been added or removed. Any other offer is returned unchecked, and once money
    has begun, an offer stays as it is. Raise ``Refusal`` when the offer cannot be sold here.
    """
    if offer.status == OfferStatus.SELECTED or not is_rechecked(offer, state, now):
        refuse_withheld(offer)
        return offer
    return _withhold_what_does_not_fit(offer, state, settings, now)


def is_rechecked(offer: Offer, state: CheckoutSnapshot, now: datetime) -> bool:
    """Return True if ``recheck`` would have Saleor price the checkout again.

    A yes is priced again only after a change of the checkout.
    """
    is_held = offer.status == OfferStatus.SELECTED and offer.tried_change == state.changed_at
    return (
        not (is_held or was_just_tried(offer, state.changed_at, now))
        and _depends_on_prices(offer, state)
        and not checkouts.has_money(state.token)
    )


def needs_new_trial(offer: LiveOffer, state: CheckoutSnapshot, now: datetime) -> bool:
    """Return True if a valid, unanswered offer was not tried since the checkout last changed."""
    is_untried = is_fresh(offer, now) and offer.tried_change != state.changed_at
    return is_untried and _depends_on_prices(offer, state)


def _depends_on_prices(offer: Offer | LiveOffer, state: CheckoutSnapshot) -> bool:
    """Return True if only Saleor's prices can say whether an offer can be sold.

    That is asked of a yes only where an app calculates the taxes: no hook may call it.
    """
    is_open = offer.status == OfferStatus.AVAILABLE
    is_taxed_yes = offer.status == OfferStatus.SELECTED and state.facts.is_taxed_by_app
    return is_withheld(offer) or is_taxed_yes or (is_open and trial_pricing.is_needed(state))


def _withhold_what_does_not_fit(
    offer: Offer, state: CheckoutSnapshot, settings: PluginSettings, now: datetime
) -> Offer:
    """Withhold an offer if any choice would not cost exactly its premium in this checkout.

    Discounts and thresholds may cause that. A withheld offer is made available again once every
    choice fits. A trial that another request has just made is not repeated. Raise ``Refusal`` when
    the offer is withheld.
    """
    premiums = _premiums_to_prove(offer)
    if state.facts.is_taxed_by_app:
        premiums = premiums[:1]  # each is a call to the app, and the yes is tried by itself
    variant_id = cover_product.listed_variant_id(offer.channel_id)
    with checkouts.locked(offer.checkout_token) as checkout:
        current = live_offer(offer.checkout_token, lock=True)
        if checkout is None or variant_id is None or current is None or current.pk != offer.pk:
            raise Refusal(Code.OFFER_STALE)
        if not was_just_tried(current, checkout.last_change, now):
            reason = objection(
                checkout,
                offer_id=offer.pk,
                variant_id=variant_id,
                premiums=premiums,
                may_absorb=settings.rules.may_absorb,
                is_taxed_by_app=state.facts.is_taxed_by_app,
            )
            if reason is None and not _has_tax_on_line(checkout, current, state, settings):
                reason = Code.TAX_NOT_REPRESENTABLE
            # What was tried is what the caller read: a later change is tried again.
            note_trial(current, reason, state.changed_at, now)
    refuse_withheld(current)
    return current


def _has_tax_on_line(
    checkout: Any, offer: Offer, state: CheckoutSnapshot, settings: PluginSettings
) -> bool:
    """Return False if the store sells no cover without its tax on the line, and it cannot be."""
    if not settings.tax_on_line_only:
        return True
    quotes = {quote.quote_id: quote for quote in offer.quotes.all()}
    selections = selections_to_prove(groups_of(offer))
    if state.facts.is_taxed_by_app:
        selections = selections[:1]
    choices = ([quotes[quote_id] for quote_id in selection] for selection in selections)
    taxed = [each for each in choices if taxed_line.is_wanted(settings, each)]
    return taxed_line.fits_all(checkout, offer, taxed)


def _premiums_to_prove(offer: Offer) -> list[Money]:
    """Return the sums of premiums that Saleor has to price: those of all allowed choices.

    A promotion may begin, and end again, at any of them.
    """
    sums = sums_to_prove(groups_of(offer), premiums_of(offer))
    return [Money(amount, offer.currency) for amount in sums]


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
