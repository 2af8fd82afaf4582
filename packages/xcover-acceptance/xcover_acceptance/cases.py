"""The acceptance cases, with the function that plays each.

They follow the flows for event tickets (offer, confirm, opt out, modify, cancel) at
https://partner-docs.covergenius.com/offers/vertical-examples/events-tickets
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from saleor_xcover_plugin.checkout.offer_content import check_texts, shown_groups
from saleor_xcover_plugin.clock import Clock
from saleor_xcover_plugin.config.settings import PluginSettings
from saleor_xcover_plugin.domain.money import Money
from saleor_xcover_plugin.domain.product_rules import largest_selection
from saleor_xcover_plugin.errors import Refusal
from saleor_xcover_plugin.outbox import rate_limit
from saleor_xcover_plugin.outbox.clients import Skew
from saleor_xcover_plugin.payload.example import sale_of
from saleor_xcover_plugin.xcover.bookings import Booking, CancellationPreview
from saleor_xcover_plugin.xcover.client import XCoverClient
from saleor_xcover_plugin.xcover.errors import (
    XCoverAlreadyBooked,
    XCoverError,
    XCoverMisconfigured,
    XCoverRejected,
    XCoverStatusConflict,
)
from saleor_xcover_plugin.xcover.offers import Offer, OfferedQuote
from saleor_xcover_plugin.xcover.payloads import (
    cancellation_preview_body,
    confirm_body,
    offer_body,
    policyholder_update_body,
)

from . import sample

DEADLINE_SECONDS = 20.0
"""Seconds that one call to XCover may take."""
REASON = "Order refunded"
"""Reason sent with every cancellation."""


class Failed(Exception):
    """XCover behaved otherwise than expected. The message says how, and what to do about it."""


class Skipped(Exception):
    """The case could not be played. The message says why."""


@dataclass(frozen=True, slots=True)
class Market:
    """A currency and a country in which protection is sold, and the language of its offers."""

    currency: str
    """ISO 4217 code."""
    country: str
    """ISO 3166 alpha-2 code."""
    language: str
    """ISO 639-1 code."""

    def __str__(self) -> str:
        return f"{self.currency}/{self.country}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A confirmation as it was sent. Sent again with its key, it makes no second policy."""

    offer_id: str
    quote_ids: list[str]
    body: bytes
    key: str


@dataclass(slots=True)
class Play:
    """The state that the cases share: clients, markets, and what earlier cases made."""

    settings: PluginSettings
    client: XCoverClient
    stranger: XCoverClient
    """A client of the same account that signs with a wrong secret."""
    skew: Skew
    """The clock difference that ``client`` has measured."""
    market: Market
    """The market in which the cases play."""
    markets: Sequence[Market]
    """All markets, for the case that asks for an offer in each."""
    clock: Clock
    offer: Offer | None = None
    attempt: Attempt | None = None
    """The confirmation whose response has not arrived; it may have made a policy."""
    made: Attempt | None = None
    """The confirmation that was sent last."""
    booking: Booking | None = None
    preview: CancellationPreview | None = None
    bound: dict[str, list[str]] = field(default_factory=dict)
    """Quote ids by booking id of the policies made and not yet cancelled."""

    @property
    def needs_clean_up(self) -> bool:
        """True if a policy is in force or may have been made."""
        return bool(self.bound) or self.attempt is not None

    def new_key(self) -> str:
        """Return a new idempotency key."""
        return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Case:
    """An acceptance case."""

    name: str
    expected: str
    """Sentence that states the expected behaviour, for the report."""
    sends: str
    """The calls that the case makes, in words."""
    play: Callable[[Play], str]
    """Plays the case and returns a sentence about what was observed.

    Raises Failed or Skipped, or the client's XCoverError.
    """
    needs: tuple[str, ...] = ()
    """Names of the cases that must have passed before."""
    binds: bool = False
    """True if the case makes or changes a policy."""


def _credentials(shared: Play) -> str:
    shared.client.probe(deadline=DEADLINE_SECONDS)
    return f"Accepted at {shared.settings.api_url}."


