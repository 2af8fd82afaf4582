"""Build the content of an offer that is shown and stored: texts, prices and links, no HTML."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..domain.product_rules import Group, groups_to_show
from ..errors import Code, Refusal
from ..xcover.answers import Offer as OfferAnswer
from ..xcover.answers import OfferedQuote, Point
from ..xcover.texts import MAX_OFFER_LENGTH


def shown_groups(answer: OfferAnswer, *, event_count: int) -> tuple[Group, ...]:
    """Judge the product rules of an offer for so many different events.

    Raise ``Refusal`` when nothing may be sold by them.
    """
    if answer.unreadable_rules:
        raise Refusal(Code.RULE_UNREADABLE, answer.unreadable_rules)
    ids = [quote.id for quote in answer.quotes]
    return groups_to_show(answer.rules, ids, event_count=event_count)


def check_texts(answer: OfferAnswer, groups: Sequence[Group]) -> None:
    """Raise ``Refusal`` when something XCover says could not be read, or is too long to be shown.

    Texts of hidden products are not judged: nobody is shown them.
    """
    shown = _shown(answer, groups)
    unreadable = [place for part in (answer, *shown) for place in part.unreadable_texts]
    if unreadable:
        raise Refusal(Code.TEXT_UNREADABLE, tuple(unreadable))
    overlong = [place for part in (answer, *shown) for place in part.overlong_texts]
    if not overlong and _length_of(displayed_content(answer, groups)) > MAX_OFFER_LENGTH:
        overlong = ["content"]
    if overlong:
        raise Refusal(Code.TEXT_TOO_LONG, tuple(overlong))


def _shown(answer: OfferAnswer, groups: Sequence[Group]) -> list[OfferedQuote]:
    shown = {quote_id for group in groups for quote_id in group.quote_ids}
    return [quote for quote in answer.quotes if quote.id in shown]


def _length_of(content: Any) -> int:
    if isinstance(content, Mapping):
        content = list(content.values())
    if isinstance(content, list):
        return sum(map(_length_of, content))
    return len(content) if isinstance(content, str) else 0


def displayed_content(answer: OfferAnswer, groups: Sequence[Group]) -> dict[str, Any]:
    """Collect all texts XCover sends for the shopper, and what may be chosen.

    That is more than the guide asks for: https://partner-docs.covergenius.com/offers/guides/displaying-the-quote
    Products in none of the ``groups`` are hidden and left out.
    """
    shown = _shown(answer, groups)
    return {
        "heading": answer.heading,
        "title": answer.title,
        "sub_heading": answer.sub_heading,
        "description": answer.description,
        "disclaimer": answer.disclaimer,
        "extras": _listed((*answer.extras, *_extras_of(shown))),
        "accept_label": answer.accept_label,
        "decline_label": answer.decline_label,
        "decline_warning": answer.decline_warning,
        "required_message": answer.required_message,
        "credibility_message": answer.credibility_message,
        "price_unit": answer.price_unit,
        "currency": answer.currency,
        "groups": [asdict(group) | {"quote_ids": list(group.quote_ids)} for group in groups],
        "quotes": [_quote(quote, answer) for quote in shown],
    }


def _extras_of(quotes: Sequence[OfferedQuote]) -> Iterator[Point]:
    """Yield the extras of the products; where several are shown, the label says whose they are."""
    for quote in quotes:
        for point in quote.extras:
            named = (quote.title if len(quotes) > 1 else "", point.label)
            yield Point(label=": ".join(filter(None, named)), text=point.text)


def _quote(quote: OfferedQuote, answer: OfferAnswer) -> dict[str, Any]:
    return {
        "id": quote.id,
        "title": quote.title,
        "description": quote.description,
        "premium": str(quote.premium),
        "benefits": _listed(quote.benefits),
        "inclusions": _listed(quote.inclusions),
        "exclusions": _listed(quote.exclusions),
        "disclaimer": quote.disclaimer or answer.disclaimer,
        "terms": quote.terms,
        "badge": quote.badge,
        "pds_url": quote.pds_url,
        "policy_version": quote.policy_version_id or "",
    }


def _listed(points: Sequence[Point]) -> list[dict[str, str]]:
    return [{"label": point.label, "text": point.text} for point in points]


def hash_of(content: Mapping[str, Any]) -> str:
    """Return the hash an answer names, so that what was shown cannot be changed afterwards."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


_NO_TERMS = frozenset(("quotes", "groups", "credibility_message", "price_unit"))
"""Content that is no part of the terms, or is part of the terms of one quote."""


def terms_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a shopper agrees to in any choice: the texts of the offer as a whole."""
    return {name: value for name, value in content.items() if name not in _NO_TERMS}


def terms_of_quote(quote: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a shopper agrees to by choosing a quote: all but XCover's ids of this one offer.

    Links to wordings carry such ids; the policy version says whether the wording is another.
    Without a version the link itself counts.
    """
    has_version = bool(quote.get("policy_version"))
    left_out = {"id", "badge", "pds_url"} if has_version else {"id", "badge"}
    return {name: value for name, value in quote.items() if name not in left_out}
