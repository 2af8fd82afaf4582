"""Read offers of a checkout, remove cover lines, and keep the public summary right.

A checkout has at most one live offer. Amounts are gross, in the offer's currency.
"""

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

from ..compiled_query import KEY, CompiledQuery
from ..domain import line_tax
from ..domain.event_data import Sources
from ..domain.money import Money
from ..domain.product_rules import Group, largest_selection
from ..domain.regions import code_of
from ..domain.states import LIVE_OFFER_STATUSES, OfferStatus
from ..errors import Code, Refusal
from ..host import announced_payments, checkouts, cover_line, metadata
from ..host.values import REGION, CheckoutSnapshot
from ..models import Offer, Quote
from .public_summary import right_in_checkout, summary, yes

_LIVE = [status.value for status in LIVE_OFFER_STATUSES]


def live_offer(token: uuid.UUID, *, lock: bool = False) -> Offer | None:
    """Return the checkout's live offer, or None.

    With ``lock`` its row is locked until the end of the caller's transaction.
    """
    offers = Offer.objects.filter(checkout_token=token, status__in=_LIVE)
    return (offers.select_for_update() if lock else offers).first()


@dataclass(frozen=True, slots=True)
class LiveOffer:
    """Columns of a live offer that hooks need."""

    pk: int
    status: str
    """Value of ``OfferStatus``."""
    reason_code: str
    """Reason why a yes would insure nothing in the checkout as it is; empty if it insures."""
    fingerprint: str
    """Fingerprint of the basket it was made for."""
    valid_until: datetime | None
    """End of its validity (UTC); None before XCover has answered."""
    tried_change: datetime | None
    """Time of the checkout's last change (UTC) when it was last priced on trial; None: never."""
    cost: Decimal | None
    """Total cost of the cover at the last change after payment began; None: its line's price."""
    premium: Decimal
    """Sum of the premiums the shopper said yes to."""
    currency: str
    line_tax: dict[str, str | bool] | None
    """``Offer.line_tax``."""

    @property
    def price_to_enter(self) -> Decimal:
        """The price entered for the line of a yes: the premium, or its net."""
        return line_tax.price_to_enter(self.line_tax, self.premium)

    @property
    def premium_money(self) -> Money:
        """``premium`` with its currency."""
        return Money(self.premium, self.currency)


def read_live_offer(token: uuid.UUID) -> LiveOffer | None:
    """Read the checkout's live offer without its contents, by a compiled query; None if none."""
    rows = _live_offers().rows(token)
    return LiveOffer(**rows[0]) if rows else None


def read_with_live_offer(
    token: uuid.UUID, sources: Sources
) -> tuple[CheckoutSnapshot | None, LiveOffer | None]:
    """Read a checkout and its live offer in one message to the server."""
    state, (rows,) = checkouts.read_beside(token, sources, _live_offers())
    return state, LiveOffer(**rows[0]) if rows else None


@cache
def _live_offers() -> CompiledQuery:
    chosen = Quote.objects.filter(offer_id=OuterRef("pk"), is_chosen=True).order_by()
    premium = chosen.values("offer_id").annotate(sum=Sum("premium")).values("sum")
    offers = Offer.objects.filter(checkout_token=KEY, status__in=_LIVE).annotate(
        premium=Coalesce(Subquery(premium), Value(Decimal(0)))
    )
    columns = ("pk", "status", "reason_code", "fingerprint", "valid_until", "tried_change", "cost")
    return CompiledQuery(offers.values(*columns, "premium", "currency", "line_tax"))


def accepted_premium(offer: Offer) -> Decimal:
    """Return the premium of the last yes to an offer, even if it was withdrawn; 0 without one."""
    yes = offer.consents.filter(answer="accepted").order_by("created_at", "pk").last()
    return yes.premium if yes is not None else Decimal(0)


def chosen_premium(offer: Offer) -> Decimal:
    """Return the sum of the premiums the shopper said yes to; 0 without a yes."""
    return sum((quote.premium for quote in offer.quotes.all() if quote.is_chosen), Decimal(0))


