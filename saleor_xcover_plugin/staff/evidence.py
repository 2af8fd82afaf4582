"""Export evidence of consent: one record per answer of a shopper, with all that was shown.

Records contain no personal data. They are read in chunks, so that a long period needs no more
memory than a short one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q, QuerySet

from ..checkout.offer_content import hash_of
from ..domain.money import Money
from ..domain.period import Period
from ..host import catalog, order_facts, orders
from ..models import Consent, Cover, Offer

ANSWERS: Mapping[str, str] = {
    "accepted": "Yes: the protection was chosen.",
    "declined": "No: the tickets were to be bought without it.",
    "withdrawn": "A yes that ended without a no, such as with the tickets it was for.",
}
"""Sentences that tell staff what each answer means."""

CHUNK = 500
"""Number of answers that are read at a time."""


@dataclass(frozen=True, slots=True)
class ShownQuote:
    """One insurance product as it was shown to the shopper."""

    id: str
    """XCover's id of the quote."""
    title: str
    premium: str
    """Amount in the record's currency, with all decimals of that currency."""
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One answer of a shopper to an offer. Times are in UTC.

    The order's fields and those of its cover are None unless the checkout became an order.
    """

    answered_at: datetime
    shown_at: datetime | None
    """Time at which the offer was first shown."""
    order_number: str | None
    order_id: uuid.UUID | None
    cover_status: str | None
    booking_id: str | None
    """XCover's number of the policy."""
    channel: str
    """Name of the Saleor channel."""
    offer_id: int
    """Primary key of the offer."""
    xcover_offer_id: str
    answer: str
    source: str
    """Where the answer came from, such as the storefront or a removed line."""
    premium: str
    """Amount in ``currency``, with all decimals of that currency."""
    currency: str
    language: str
    quotes: Sequence[ShownQuote]
    content_hash: str
    """Hash of the content that the shopper's answer named."""
    is_intact: bool
    """True if the stored content still has this hash."""
    content: object
    """The texts, prices and links that were shown, as JSON data."""


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order that exists in Saleor or has a cover, and the offers of its checkout."""

    number: str
    offer_ids: frozenset[int]
    """Primary keys of the offers."""
    was_offered: bool
    """True if the shopper saw an offer."""


def of_period(period: Period) -> Iterator[Record]:
    """Yield the answers given in a period, oldest first."""
    consents = Consent.objects.filter(created_at__gte=period.start, created_at__lt=period.end)
    if period.channel_ids:
        consents = consents.filter(offer__channel_id__in=period.channel_ids)
    return _records(consents)


def of_orders(known: Iterable[KnownOrder]) -> Iterator[Record]:
    """Yield every answer given before these orders were made, oldest first."""
    offer_ids = [offer_id for order in known for offer_id in order.offer_ids]
    return _records(Consent.objects.filter(offer_id__in=offer_ids))


def find_order(number: str) -> KnownOrder | None:
    """Return the order with this number, or None.

    An order that was deleted in Saleor is found by its cover.
    """
    found = order_facts.find(number)
    if found is None:
        cover = Cover.objects.filter(order_number=number).first()
        if cover is None:
            return None
        found = cover.order_id, None
    order_id, token = found
    of_order = Q(order_id=order_id) | Q(checkout_token=token) if token else Q(order_id=order_id)
    offers = Offer.objects.filter(of_order).values_list("pk", "shown_at")
    ids = frozenset(pk for pk, _ in offers)
    return KnownOrder(number, ids, any(shown_at for _, shown_at in offers))


def without_answer(known: Sequence[KnownOrder]) -> list[KnownOrder]:
    """Return the orders for which no offer was answered."""
    asked = [offer_id for order in known for offer_id in order.offer_ids]
    answered = set(
        Consent.objects.filter(offer_id__in=asked).order_by().values_list("offer_id", flat=True)
    )
    return [order for order in known if not order.offer_ids & answered]


def _records(consents: QuerySet[Consent]) -> Iterator[Record]:
    channels = catalog.channel_names()
    # Each answer stores what was shown, so the offer's copy of it is not read.
    rows = consents.select_related("offer").defer(
        "offer__content", "offer__request", "offer__event_starts_at"
    )
    for chunk in _pages(rows):
        offers = [consent.offer for consent in chunk]
        orders_of = _orders_of(offers)
        for consent in chunk:
            channel = channels[consent.offer.channel_id]
            yield _record(consent, channel, orders_of.get(consent.offer_id, _NO_ORDER))


def _pages(consents: QuerySet[Consent]) -> Iterator[list[Consent]]:
    """Yield pages by key, since server-side cursors fail behind PgBouncer in transaction mode."""
    ordered, rest = consents.order_by("created_at", "pk"), Q()
    while page := list(ordered.filter(rest)[:CHUNK]):
        yield page
        last = page[-1]
        rest = Q(created_at__gt=last.created_at) | Q(created_at=last.created_at, pk__gt=last.pk)


class _Order(NamedTuple):
    """The order made from an offer's checkout, with its cover; empty if there is none."""

    number: str | None = None
    id: uuid.UUID | None = None
    cover_status: str | None = None
    booking_id: str | None = None


_NO_ORDER = _Order()


def _orders_of(offers: Sequence[Offer]) -> dict[int, _Order]:
    """Return the orders of a chunk of offers, including one that was not synced yet."""
    by_checkout = orders.ids_by_checkout(o.checkout_token for o in offers if o.order_id is None)
    ids = {o.pk: o.order_id or by_checkout.get(o.checkout_token) for o in offers}
    wanted = {order_id for order_id in ids.values() if order_id}
    covers = {cover.order_id: cover for cover in Cover.objects.filter(order_id__in=wanted)}
    numbers = order_facts.numbers_of(wanted - covers.keys())
    found = {}
    for offer_id, order_id in ids.items():
        if order_id in covers:
            cover = covers[order_id]
            found[offer_id] = _Order(cover.order_number, order_id, cover.status, cover.booking_id)
        elif order_id:
            found[offer_id] = _Order(numbers.get(order_id), order_id)
    return found


def _record(consent: Consent, channel: str, order: _Order) -> Record:
    offer = consent.offer
    return Record(
        answered_at=consent.created_at,
        shown_at=offer.shown_at,
        order_number=order.number,
        order_id=order.id,
        cover_status=order.cover_status,
        booking_id=order.booking_id,
        channel=channel,
        offer_id=offer.pk,
        xcover_offer_id=offer.xcover_offer_id,
        answer=consent.answer,
        source=consent.source,
        premium=Money(consent.premium, consent.currency).digits(),
        currency=consent.currency,
        language=consent.language,
        quotes=list(_quotes(consent)),
        content_hash=consent.content_hash,
        is_intact=hash_of(consent.content) == consent.content_hash,
        content=consent.content,
    )


def _quotes(consent: Consent) -> Iterator[ShownQuote]:
    """Return the quotes from the content that was shown, not from their present rows."""
    for quote in consent.content.get("quotes", ()):
        premium = Money(Decimal(quote["premium"]), consent.currency).digits()
        yield ShownQuote(quote["id"], quote["title"], premium, quote["id"] in consent.quote_ids)
