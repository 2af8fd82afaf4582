"""The live offer of a checkout: find it, end it, and keep its line in step."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from ..domain.money import Money
from ..domain.product_rules import Group, largest_selection
from ..domain.states import LIVE_OFFER_STATUSES, OfferStatus
from ..host import announced_payments, checkouts, cover_line, metadata
from ..host.compiled_query import KEY, CompiledQuery
from ..models import Offer, Quote
from .public_summary import right_in_checkout, summary, yes

_LIVE = [status.value for status in LIVE_OFFER_STATUSES]


def live_offer(token: uuid.UUID, *, lock: bool = False) -> Offer | None:
    """Return the checkout's one live offer; with ``lock`` inside a transaction."""
    offers = Offer.objects.filter(checkout_token=token, status__in=_LIVE)
    return (offers.select_for_update() if lock else offers).first()


@dataclass(frozen=True, slots=True)
class LiveOffer:
    """What a hook needs to know of a live offer."""

    pk: int
    status: str
    reason_code: str
    """Of a yes: why the checkout it was said in is another one by now, if it is."""
    fingerprint: str
    valid_until: datetime | None
    cost: Decimal | None
    premium: Decimal
    """Sum of the premiums the shopper said yes to, in the offer's currency."""
    currency: str

    @property
    def premium_money(self) -> Money:
        return Money(self.premium, self.currency)


def glance(token: uuid.UUID) -> LiveOffer | None:
    """Look at the checkout's one live offer without its contents."""
    rows = _live_offers().rows(token)
    return LiveOffer(**rows[0]) if rows else None


@cache
def _live_offers() -> CompiledQuery:
    chosen = Quote.objects.filter(offer_id=OuterRef("pk"), is_chosen=True).order_by()
    premium = chosen.values("offer_id").annotate(sum=Sum("premium")).values("sum")
    offers = Offer.objects.filter(checkout_token=KEY, status__in=_LIVE).annotate(
        premium=Coalesce(Subquery(premium), Value(Decimal(0)))
    )
    columns = ("pk", "status", "reason_code", "fingerprint", "valid_until", "cost", "premium")
    return CompiledQuery(offers.values(*columns, "currency"))


def accepted_premium(offer: Offer) -> Decimal:
    """Return the premium of the last yes to an offer, also of one that was taken back since."""
    yes = offer.consents.filter(answer="accepted").order_by("created_at", "pk").last()
    return yes.premium if yes is not None else Decimal(0)


def chosen_premium(offer: Offer) -> Decimal:
    """Sum of the premiums the shopper said yes to."""
    return sum((quote.premium for quote in offer.quotes.all() if quote.is_chosen), Decimal(0))


def chosen_ids(offer: Offer) -> list[str]:
    """Return the quotes the shopper said yes to."""
    return [quote.quote_id for quote in offer.quotes.all() if quote.is_chosen]


def chosen_contents(offer: Offer) -> list[dict[str, Any]]:
    """Return what was shown of the quotes the shopper said yes to."""
    return [quote.content for quote in offer.quotes.all() if quote.is_chosen]


def groups_of(offer: Offer) -> tuple[Group, ...]:
    """Return which quotes of an offer may be chosen together.

    An offer of a version that knew no groups: each of its quotes, and no two of them.
    """
    if offer.groups:
        return tuple(
            Group(**{**group, "quote_ids": tuple(group["quote_ids"])}) for group in offer.groups
        )
    ids = tuple(quote.quote_id for quote in offer.quotes.all())
    return (Group("product-1", ids, 0, 1),) if ids else ()


def holds_quoted_tickets(offer: Offer, counts: Mapping[str, int]) -> bool:
    """Whether the pieces by variant of a checkout or order are those the offer was made for."""
    quoted = offer.request.get("tickets", {})
    return all(counts.get(reference, 0) == count for reference, count in quoted.items())


def has_known_rules(offer: Offer) -> bool:
    """Whether it was judged what may be chosen together; older versions did not."""
    return bool(offer.groups) or offer.quotes.count() <= 1


