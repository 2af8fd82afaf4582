"""Request offers from XCover.

A committed lease on the offer's row lets one request run at a time for each checkout. No lock is
held during the call.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ..clock import Clock
from ..config.settings import PluginSettings
from ..domain.money import Money
from ..domain.product_rules import Group
from ..domain.reasons import ReasonCode
from ..domain.states import OfferStatus
from ..domain.tickets import Basket
from ..errors import Code, Refusal
from ..host import checkouts, cover_product, tax_apps, telemetry
from ..host.values import PRODUCTS, REGION, CheckoutSnapshot
from ..models import Offer, Quote
from ..outbox.clients import client_for, rate_limited_transport
from ..outbox.rate_limit import CallDeferred, account_key
from ..payload.template import Payload
from ..xcover.client import XCoverClient
from ..xcover.errors import (
    XCoverBadResponse,
    XCoverError,
    XCoverMisconfigured,
    XCoverNoOffer,
    XCoverProductFailed,
    XCoverRejected,
    XCoverUnavailable,
)
from ..xcover.offers import Offer as OfferResponse
from ..xcover.offers import OfferedQuote
from ..xcover.payloads import offer_body
from . import allowances, taxed_line
from .answer_sequence import ASKED_ELSEWHERE
from .checkout_sync import checkout_changed
from .offer_content import check_texts, displayed_content, hash_of, shown_groups
from .offer_pricing import check_new, is_rechecked, keep_choice, recheck
from .offers import (
    clear_lines,
    earlier_offers,
    forget_unseen,
    has_known_rules,
    insures_nothing,
    is_fresh,
    is_notice_due,
    keep_summary_right,
    live_offer,
    read_live_offer,
    refuse_while_waiting,
)
from .quoting import payload_of, quotable, require_offers_on
from .selection import end_offer, readable
from .withholding import is_withheld

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 2.5
"""Total time for XCover in a shopper's request; our budget for the whole query is 3 seconds."""

LEASE = timedelta(seconds=10)
"""Time after which a request that was not finished may be made again."""

RETRY_UNAVAILABLE = timedelta(seconds=30)
"""Time until XCover is asked again for a checkout after a failed request."""

RETRY_BUSY = timedelta(seconds=2)
"""Time until a shopper's request is tried again that exceeded the allowed rate."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Checkout with the basket to be quoted."""

    state: CheckoutSnapshot
    basket: Basket
    fingerprint: str
    """Fingerprint of basket and settings; an offer with another one does not fit any more."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Committed request for an offer."""

    wanted: Wanted
    payload: Payload = field(repr=False)
    offer: Offer
    is_choice_ended: bool
    """True if a yes of the checkout ended without notice to the shopper, and may be kept."""


def wanted_offer(
    token: uuid.UUID, channel_id: int, settings: PluginSettings, now: datetime
) -> Wanted:
    """Read the checkout and return what to quote.

    A cover line that no offer put there is removed first: Saleor copies such a line into a checkout
    made from an order, and calls no plugin. Raise ``Refusal`` with the reason when no offer may be
    requested.
    """
    state = readable(token, channel_id, settings)
    if has_foreign_line(state):
        checkout_changed(token, settings, now)
        state = readable(token, channel_id, settings)
    return wanted_in(state, settings, now)


def has_foreign_line(state: CheckoutSnapshot) -> bool:
    """Return True if the checkout has a cover line that no offer of its own put there."""
    return any(line.offer_id is None for line in state.cover_lines)


def wanted_in(state: CheckoutSnapshot, settings: PluginSettings, now: datetime) -> Wanted:
    """Say what to quote for a checkout as it was read. Raise ``Refusal``."""
    found = quotable(state, settings, now)
    if cover_product.listed_variant_id(state.channel_id) is None:
        raise Refusal(Code.NOT_SET_UP)
    return Wanted(state, found.basket, found.fingerprint)