def price_to_enter(offer: Offer) -> Decimal:
    """Return the price entered for the line of a yes: the premium, or its net."""
    return line_tax.price_to_enter(offer.line_tax, chosen_premium(offer))


def chosen_ids(offer: Offer) -> list[str]:
    """Return XCover's ids of the quotes the shopper said yes to."""
    return [quote.quote_id for quote in offer.quotes.all() if quote.is_chosen]


def chosen_contents(offer: Offer) -> list[dict[str, Any]]:
    """Return the shown contents of the quotes the shopper said yes to."""
    return [quote.content for quote in offer.quotes.all() if quote.is_chosen]


def groups_of(offer: Offer) -> tuple[Group, ...]:
    """Return the groups that tell which quotes of an offer may be chosen together.

    An offer stored before there were groups has one, of which a single quote may be chosen.
    """
    if offer.groups:
        return tuple(
            Group(**{**group, "quote_ids": tuple(group["quote_ids"])}) for group in offer.groups
        )
    ids = tuple(quote.quote_id for quote in offer.quotes.all())
    return (Group("product-1", ids, 0, 1),) if ids else ()


def holds_quoted_tickets(offer: Offer, counts: Mapping[str, int]) -> bool:
    """Return True if a checkout or order has all tickets the offer was made for, as many of each.

    ``counts`` is the number of pieces by variant key. Further variants are ignored.
    """
    quoted = offer.request.get("tickets", {})
    return all(counts.get(reference, 0) == count for reference, count in quoted.items())


def is_in_quoted_place(offer: Offer, country: str, region: str) -> bool:
    """Return True if the buyer lives where the offer was made for.

    The region counts where the store limits regions.
    """
    quoted = offer.request.get(REGION)
    return country == offer.country and quoted in (None, code_of(country, region))


def has_known_rules(offer: Offer) -> bool:
    """Return True if the offer's product rules are known; old versions did not store them."""
    return bool(offer.groups) or offer.quotes.count() <= 1


def premiums_of(offer: Offer) -> dict[str, Decimal]:
    """Return the premium of each quote by XCover's quote id."""
    return {quote.quote_id: quote.premium for quote in offer.quotes.all()}


def largest_premium(offer: Offer) -> Decimal:
    """Return the premium of the most expensive choice that the groups allow."""
    premiums = premiums_of(offer)
    dearest = largest_selection(groups_of(offer), premiums)
    return sum((premiums[quote_id] for quote_id in dearest), Decimal(0))


@dataclass(frozen=True, slots=True)
class EarlierOffers:
    """Facts about a checkout's earlier offers that its next one takes over."""

    turns: list[Any]
    """Stored turns of the checkout's pages (domain/answer_sequence.py)."""
    is_notice_due: bool
    """See ``is_notice_due``."""
    has_unseen: bool
    """True if ``forget_unseen`` may delete some."""


def earlier_offers(token: uuid.UUID) -> EarlierOffers:
    """Read what the offers of a locked checkout leave to its next one."""
    offers = list(
        Offer.objects.filter(checkout_token=token)
        .order_by("-pk")
        .values("turns", "is_notice_due", "status", "shown_at")
    )
    return EarlierOffers(
        turns=(offers[0]["turns"] or []) if offers else [],
        is_notice_due=any(offer["is_notice_due"] for offer in offers),
        has_unseen=any(o["status"] in _ENDED and o["shown_at"] is None for o in offers),
    )


_ENDED = [s.value for s in (OfferStatus.SUPERSEDED, OfferStatus.EXPIRED, OfferStatus.ABANDONED)]


def forget_unseen(token: uuid.UUID) -> None:
    """Delete the offers of a locked checkout that ended without having been shown.

    Repeated changes of the tickets so leave no rows behind. Offers that were shown are evidence and
    stay. The caller reads ``earlier_offers`` first, and copies the turns of the checkout's pages.
    """
    unseen = Offer.objects.filter(checkout_token=token, status__in=_ENDED, shown_at=None)
    unheld = unseen.filter(order_id=None, is_notice_due=False, consents=None, cover=None)
    unheld.delete()