def premiums_of(offer: Offer) -> dict[str, Decimal]:
    """Return the premium of each quote, in the offer's currency."""
    return {quote.quote_id: quote.premium for quote in offer.quotes.all()}


def largest_premium(offer: Offer) -> Decimal:
    """Return what the dearest allowed choice costs."""
    premiums = premiums_of(offer)
    dearest = largest_selection(groups_of(offer), premiums)
    return sum((premiums[quote_id] for quote_id in dearest), Decimal(0))


_ENDED = [s.value for s in (OfferStatus.SUPERSEDED, OfferStatus.EXPIRED, OfferStatus.ABANDONED)]


def forget_unseen(token: uuid.UUID) -> None:
    """Remove the offers of a locked checkout that ended before anybody saw them.

    Changing the tickets again and again leaves no rows behind. What was shown is evidence and
    stays. The turns of the checkout's pages are the caller's to hand on.
    """
    unseen = Offer.objects.filter(checkout_token=token, status__in=_ENDED, shown_at=None)
    unheld = unseen.filter(order_id=None, is_notice_due=False, consents=None, cover=None)
    unheld.delete()


def is_notice_due(token: uuid.UUID) -> bool:
    """Whether a yes of this checkout ended without the shopper's doing, and nobody said so yet."""
    return Offer.objects.filter(checkout_token=token, is_notice_due=True).exists()


def take_notice(token: uuid.UUID) -> bool:
    """Whether the shopper has yet to learn that a yes of this checkout ended; asked once."""
    noticed = Offer.objects.filter(checkout_token=token, is_notice_due=True)
    return noticed.update(is_notice_due=False) > 0


def clear_lines(checkout: Any) -> None:
    """Take every cover line out of a locked checkout; the caller says so in its summary."""
    lines = cover_line.lines_of(checkout)
    if lines:
        take_out(checkout, (line.id for line in lines))


def take_out(checkout: Any, line_ids: Iterable[uuid.UUID]) -> None:
    """Take lines out of a locked checkout; a payment announced with them is cancelled.

    The caller says so in the checkout's summary.
    """
    cover_line.remove(line_ids)
    cover_line.recalculate(checkout)
    announced_payments.follow_total(checkout)


def keep_summary_right(token: uuid.UUID, offer: LiveOffer | None, found: str | None) -> None:
    """Put right what was just read, where it is not what this live offer makes of it."""
    if right_in_checkout(offer, found) != found:
        put_summary_right(token)


def put_summary_right(token: uuid.UUID) -> None:
    """Have the public summary of a checkout say what holds, whoever wrote what stands there.

    Nothing is locked where it does. Saleor calls no hook for what is written here.
    """
    if _right_summary(token) is None:
        return
    with checkouts.locked(token) as checkout:
        right = _right_summary(token)
        if checkout is not None and right is not None:
            metadata.write_checkout_summary(token, right)


def _right_summary(token: uuid.UUID) -> str | None:
    """Return what should stand in the checkout, or None where that stands there already."""
    found = metadata.checkout_summary(token)
    right = right_in_checkout(glance(token), found)
    return None if right == found else right


def insures_nothing(offer: Offer | LiveOffer) -> bool:
    """Whether a yes is kept, as money has begun, that an order of the checkout would not insure."""
    return offer.status == OfferStatus.SELECTED and bool(offer.reason_code)


def summarise(token: uuid.UUID, state: str, **details: str) -> None:
    """Write the public display summary of a checkout's cover."""
    metadata.write_checkout_summary(token, summary(state, **details))


def summarise_yes(offer: Offer) -> None:
    """Write into the checkout's public summary that the cover is a line of it."""
    said = yes(Money(chosen_premium(offer), offer.currency))
    metadata.write_checkout_summary(offer.checkout_token, said)


def is_fresh(offer: Offer | LiveOffer, now: datetime) -> bool:
    return offer.valid_until is not None and now < offer.valid_until
