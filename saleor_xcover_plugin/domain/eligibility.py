"""Decide if a checkout may be insured, and describe what to insure."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from ..errors import Code, Refusal
from .event_data import EventDataError, EventMapping, Sources
from .offer_limits import OfferLimits
from .premium import OrderDiscount
from .tickets import Basket, TicketFacts, Tickets


@dataclass(frozen=True, slots=True)
class ProductLine:
    """One checkout line other than the cover line."""

    reference: str
    """The key of the line's variant."""
    product_type: str
    """Slug of the product type."""
    quantity: int
    unit_price: Decimal
    """Price of one piece before discounts on the order, in the checkout's currency."""
    facts: TicketFacts
    product: str = ""
    """The key of the variant's product."""
    is_event_cancelled: bool = False
    """True if staff recorded that the organiser cancelled the event."""
    moved_to: datetime | None = None
    """The new start of the event, if staff recorded that it was moved."""


@dataclass(frozen=True, slots=True)
class CheckoutFacts:
    """The facts of a checkout that decide if it may be insured."""

    currency: str
    country: str
    """ISO 3166-1 alpha-2 code; empty without an address."""
    language: str
    region: str = field(default="", kw_only=True)
    """Code of the region or state, such as NY, or the address's text if that is unknown."""
    lines: Sequence[ProductLine]
    order_discount: OrderDiscount = OrderDiscount.NONE
    is_taxed_by_app: bool = False
    """True if an app calculates the channel's taxes instead of Saleor."""

    @property
    def counts(self) -> Mapping[str, int]:
        """The number of pieces in the checkout, by the reference of their lines."""
        counts: Counter[str] = Counter()
        for line in self.lines:
            counts[line.reference] += line.quantity
        return counts


@dataclass(frozen=True, slots=True)
class EligibilityRules:
    """The store's settings on eligibility. An empty set allows everything."""

    mapping: EventMapping
    sources: Sources = field(default_factory=Sources)
    """The store data to read of each line; at least what ``mapping`` reads."""
    ticket_product_types: frozenset[str] = frozenset()
    """Slugs of the product types that are tickets; empty: all products that have a start."""
    currencies: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    default_language: str = "en"
    """Used if the checkout's language is not one of ``languages``."""
    languages: frozenset[str] = frozenset()
    may_absorb: bool = False
    """True if the store pays what a discount takes from the premium."""
    limits: OfferLimits = field(default_factory=OfferLimits)

    def with_sources(self, names: frozenset[str]) -> EligibilityRules:
        """Return the same rules, for which the named sources are read as well."""
        return replace(self, sources=Sources(self.sources.names | names))


def insurable_basket(facts: CheckoutFacts, rules: EligibilityRules, now: datetime) -> Basket:
    """Return the basket to request an offer for.

    Raise ``Refusal`` with the code of the first reason against it.
    """
    lines = [line for line in facts.lines if _is_ticket(line, rules)]
    if not lines:
        raise Refusal(Code.NO_TICKETS)
    lines = _whole_variants(_insurable(lines, rules), facts.lines)
    if facts.order_discount == OrderDiscount.OTHER and not rules.may_absorb:
        raise Refusal(Code.DISCOUNT_NOT_SUPPORTED)
    if facts.order_discount != OrderDiscount.NONE and facts.is_taxed_by_app:
        # The line would have to be corrected after each change, by hooks, which ask no app.
        raise Refusal(Code.DISCOUNT_NOT_SUPPORTED)
    if rules.currencies and facts.currency not in rules.currencies:
        raise Refusal(Code.CURRENCY_WITHOUT_OFFER)
    if not facts.country:
        raise Refusal(Code.COUNTRY_MISSING)
    if rules.countries and facts.country not in rules.countries:
        raise Refusal(Code.COUNTRY_WITHOUT_OFFER)
    rules.limits.require_region(facts.country, facts.region)
    basket = Basket(
        tickets=tuple(_tickets(line, rules) for line in lines),
        currency=facts.currency,
        country=facts.country,
        language=_language(facts.language, rules),
        region=facts.region.strip(),
    )
    if any(line.is_event_cancelled for line in lines):
        raise Refusal(Code.EVENT_CANCELLED)
    moved = [line.moved_to for line in lines if line.moved_to is not None]
    if min([basket.earliest_start, *moved]) <= now:
        raise Refusal(Code.EVENT_STARTED)
    starts = [
        line.moved_to or tickets.event.starts_at
        for line, tickets in zip(lines, basket.tickets, strict=True)
    ]
    rules.limits.require_sellable(basket.tickets, starts, now)
    return basket