def is_notice_due(token: uuid.UUID) -> bool:
    """Return True if the shopper has not been told yet that a yes of this checkout ended."""
    return bool(_due_notices().rows(token))


@cache
def _due_notices() -> CompiledQuery:
    due = Offer.objects.filter(checkout_token=KEY, is_notice_due=True)
    return CompiledQuery(due.order_by().values("pk"))


def take_notice(token: uuid.UUID) -> bool:
    """Return what ``is_notice_due`` does, and mark the shopper as told."""
    noticed = Offer.objects.filter(checkout_token=token, is_notice_due=True)
    return noticed.update(is_notice_due=False) > 0


def clear_lines(checkout: Any) -> None:
    """Remove every cover line from a locked checkout; the caller writes its summary."""
    lines = cover_line.lines_of(checkout)
    if lines:
        take_out(checkout, (line.id for line in lines))


def take_out(checkout: Any, line_ids: Iterable[uuid.UUID]) -> None:
    """Remove lines from a locked checkout; the caller writes its summary.

    A legacy payment created for the total with these lines is cancelled.
    """
    cover_line.remove(line_ids)
    cover_line.recalculate(checkout)
    announced_payments.follow_total(checkout)


def keep_summary_right(token: uuid.UUID, offer: LiveOffer | None, found: str | None) -> None:
    """Correct a summary that was just read (``found``) if it does not fit this live offer."""
    if right_in_checkout(offer, found) != found:
        put_summary_right(token)


def put_summary_right(token: uuid.UUID) -> None:
    """Correct the public summary of a checkout if it does not fit its live offer.

    The checkout is locked only if there is something to correct. Saleor calls no hook for it.
    """
    if _right_summary(token) is None:
        return
    with checkouts.locked(token) as checkout:
        right = _right_summary(token)
        if checkout is not None and right is not None:
            metadata.write_checkout_summary(token, right)


def _right_summary(token: uuid.UUID) -> str | None:
    """Return the right summary of the checkout, or None if it has it already."""
    found = metadata.checkout_summary(token)
    right = right_in_checkout(read_live_offer(token), found)
    return None if right == found else right


def insures_nothing(offer: Offer | LiveOffer) -> bool:
    """Return True for a yes that would insure nothing in an order of the checkout as it is.

    Such a yes is kept only because payment has begun.
    """
    return offer.status == OfferStatus.SELECTED and bool(offer.reason_code)


def summarise(token: uuid.UUID, state: str, **details: str) -> None:
    """Write the public summary of a checkout's cover, as ``summary`` builds it."""
    metadata.write_checkout_summary(token, summary(state, **details))


def summarise_yes(offer: Offer) -> None:
    """Write into the checkout's public summary that the shopper said yes, with the premium."""
    said = yes(Money(chosen_premium(offer), offer.currency))
    metadata.write_checkout_summary(offer.checkout_token, said)


def is_fresh(offer: Offer | LiveOffer, now: datetime) -> bool:
    """Return True if the offer is still valid at ``now`` (UTC)."""
    return offer.valid_until is not None and now < offer.valid_until


def refuse_while_waiting(offer: Offer, now: datetime) -> None:
    """Raise ``Refusal`` while another request is under way, or soon after one that failed."""
    if offer.leased_until is None or offer.leased_until <= now:
        return
    if offer.status == OfferStatus.REQUESTED:
        raise Refusal(Code.OFFER_PENDING)
    if offer.status == OfferStatus.UNAVAILABLE:
        raise Refusal(_reason_of(offer))


def _reason_of(offer: Offer) -> Code:
    """Return why there is no offer; another version may have stored a code unknown to this one."""
    return Code(offer.reason_code) if offer.reason_code in list(Code) else Code.NO_OFFER