@tax_apps.called()
def ensure_offer(
    token: uuid.UUID,
    channel_id: int,
    settings: PluginSettings,
    clock: Clock,
    *,
    client: str | None = None,
    is_ahead: bool = False,
) -> Offer:
    """Return the checkout's valid offer, with the shopper's answer; request one if there is none.

    ``client`` is a name from ``allowances.client_of``, whose allowance a request draws on, or None.
    ``is_ahead`` is True when a worker requests the offer before the shopper asks for it. Takes up
    to 3 seconds, and as long as the channel's tax app takes for two prices. Call outside a
    transaction.

    Raise ``Refusal`` when there is no offer: none may be made for this checkout, an allowance is
    used up, another request is under way, the call failed, or XCover made an offer that may not be
    sold. Its code tells which.
    """
    now = clock()
    try:
        wanted = wanted_offer(token, channel_id, settings, now)
    except Refusal as refusal:
        if refusal.code not in ASKED_ELSEWHERE:
            _refuse_beside_paid_yes(token, settings, now)
        raise
    offer = live_offer(token)
    if offer is not None and insures_nothing(offer):
        offer = _after_check(token, settings, now)
    require_offers_on(offer, settings)
    if offer is not None and offer.fingerprint == wanted.fingerprint:
        if is_answer(offer, now):
            if is_taxed_otherwise(offer, wanted.state, now):
                offer = _taxed_again(wanted.state, settings, now)
            keep_summary_right(token, read_live_offer(token), wanted.state.summary)
            return recheck(offer, wanted.state, settings, now)
        refuse_while_waiting(offer, now)
    payload = payload_of(wanted.basket, wanted.state, settings)  # may refuse: before it counts
    is_first = allowances.draw_for_offer(token, settings, now, client=client, is_ahead=is_ahead)
    max_wait = settings.rates.first_offer_wait if is_first else None
    transport = rate_limited_transport(settings, max_wait=max_wait)
    xcover = client_for(settings, transport)
    opened = _open_request(wanted, payload, settings, now)
    wanted = opened.wanted
    offer = _ask(opened, settings, xcover, clock)
    check_new(offer, wanted.state, settings, clock())
    return keep_choice(offer, settings, clock()) if opened.is_choice_ended else offer


def _refuse_beside_paid_yes(token: uuid.UUID, settings: PluginSettings, now: datetime) -> None:
    """Raise ``Refusal`` if a yes of the checkout is being paid.

    Such a yes may insure tickets for which no offer would be made any more.
    """
    offer = live_offer(token)
    if offer is None or offer.status != OfferStatus.SELECTED:
        return
    offer = _after_check(token, settings, now)
    if offer is not None and offer.status == OfferStatus.SELECTED and checkouts.has_money(token):
        raise Refusal(Code.PAYMENT_STARTED)


def _after_check(token: uuid.UUID, settings: PluginSettings, now: datetime) -> Offer | None:
    """Sync the checkout and return its live offer; Saleor calls no hook for a failed payment.

    Raise ``Refusal`` (``NOT_INSURED``) while a yes that insures nothing is being paid.
    """
    checkout_changed(token, settings, now)
    offer = live_offer(token)
    if offer is not None and insures_nothing(offer):
        raise Refusal(Code.NOT_INSURED)
    return offer


def is_taxed_otherwise(offer: Offer, state: CheckoutSnapshot, now: datetime) -> bool:
    """Return True if the line of a yes may be taxed otherwise than at the yes.

    An exemption, a rate and a tax app change without a hook. With money begun, nothing is asked.
    """
    if offer.status != OfferStatus.SELECTED:
        return False
    if state.facts.is_taxed_by_app:
        return is_rechecked(offer, state, now)
    live = read_live_offer(state.token) if offer.line_tax else None
    is_otherwise = live is not None and not taxed_line.is_as_agreed(state, live)
    return is_otherwise and not checkouts.has_money(state.token)


def _taxed_again(state: CheckoutSnapshot, settings: PluginSettings, now: datetime) -> Offer:
    """Have the line of a yes priced again, or put right, and return the yes.

    Raise ``Refusal`` if that ends the yes.
    """
    checkout_changed(state.token, settings, now)
    offer = live_offer(state.token)
    if offer is None or offer.status != OfferStatus.SELECTED:
        is_by_app = state.facts.is_taxed_by_app
        raise Refusal(Code.TAXED_BY_APP if is_by_app else Code.TAX_NOT_REPRESENTABLE)
    return offer


def is_answer(offer: Offer, now: datetime) -> bool:
    """Return True if XCover has answered and its offer is still valid."""
    answered = (OfferStatus.AVAILABLE, OfferStatus.SELECTED, OfferStatus.DECLINED)
    is_answer = (offer.status in answered or is_withheld(offer)) and is_fresh(offer, now)
    return is_answer and has_known_rules(offer)