def _insurable(lines: list[ProductLine], rules: EligibilityRules) -> list[ProductLine]:
    """Return the lines whose tickets are insured. Raise ``Refusal`` if there are none."""
    limits, mapping = rules.limits, rules.mapping
    allowed = [
        line
        for line in lines
        if mapping.is_insurable(line.facts) and not limits.excludes(line.product_type, line.facts)
    ]
    if not allowed:
        raise Refusal(Code.TICKETS_EXCLUDED)
    worth = [line for line in allowed if not limits.is_too_cheap(line.unit_price)]
    if not worth:
        raise Refusal(Code.TICKET_PRICE_TOO_LOW)
    if not limits.only_non_refundable:
        return worth
    try:
        kept = [line for line in worth if not mapping.is_refundable(line.facts)]
    except EventDataError as error:
        raise Refusal(Code.EVENT_DATA_MISSING, error.fields) from error
    if not kept:
        raise Refusal(Code.TICKETS_REFUNDABLE)
    return kept


def _whole_variants(
    insured: list[ProductLine], everything: Sequence[ProductLine]
) -> list[ProductLine]:
    """Leave out variants of which some pieces are not insured.

    An order tells tickets apart by their variant only. Raise ``Refusal`` if none is left.
    """
    kept = {id(line) for line in insured}
    split = {line.reference for line in everything if line.quantity > 0 and id(line) not in kept}
    whole = [line for line in insured if line.reference not in split]
    if not whole:
        raise Refusal(Code.TICKETS_EXCLUDED)
    return whole


def fingerprint(basket: Basket, *terms: str) -> str:
    """Return a hash of everything the price of an offer depends on.

    Baskets with the same hash may share an offer. ``terms`` are the settings that a price depends
    on (``PluginSettings.fingerprint_terms``).
    """
    parts = [
        [
            line.reference,
            line.count,
            str(line.unit_price.normalize()),
            line.is_resale,
            line.event.name,
            line.event.starts_at.isoformat(),
            line.event.ends_at.isoformat() if line.event.ends_at else None,
            line.event.venue,
            line.event.city,
            line.event.country,
        ]
        for line in basket.tickets
    ]
    place = f"{basket.country}-{basket.region}" if basket.region else basket.country
    # Sorted, because lines may come in any order.
    text = json.dumps(
        [sorted(parts, key=json.dumps), basket.currency, place, basket.language, *terms]
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _is_ticket(line: ProductLine, rules: EligibilityRules) -> bool:
    if line.quantity <= 0 or line.unit_price <= 0:
        return False  # a free ticket has no value to insure
    if rules.ticket_product_types:
        return line.product_type in rules.ticket_product_types
    return rules.mapping.has_start(line.facts)


def _tickets(line: ProductLine, rules: EligibilityRules) -> Tickets:
    try:
        event = rules.mapping.event(line.facts)
    except EventDataError as error:
        raise Refusal(Code.EVENT_DATA_MISSING, error.fields) from error
    return Tickets(
        event=event,
        count=line.quantity,
        unit_price=line.unit_price,
        reference=line.reference,
        is_resale=rules.mapping.is_resale(line.facts),
        product=line.product,
        facts=line.facts,
    )


def _language(language: str, rules: EligibilityRules) -> str:
    wanted = language.lower().replace("_", "-")
    if not rules.languages:
        return wanted or rules.default_language
    for candidate in (wanted, wanted.split("-")[0]):
        if candidate in rules.languages:
            return candidate
    return rules.default_language