def _clock(shared: Play) -> str:
    seconds = shared.skew.seconds
    if seconds is None:
        raise Skipped("XCover's answers carry no time.")
    if not rate_limit.is_tolerated(seconds):
        raise Failed(f"{seconds} s apart. Set this server's clock (NTP).")
    return f"{abs(seconds)} s apart."


def _stranger(shared: Play) -> str:
    try:
        shared.stranger.probe(deadline=DEADLINE_SECONDS)
    except XCoverMisconfigured as error:
        if error.status in (401, 403):
            return f"Refused with {error.status}."
        raise
    raise Failed("Accepted! Tell Cover Genius: a wrong signature must be refused.")


def _offer(shared: Play) -> str:
    shared.offer = _ask(shared, shared.market)
    return f"Offer {shared.offer.id}: {_premium(shared.offer)} in {shared.market}."


def _markets(shared: Play) -> str:
    found, missing = [], []
    for market in shared.markets:
        try:
            offer = _ask(shared, market)
        except (Failed, XCoverError) as error:
            missing.append(f"{market} ({error})")
        else:
            found.append(f"{market} {_premium(offer)}")
    if missing:
        raise Failed(f"No usable offer in: {'; '.join(missing)}. Ask Cover Genius to add them.")
    return f"{'; '.join(found)}."


def _events(shared: Play) -> str:
    offer = _ask(shared, shared.market, events=2)
    chosen = _choice(offer, events=2)
    return f"Offer {offer.id}: {_premium(offer, events=2)} for two events, {len(chosen)} quotes."


def _opt_out(shared: Play) -> str:
    offer = _ask(shared, shared.market)
    key = shared.new_key()
    for _ in range(2):
        shared.client.opt_out(offer.id, idempotency_key=key, deadline=DEADLINE_SECONDS)
    return f"Offer {offer.id}: the opt-out was sent twice with one key and accepted both times."


def _confirm(shared: Play) -> str:
    offer = shared.offer
    assert offer is not None  # noqa: S101 named in needs
    quote_ids = [quote.id for quote in _choice(offer)]
    holder = sample.policyholder(shared.market.country)
    source = shared.settings.payload.source()
    basket = sample.basket(
        shared.market.currency, shared.market.country, shared.market.language, shared.clock()
    )
    body = confirm_body(
        quote_ids,
        holder,
        transaction_id=f"go-live-{shared.new_key()[:8]}",
        insured=source.insured_persons(sale_of(source, basket, holder)),
    )
    made = Attempt(offer.id, quote_ids, body, shared.new_key())
    # Recorded before it is sent, because a lost response can still mean a policy.
    shared.attempt = shared.made = made
    try:
        booking = shared.client.confirm_offer(
            offer.id, body, idempotency_key=made.key, deadline=DEADLINE_SECONDS
        )
    except XCoverAlreadyBooked:
        raise
    except XCoverRejected:
        shared.attempt = None  # XCover refused it, so there is no policy
        raise
    shared.bound[booking.id], shared.attempt, shared.booking = quote_ids, None, booking
    premium = _premium(offer)
    booked = Money(booking.total_price, booking.currency)
    if booked != premium:
        raise Failed(f"Policy {booking.id} costs {booked}, offered were {premium}.")
    if not booking.is_confirmed:
        raise Failed(f"Policy {booking.id} is {booking.status}.")
    return f"Policy {booking.id} at {booked}."


def _confirm_again(shared: Play) -> str:
    made, booking = shared.made, shared.booking
    assert made is not None  # noqa: S101
    assert booking is not None  # noqa: S101
    try:
        again = shared.client.confirm_offer(
            made.offer_id, made.body, idempotency_key=made.key, deadline=DEADLINE_SECONDS
        ).id
    except XCoverAlreadyBooked as error:
        again = error.booking_id
    if again != booking.id:
        shared.bound[again] = made.quote_ids
        raise Failed(f"A second policy, {again}, beside {booking.id}. Tell Cover Genius.")
    return f"The same policy, {again}."