def _open_request(
    wanted: Wanted, payload: Payload, settings: PluginSettings, now: datetime
) -> Opened:
    """End the offer that was live before, and commit a new row with the lease of this request.

    What to quote may be something else now: the shopper may have changed the checkout since it was
    read, and may even have an offer for what is in it. Raise ``Refusal``.
    """
    token = wanted.state.token
    with checkouts.locked(token) as checkout:
        state = checkouts.read(token, settings.rules.sources) if checkout else None
        if state is None:
            raise Refusal(Code.CHECKOUT_NOT_FOUND)
        if state.facts != wanted.state.facts:
            wanted = wanted_in(state, settings, now)
            payload = payload_of(wanted.basket, wanted.state, settings)
        previous = live_offer(token, lock=True)
        if checkouts.has_money(token):
            is_gone = _is_yes_gone(token, previous)
            raise Refusal(Code.NOT_INSURED if is_gone else Code.PAYMENT_STARTED)
        if previous is not None:
            if previous.fingerprint == wanted.fingerprint:
                if is_answer(previous, now):
                    raise Refusal(Code.OFFER_PENDING)
                refuse_while_waiting(previous, now)
                ended = OfferStatus.EXPIRED
            else:
                ended = OfferStatus.SUPERSEDED
            end_offer(checkout, previous, ended, now, reason=Code.OFFER_STALE)
        else:
            if state.cover_lines:
                clear_lines(checkout)
            keep_summary_right(token, None, state.summary)
        earlier = earlier_offers(token)
        if earlier.has_unseen:
            forget_unseen(token)
        offer = Offer.objects.create(
            channel_id=wanted.state.channel_id,
            checkout_token=token,
            status=OfferStatus.REQUESTED.value,
            fingerprint=wanted.fingerprint,
            account=account_key(settings),
            currency=wanted.basket.currency,
            country=wanted.basket.country,
            language=wanted.basket.language,
            ticket_count=sum(line.count for line in wanted.basket.tickets),
            event_starts_at=wanted.basket.earliest_start,
            request=_quoted(wanted.basket, settings),
            turns=earlier.turns,
            lease_token=uuid.uuid4(),
            leased_until=now + LEASE,
            created_at=now,
            updated_at=now,
        )
        return Opened(wanted, payload, offer, is_choice_ended=earlier.is_notice_due)


def _is_yes_gone(token: uuid.UUID, offer: Offer | None) -> bool:
    """Return True if a page may still show a yes that was withdrawn or has ended since."""
    return is_notice_due(token) or (
        offer is not None and offer.reason_code == ReasonCode.LINE_REMOVED
    )


def _ask(opened: Opened, settings: PluginSettings, xcover: XCoverClient, clock: Clock) -> Offer:
    """Request the offer, store the response, and return the offer. Raise ``Refusal``."""
    offer, basket = opened.offer, opened.wanted.basket
    body = offer_body(opened.payload, schema=settings.offer_schema)
    response: OfferResponse | None = None
    groups: tuple[Group, ...] = ()
    code: Code | None = None
    rest = RETRY_UNAVAILABLE
    try:
        response = xcover.create_offer(body, deadline=DEADLINE_SECONDS)
        _check_response(response, basket)
        groups = shown_groups(response, event_count=len(basket.events))
        check_texts(response, groups)
        _check_terms(response, groups)
    except (XCoverError, Refusal) as error:
        response, code = None, error.code if isinstance(error, Refusal) else _code_of(error)
        if code == Code.OFFER_PENDING:
            rest = RETRY_BUSY
        log.warning(
            "xcover.offer.unavailable",
            extra={
                "offer": offer.pk,
                "code": code.value,
                "error": str(error),
                "fields": list(error.fields),
            },
        )
    now = clock()
    with transaction.atomic():
        current = Offer.objects.select_for_update().filter(pk=offer.pk).first()
        if current is None or not _is_awaited(current, offer):
            # The checkout changed meanwhile, so the response is too late.
            raise Refusal(Code.OFFER_STALE)
        if response is None or code is not None:
            reason = code or Code.NO_OFFER
            current.transition_to(
                OfferStatus.UNAVAILABLE,
                now,
                reason_code=reason.value,
                leased_until=now + rest,
            )
        else:
            _store_response(current, response, groups, settings, now)
    if current.status == OfferStatus.UNAVAILABLE:
        telemetry.count(telemetry.OFFERS, outcome=current.reason_code)
        raise Refusal(Code(current.reason_code))
    telemetry.count(telemetry.OFFERS, outcome="available")
    return current


def _is_awaited(current: Offer, asked: Offer) -> bool:
    return current.status == OfferStatus.REQUESTED and current.lease_token == asked.lease_token


