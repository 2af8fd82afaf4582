"""Build the content of an offer that is shown and stored: texts, prices and links without HTML."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..domain.product_rules import Group, groups_to_show
from ..errors import Code, Refusal
from ..xcover.offers import Offer as OfferResponse
from ..xcover.offers import OfferedQuote
from ..xcover.texts import MAX_OFFER_LENGTH, Point


def shown_groups(response: OfferResponse, *, event_count: int) -> tuple[Group, ...]:
    """Return the groups of products that may be shown by the offer's product rules.

    ``event_count`` is the number of different events in the basket. Raise ``Refusal`` when a rule
    cannot be read or obeyed, or when the rules leave nothing to sell. The rules are described in
    https://partner-docs.covergenius.com/offers/guides/product-groups-and-rules
    """
    if response.unreadable_rules:
        raise Refusal(Code.RULE_UNREADABLE, response.unreadable_rules)
    ids = [quote.id for quote in response.quotes]
    return groups_to_show(response.rules, ids, event_count=event_count)


def check_texts(response: OfferResponse, groups: Sequence[Group]) -> None:
    """Check that all texts to be shown could be read and are not too long.

    Texts of hidden products are ignored. Raise ``Refusal`` (``TEXT_UNREADABLE`` or
    ``TEXT_TOO_LONG``) that names the places of the others.
    """
    shown = _shown(response, groups)
    unreadable = [place for part in (response, *shown) for place in part.unreadable_texts]
    if unreadable:
        raise Refusal(Code.TEXT_UNREADABLE, tuple(unreadable))
    overlong = [place for part in (response, *shown) for place in part.overlong_texts]
    if not overlong and _length_of(displayed_content(response, groups)) > MAX_OFFER_LENGTH:
        overlong = ["content"]
    if overlong:
        raise Refusal(Code.TEXT_TOO_LONG, tuple(overlong))


def _shown(response: OfferResponse, groups: Sequence[Group]) -> list[OfferedQuote]:
    shown = {quote_id for group in groups for quote_id in group.quote_ids}
    return [quote for quote in response.quotes if quote.id in shown]


def _length_of(content: Any) -> int:
    if isinstance(content, Mapping):
        content = list(content.values())
    if isinstance(content, list):
        return sum(map(_length_of, content))
    return len(content) if isinstance(content, str) else 0


def displayed_content(response: OfferResponse, groups: Sequence[Group]) -> dict[str, Any]:
    """Return all texts that XCover sends for the shopper, and the quotes that may be chosen.

    This includes more than XCover's guide requires:
    https://partner-docs.covergenius.com/offers/guides/displaying-the-quote
    Products in none of the ``groups`` are hidden and left out. Premiums are decimal texts in the
    offer's currency.
    """
    shown = _shown(response, groups)
    return {
        "heading": response.heading,
        "title": response.title,
        "sub_heading": response.sub_heading,
        "description": response.description,
        "disclaimer": response.disclaimer,
        "extras": _listed((*response.extras, *_extras_of(shown))),
        "accept_label": response.accept_label,
        "decline_label": response.decline_label,
        "decline_warning": response.decline_warning,
        "required_message": response.required_message,
        "credibility_message": response.credibility_message,
        "price_unit": response.price_unit,
        "currency": response.currency,
        "groups": [asdict(group) | {"quote_ids": list(group.quote_ids)} for group in groups],
        "quotes": [_quote(quote, response) for quote in shown],
    }


def _extras_of(quotes: Sequence[OfferedQuote]) -> Iterator[Point]:
    """Yield the extras of the products; if several are shown, labels begin with the product."""
    for quote in quotes:
        for point in quote.extras:
            named = (quote.title if len(quotes) > 1 else "", point.label)
            yield Point(label=": ".join(filter(None, named)), text=point.text)


def _quote(quote: OfferedQuote, response: OfferResponse) -> dict[str, Any]:
    return {
        "id": quote.id,
        "title": quote.title,
        "description": quote.description,
        "premium": str(quote.premium),
        "benefits": _listed(quote.benefits),
        "inclusions": _listed(quote.inclusions),
        "exclusions": _listed(quote.exclusions),
        "disclaimer": quote.disclaimer or response.disclaimer,
        "terms": quote.terms,
        "badge": quote.badge,
        "pds_url": quote.pds_url,
        "policy_version": quote.policy_version_id or "",
    }


def _listed(points: Sequence[Point]) -> list[dict[str, str]]:
    return [{"label": point.label, "text": point.text} for point in points]


def hash_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 hash of the content, which a shopper's answer must name."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


_NO_TERMS = frozenset(("quotes", "groups", "credibility_message", "price_unit"))
"""Content that is not part of the terms, or that belongs to the terms of single quotes."""


def terms_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts a shopper agrees to whatever is chosen: those of the offer as a whole."""
    return {name: value for name, value in content.items() if name not in _NO_TERMS}


def terms_of_quote(quote: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts a shopper agrees to by choosing a quote, without ids of this one offer.

    The link to the policy wording contains such ids, so the policy version is compared instead.
    Without a version the link itself is part of the terms.
    """
    has_version = bool(quote.get("policy_version"))
    left_out = {"id", "badge", "pds_url"} if has_version else {"id", "badge"}
    return {name: value for name, value in quote.items() if name not in left_out}
