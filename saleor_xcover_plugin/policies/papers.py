"""Facts about its protection in an order's public metadata, for the store's papers.

Each fact is a text under a key of its own, because templates of e-mails and invoices read metadata
key by key (docs/papers.md). Buyers cannot write an order's metadata, but Saleor copies it from the
checkout, where they can; so what is not ours is removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ..domain.money import Money
from ..domain.states import CoverStatus
from ..models import Cover, Quote
from ..xcover.links import without_token

_WORDS: Mapping[CoverStatus, str] = {
    CoverStatus.PLACED: "pending",
    CoverStatus.CONFIRMING: "pending",
    CoverStatus.PARKED: "pending",
    CoverStatus.CONFIRMED: "confirmed",
    CoverStatus.CANCELLING: "confirmed",
    CoverStatus.CANCELLED: "cancelled",
}


def _key(name: str) -> str:
    """Return the key of a fact; all are in ``host.metadata.PAPERS``."""
    return f"xcover_{name}"


def of_row(cover: Cover, *, is_over: bool) -> dict[str, str]:
    """Return the facts that the cover's own row tells; empty if nothing was bought.

    ``is_over`` is True if the buyer's yes is not valid any more.
    """
    word = _WORDS.get(CoverStatus(cover.status))
    if word is None or (is_over and word == "pending"):
        return {}
    facts = {
        "status": word,
        "premium": Money(cover.premium, cover.currency).digits(),
        "currency": cover.currency,
        "policy": cover.booking_id,
        "wording": without_token(cover.pds_url) or "",
    }
    return {_key(name): text for name, text in facts.items() if text}


def of_quotes(cover: Cover) -> dict[str, str]:
    """Return the facts that the chosen quotes tell: the tax in the premium, and the products."""
    chosen = [quote for quote in cover.offer.quotes.all() if quote.is_chosen] if cover.offer else []
    facts = {"products": "; ".join(quote.title for quote in chosen)}
    taxes = [quote.tax for quote in chosen if quote.tax is not None]
    if chosen and len(taxes) == len(chosen):
        facts["tax"] = Money(sum(taxes, Decimal(0)), cover.currency).digits()
        facts["taxes"] = _kinds(chosen, cover.currency)
    return {_key(name): text for name, text in facts.items() if text}


def _kinds(quotes: Sequence[Quote], currency: str) -> str:
    """Return the kinds of tax with their amounts, such as IPT 0.71; empty if any is unknown."""
    if not all(quote.taxes for quote in quotes):
        return ""
    sums: dict[str, Decimal] = {}
    for part in (part for quote in quotes for part in quote.taxes or ()):
        sums[part["kind"]] = sums.get(part["kind"], Decimal(0)) + Decimal(part["amount"])
    return ", ".join(f"{kind} {Money(amount, currency).digits()}" for kind, amount in sums.items())
