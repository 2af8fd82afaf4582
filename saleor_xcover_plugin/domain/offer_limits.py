"""The store's limits on what it offers protection for: products, prices, dates, regions.

A ticket that a limit takes out is sold without protection while the others get an offer. A limit on
the whole sale takes the offer away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ..errors import Code, Refusal
from .regions import is_known
from .tickets import Event, TicketFacts, Tickets


@dataclass(frozen=True, slots=True)
class OfferLimits:
    """Limits of one channel; amounts are in its currency. Nothing is limited by default."""

    products: frozenset[str] = frozenset()
    """Slugs and SKUs of tickets that are never insured."""
    product_types: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    """Slugs of categories; what is in the categories below them is meant, too."""
    lowest_price: Decimal | None = None
    """Cheaper tickets are not insured."""
    highest_price: Decimal | None = None
    """No offer where a ticket is dearer."""
    per_person: Decimal | None = None
    """Largest insured value for one person: one ticket for each event, the dearest."""
    per_order: Decimal | None = None
    """Largest insured value of a sale."""
    starts_after: timedelta = timedelta(0)
    """Time before the first event in which nothing is offered any more."""
    starts_within: timedelta | None = None
    """No offer for events that begin later than this from now."""
    without_regions: frozenset[str] = frozenset()
    """Regions without offer, as country and region: US-NY."""
    only_regions: frozenset[str] = frozenset()
    """The only regions with an offer, within their countries. Empty: all."""
    only_non_refundable: bool = False
    """True if tickets marked as refundable are not insured."""

    @property
    def names(self) -> frozenset[str]:
        """The sources of store data that are read for these limits."""
        return frozenset({CATEGORIES} if self.categories else ())

    def excludes(self, product_type: str, facts: TicketFacts) -> bool:
        """Return True if tickets are never insured because of their product."""
        named = {facts.values.get("product.slug", ""), facts.values.get("variant.sku", "")}
        categories = facts.values.get(CATEGORIES, "").split("\n")
        return bool(
            named & self.products
            or product_type in self.product_types
            or self.categories.intersection(categories)
        )

    def is_too_cheap(self, price: Decimal) -> bool:
        """Return True if tickets at this price are not insured."""
        return self.lowest_price is not None and price < self.lowest_price

    def require_region(self, country: str, region: str) -> None:
        """Raise ``Refusal`` if no offer is made where the policyholder lives."""
        here = f"{country}-{region.strip().upper()}"
        is_clear = bool(region.strip()) and is_known(country, region)
        is_excluded = _names(self.without_regions, country) and not is_clear
        if here in self.without_regions or is_excluded:
            raise Refusal(Code.REGION_WITHOUT_OFFER)
        if _names(self.only_regions, country) and here not in self.only_regions:
            raise Refusal(Code.REGION_WITHOUT_OFFER)

    def name_regions_of(self, country: str) -> bool:
        """Return True if regions of this country are limited."""
        return _names(self.without_regions | self.only_regions, country)

    def require_sellable(
        self, tickets: Sequence[Tickets], starts: Iterable[datetime], now: datetime
    ) -> None:
        """Raise ``Refusal`` if prices or dates take the offer away.

        ``starts`` are the starts of the events as they are by now.
        """
        if self.highest_price is not None:
            dearest = max(line.unit_price for line in tickets)
            if dearest > self.highest_price:
                raise Refusal(Code.TICKET_PRICE_TOO_HIGH)
        if self.per_person is not None and _per_person(tickets) > self.per_person:
            raise Refusal(Code.INSURED_VALUE_TOO_HIGH, ("per_person",))
        total = sum((line.unit_price * line.count for line in tickets), Decimal(0))
        if self.per_order is not None and total > self.per_order:
            raise Refusal(Code.INSURED_VALUE_TOO_HIGH, ("per_order",))
        moments = list(starts)
        if self.starts_after and min(moments) <= now + self.starts_after:
            raise Refusal(Code.EVENT_TOO_SOON)
        if self.starts_within is not None and max(moments) > now + self.starts_within:
            raise Refusal(Code.EVENT_TOO_FAR)


CATEGORIES = "product.categories"
"""Source of the slugs of a product's category and of all above it, one per line."""


def _names(regions: Collection[str], country: str) -> bool:
    return any(each.startswith(f"{country}-") for each in regions)


def _per_person(tickets: Collection[Tickets]) -> Decimal:
    dearest: dict[Event, Decimal] = {}
    for line in tickets:
        dearest[line.event] = max(line.unit_price, dearest.get(line.event, Decimal(0)))
    return sum(dearest.values(), Decimal(0))