def _code_of(error: XCoverError) -> Code:
    if isinstance(error, CallDeferred) and error.is_busy:
        return Code.OFFER_PENDING
    if isinstance(error, XCoverMisconfigured):
        return Code.XCOVER_REFUSED_CREDENTIALS
    if isinstance(error, XCoverUnavailable | XCoverBadResponse):
        return Code.XCOVER_UNAVAILABLE
    if isinstance(error, XCoverProductFailed):
        return Code.PRODUCT_FAILED
    is_about_payload = isinstance(error, XCoverRejected) and not isinstance(error, XCoverNoOffer)
    return Code.PAYLOAD_REFUSED if is_about_payload else Code.NO_OFFER


def _check_response(response: OfferResponse, basket: Basket) -> None:
    """Raise ``XCoverBadResponse`` without quotes, in another currency or with an odd price."""
    if not response.quotes:
        raise XCoverBadResponse("the offer holds no quotes")
    if response.currency != basket.currency:
        raise XCoverBadResponse("the offer is in another currency than the checkout")
    for quote in response.quotes:
        if not Money(quote.premium, response.currency).is_payable():
            raise XCoverBadResponse("a premium is not a payable amount of its currency")


def _check_terms(response: OfferResponse, groups: Sequence[Group]) -> None:
    """Raise ``XCoverBadResponse`` if a shown quote has no disclaimer or no policy wording.

    Both must be shown with each product:
    https://partner-docs.covergenius.com/offers/guides/displaying-the-quote
    """
    shown = {quote_id for group in groups for quote_id in group.quote_ids}
    for quote in response.quotes:
        is_complete = quote.pds_url and (quote.disclaimer or response.disclaimer)
        if quote.id in shown and not is_complete:
            raise XCoverBadResponse("an offer without disclaimer or policy wording is not shown")


def _store_response(
    offer: Offer,
    response: OfferResponse,
    groups: Sequence[Group],
    settings: PluginSettings,
    now: datetime,
) -> None:
    content = displayed_content(response, groups)
    offered = {quote.id: quote for quote in response.quotes}
    Quote.objects.bulk_create(
        _stored_quote(offer, position, offered[shown["id"]], shown)
        for position, shown in enumerate(content["quotes"])
    )
    offer.transition_to(
        OfferStatus.AVAILABLE,
        now,
        xcover_offer_id=response.id,
        content=content,
        content_hash=hash_of(content),
        groups=content["groups"],
        quoted_at=now,
        valid_until=now + timedelta(minutes=settings.offer_minutes),
        leased_until=None,
    )


def _stored_quote(offer: Offer, position: int, quote: OfferedQuote, shown: dict[str, Any]) -> Quote:
    return Quote(
        offer=offer,
        position=position,
        quote_id=quote.id,
        title=quote.title[:255],
        premium=quote.premium,
        tax=quote.tax,
        taxes=[{"kind": part.kind, "amount": str(part.amount)} for part in quote.taxes],
        policy_version=quote.policy_version_id or "",
        pds_url=quote.pds_url or "",
        content=shown,
    )


def _quoted(basket: Basket, settings: PluginSettings) -> dict[str, Any]:
    """Return what was quoted, without personal data, to be compared with the order later.

    Variants and products are named by their primary keys; times are in ISO 8601. The region is
    among it where the channel limits those of the country.
    """
    is_limited = settings.limits.name_regions_of(basket.country)
    region = {REGION: basket.region} if is_limited else {}
    return {**_quoted_tickets(basket), **region}


def _quoted_tickets(basket: Basket) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for line in basket.tickets:
        counts[line.reference] = counts.get(line.reference, 0) + line.count
    starts = {line.reference: line.event.starts_at.isoformat() for line in basket.tickets}
    ends = {
        line.reference: line.event.ends_at.isoformat()
        for line in basket.tickets
        if line.event.ends_at is not None
    }
    products: dict[str, list[str]] = {}
    for line in basket.tickets:
        variants = products.setdefault(line.product, [])
        if line.reference not in variants:
            variants.append(line.reference)
    return {
        "tickets": counts,
        "starts": starts,
        "ends": ends,
        "are_alike": _are_alike(basket),
        PRODUCTS: products,
    }


def _are_alike(basket: Basket) -> bool:
    """Return True if all tickets have the same event, price and kind of sale."""
    return len({(line.event, line.unit_price, line.is_resale) for line in basket.tickets}) == 1