def _read_back(shared: Play) -> str:
    assert shared.booking is not None  # noqa: S101
    read = shared.client.get_booking(shared.booking.id, deadline=DEADLINE_SECONDS)
    told = (read.id, read.total_price, read.currency, read.is_confirmed)
    made = (shared.booking.id, shared.booking.total_price, shared.booking.currency, True)
    if told != made:
        raise Failed(f"Policy {shared.booking.id} reads otherwise than it was made.")
    return f"Policy {read.id}, {Money(read.total_price, read.currency)}, {read.status}."


def _modify(shared: Play) -> str:
    assert shared.booking is not None  # noqa: S101
    body = policyholder_update_body({"email": sample.OTHER_EMAIL})
    try:
        preview = shared.client.modify_booking(
            shared.booking.id,
            body,
            idempotency_key=shared.new_key(),
            preview=True,
            deadline=DEADLINE_SECONDS,
        )
    except XCoverRejected as error:
        raise Skipped(f"Not allowed here ({error}): corrections wait for a person.") from error
    if not preview.is_free:
        raise Failed(f"A corrected e-mail address would cost {preview.price_difference}.")
    if preview.update_id is None:
        raise Skipped("The preview names no update to apply; corrections will wait for a person.")
    shared.client.confirm_modification(
        shared.booking.id,
        preview.update_id,
        idempotency_key=shared.new_key(),
        deadline=DEADLINE_SECONDS,
    )
    return f"Changed in policy {shared.booking.id}, free of charge."


def _preview(shared: Play) -> str:
    assert shared.booking is not None  # noqa: S101
    shared.preview = shared.client.preview_cancellation(
        shared.booking.id,
        cancellation_preview_body(_quotes(shared), REASON),
        idempotency_key=shared.new_key(),
        deadline=DEADLINE_SECONDS,
    )
    refund = Money(shared.preview.refund, shared.preview.currency)
    premium = Money(shared.booking.total_price, shared.booking.currency)
    if shared.client.get_booking(shared.booking.id, deadline=DEADLINE_SECONDS).is_cancelled:
        raise Failed(f"The preview cancelled policy {shared.booking.id}. Tell Cover Genius.")
    if refund != premium:
        raise Failed(f"{refund} of {premium} on the first day: ask for the cooling-off period.")
    payer = " XCover pays it to the buyer itself." if shared.preview.is_refunded_by_xcover else ""
    return f"{refund} of {premium}; the policy is in force.{payer}"


def _cancel(shared: Play) -> str:
    assert shared.booking is not None  # noqa: S101
    assert shared.preview is not None  # noqa: S101
    shared.client.confirm_cancellation(
        shared.booking.id,
        shared.preview.cancellation_id,
        idempotency_key=shared.new_key(),
        deadline=DEADLINE_SECONDS,
    )
    if not shared.client.get_booking(shared.booking.id, deadline=DEADLINE_SECONDS).is_cancelled:
        raise Failed(f"Policy {shared.booking.id} is not cancelled.")
    del shared.bound[shared.booking.id]
    return f"Policy {shared.booking.id} is cancelled."


def _cancel_again(shared: Play) -> str:
    assert shared.booking is not None  # noqa: S101
    try:
        shared.client.preview_cancellation(
            shared.booking.id,
            cancellation_preview_body(_quotes(shared), REASON),
            idempotency_key=shared.new_key(),
            deadline=DEADLINE_SECONDS,
        )
    except XCoverStatusConflict:
        return "Refused."
    raise Failed("A refund was previewed for a policy that is cancelled. Tell Cover Genius.")


