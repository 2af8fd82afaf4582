"""What follows a fresh quote: does its premium fit the checkout, does an earlier yes still hold?"""

from __future__ import annotations

from datetime import datetime

from ..conf import PluginSettings
from ..domain.money import Money
from ..domain.states import OfferStatus
from ..errors import Code, Refusal
from ..host import checkouts, cover_product
from ..host.values import CheckoutState
from ..models import Offer
from .content import terms_of
from .offers import chosen_premium, live_offer, whole_premium
from .place_cover import accept
from .price_line import fits


def follow(offer: Offer, settings: PluginSettings, now: datetime) -> Offer:
    """Return the offer as it is now. Raise ``Refusal`` when it cannot be sold in this checkout."""
    _withhold_what_does_not_fit(offer, settings, now)
    return _renewed(offer, settings, now)


def is_withheld(offer: Offer) -> bool:
    """Whether there is a quote that only the checkout's discounts stand against."""
    return offer.status == OfferStatus.UNAVAILABLE and offer.reason_code == Code.PRICE_NOT_EXACT


def recheck(offer: Offer, state: CheckoutState, settings: PluginSettings, now: datetime) -> Offer:
    """Return an unanswered offer if it can still be sold here; discounts come and go.

    Raise ``Refusal`` when it cannot.
    """
    is_open = offer.status == OfferStatus.AVAILABLE and state.needs_proof
    if not (is_open or is_withheld(offer)) or checkouts.has_money(state.token):
        return offer
    return _withhold_what_does_not_fit(offer, settings, now)


def _withhold_what_does_not_fit(offer: Offer, settings: PluginSettings, now: datetime) -> Offer:
    """Nobody shall say yes to a premium that discounts or thresholds would then change.

    An offer withheld for that is there again when it fits.
    """
    variant_id = cover_product.listed_variant_id(offer.channel_id)
    with checkouts.locked(offer.checkout_token) as checkout:
        current = live_offer(offer.checkout_token, lock=True)
        if checkout is None or variant_id is None or current is None or current.pk != offer.pk:
            raise Refusal(Code.OFFER_STALE)
        is_fit = fits(
            checkout,
            offer_id=offer.pk,
            variant_id=variant_id,
            premium=Money(whole_premium(offer), offer.currency),
            may_absorb=settings.rules.may_absorb,
        )
        if is_fit and current.status == OfferStatus.UNAVAILABLE:
            current.become(OfferStatus.AVAILABLE, now, reason_code="", leased_until=None)
        elif not is_fit and current.status == OfferStatus.AVAILABLE:
            code = Code.PRICE_NOT_EXACT.value
            current.become(OfferStatus.UNAVAILABLE, now, reason_code=code, leased_until=None)
    if not is_fit:
        raise Refusal(Code.PRICE_NOT_EXACT)
    return current


def _renewed(offer: Offer, settings: PluginSettings, now: datetime) -> Offer:
    """Keep a yes that a change ended, if premium and terms are what was said yes to."""
    ended = (
        Offer.objects.filter(checkout_token=offer.checkout_token, is_notice_due=True)
        .exclude(pk=offer.pk)
        .order_by("-pk")
        .first()
    )
    if ended is None or not _is_the_same(ended, offer):
        return offer
    try:
        return accept(
            offer.checkout_token,
            offer.channel_id,
            settings,
            quote_ids=[quote.quote_id for quote in offer.quotes.all()],
            content_hash=offer.content_hash,
            now=now,
            source="kept",
        )
    except Refusal:
        return offer  # the shopper is asked again


def _is_the_same(ended: Offer, offer: Offer) -> bool:
    said_yes_to_all = all(quote.is_chosen for quote in ended.quotes.all())
    return (
        said_yes_to_all
        and terms_of(ended.content) == terms_of(offer.content)
        and (ended.currency, chosen_premium(ended)) == (offer.currency, whole_premium(offer))
    )