# In playing order: a case comes after those that it needs.
CASES = (
    Case(
        "credentials",
        "A signed call is accepted.",
        "GET a booking that cannot exist",
        _credentials,
    ),
    Case("clock", "This server's clock and XCover's agree.", "nothing", _clock, ("credentials",)),
    Case(
        "wrong signature",
        "A call signed with another secret is refused.",
        "GET a booking that cannot exist",
        _stranger,
        ("credentials",),
    ),
    Case(
        "offer",
        "An offer with price, disclaimer and wording.",
        "POST an offer for two tickets",
        _offer,
        ("credentials",),
    ),
    Case(
        "markets",
        "An offer in every currency and country protection is sold in.",
        "POST an offer per market",
        _markets,
        ("offer",),
    ),
    Case(
        "two events",
        "One offer for the tickets of two events.",
        "POST an offer for two events",
        _events,
        ("offer",),
    ),
    Case(
        "opt-out",
        "An opt-out can be sent twice with one key.",
        "POST an offer, POST its opt-out twice",
        _opt_out,
        ("offer",),
    ),
    Case(
        "policy",
        "Confirming makes a policy at exactly the price offered.",
        "POST the confirmation",
        _confirm,
        ("offer",),
        binds=True,
    ),
    Case(
        "policy once",
        "The same confirmation again makes no second policy.",
        "POST the confirmation with its key",
        _confirm_again,
        ("policy",),
        binds=True,
    ),
    Case(
        "read back", "The policy reads as it was made.", "GET the booking", _read_back, ("policy",)
    ),
    Case(
        "correction",
        "A corrected e-mail address is changed in the policy free of charge.",
        "PATCH a preview, POST its confirmation",
        _modify,
        ("policy",),
        binds=True,
    ),
    Case(
        "cancellation preview",
        "On the first day the whole premium would be refunded, and the preview cancels nothing.",
        "POST a preview, GET the booking",
        _preview,
        ("policy",),
        binds=True,
    ),
    Case(
        "cancellation",
        "The previewed cancellation ends the policy.",
        "POST its confirmation, GET the booking",
        _cancel,
        ("cancellation preview",),
        binds=True,
    ),
    Case(
        "cancelled once",
        "A cancelled policy is refunded nothing more.",
        "POST a preview",
        _cancel_again,
        ("cancellation",),
        binds=True,
    ),
)


def _ask(shared: Play, market: Market, *, events: int = 1) -> Offer:
    basket = sample.basket(
        market.currency, market.country, market.language, shared.clock(), events=events
    )
    source = shared.settings.payload.source()
    sale = sale_of(source, basket, sample.policyholder(market.country))
    body = offer_body(source.payload(sale), schema=shared.settings.offer_schema)
    offer = shared.client.create_offer(body, deadline=DEADLINE_SECONDS)
    _require_usable(offer, market, events, shared.settings.api_url)
    return offer


def _require_usable(offer: Offer, market: Market, events: int, api_url: str) -> None:
    """Raise Failed unless the plugin would show ``offer`` to a shopper."""
    if offer.currency != market.currency:
        raise Failed(f"Offer {offer.id} is in {offer.currency}.")
    if not offer.quotes:
        raise Failed(f"Offer {offer.id} holds no quote.")
    for quote in offer.quotes:
        lacks = [
            what
            for what, is_there in (
                ("a title", quote.title),
                ("a disclaimer", quote.disclaimer or offer.disclaimer),
                ("an https link to the policy wording", _may_be_shown(quote.pds_url, api_url)),
                ("a payable premium", Money(quote.premium, offer.currency).is_payable()),
            )
            if not is_there
        ]
        if lacks:
            raise Failed(f"Offer {offer.id} lacks {', '.join(lacks)}; it would not be shown.")
    try:
        check_texts(offer, shown_groups(offer, event_count=events))
    except Refusal as refusal:
        raise Failed(f"Offer {offer.id} would not be shown: {refusal}") from None


def _may_be_shown(link: str | None, api_url: str) -> bool:
    """Return True if ``link`` is https, or http where XCover itself is called over http."""
    schemes = ("https://",) if api_url.startswith("https://") else ("https://", "http://")
    return bool(link and link.startswith(schemes))


def _quotes(shared: Play) -> list[str]:
    return shared.made.quote_ids if shared.made else []


def _choice(offer: Offer, events: int = 1) -> list[OfferedQuote]:
    """Return the most expensive selection of quotes that the product rules allow."""
    groups = shown_groups(offer, event_count=events)
    chosen = largest_selection(groups, {quote.id: quote.premium for quote in offer.quotes})
    return [quote for quote in offer.quotes if quote.id in chosen]


def _premium(offer: Offer, events: int = 1) -> Money:
    """Return the price of that selection."""
    chosen = _choice(offer, events)
    return Money(sum((quote.premium for quote in chosen), Decimal(0)), offer.currency)
