"""The response to an offer request, with the prices and texts of each product joined by its id.

The documentation names the parts of a response, and recordings show their form. Sources:
https://partner-docs.covergenius.com/offers/guides/purchase-workflow-overview/create-offer and
https://github.com/highbrowse-co/realcheap
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import model_validator

from ..domain.product_rules import Rule
from .product_rules import RulesUnreadable, read_rules
from .text_fields import Points, TextFields
from .values import (
    Amount,
    Currency,
    Identifier,
    Link,
    Moment,
    PathIdentifier,
    ResponseModel,
    SoftAmount,
    SoftIdentifier,
    Text,
    items,
    mapping,
    text_of,
)

_OFFER_TEXTS = {
    "heading": "heading",
    "title": "title",
    "sub_heading": "sub_heading",
    "description": "description",
    "disclaimer": "disclaimer",
    "accept_label": "positive_cta",
    "decline_label": "negative_cta",
    "decline_warning": "negative_cta_warning",
    "required_message": "required_message",
    "credibility_message": "credibility_message",
    "price_unit": "price_unit",
}
_QUOTE_TEXTS = {
    "title": "title",
    "description": "description",
    "disclaimer": "disclaimer",
    "terms": "terms_cta",
    "badge": "credibility_badge",
}
"""XCover's names of texts by ours; each may have an HTML variant, such as ``disclaimer_html``."""

_LISTS = ("benefits", "inclusions", "exclusions")


class _Worded(ResponseModel):
    """Base class of an offer and its products, which both have texts for the shopper."""

    extras: Points = ()
    """The texts of ``extras`` and of fields this version does not know."""
    unreadable_texts: tuple[str, ...] = ()
    """Places in ``content`` that could not be read completely; the offer must not be sold."""
    overlong_texts: tuple[str, ...] = ()
    """Places in ``content`` whose text is too long; the offer must not be sold."""


class TaxPart(ResponseModel):
    """One kind of tax in a premium, in the offer's currency."""

    kind: Text
    """XCover's name of it, such as IPT."""
    amount: Decimal


class OfferedQuote(_Worded):
    """One product of an offer. Amounts are in the offer's currency."""

    id: Identifier
    title: Text = ""
    description: Text = ""
    premium: Amount
    """With tax, for all tickets together."""
    premium_without_tax: SoftAmount = None
    tax: SoftAmount = None
    taxes: tuple[TaxPart, ...] = ()
    """The kinds of the tax; empty unless XCover named all of them."""
    price_formatted: Text = ""
    """The premium as XCover writes it."""
    pds_url: Link = None
    """Link to the policy wording."""
    starts_at: Moment = None
    ends_at: Moment = None
    policy_version_id: SoftIdentifier = None
    disclaimer: Text = ""
    terms: Text = ""
    """Text of the link to the terms."""
    badge: Text = ""
    """A rating or similar claim."""
    benefits: Points = ()
    inclusions: Points = ()
    exclusions: Points = ()


class Offer(_Worded):
    """XCover's offer for a basket.

    Every call returns new ids, also for equal baskets. Texts are plain text: markup was reduced to
    its words and link targets.
    """

    id: PathIdentifier
    currency: Currency
    quotes: tuple[OfferedQuote, ...]
    rules: tuple[Rule, ...] = ()
    unreadable_rules: tuple[str, ...] = ()
    """Places in ``product_rules`` that could not be read; the offer must not be sold."""
    heading: Text = ""
    title: Text = ""
    sub_heading: Text = ""
    description: Text = ""
    disclaimer: Text = ""
    accept_label: Text = ""
    decline_label: Text = ""
    decline_warning: Text = ""
    required_message: Text = ""
    credibility_message: Text = ""
    price_unit: Text = ""
    locale: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _join(cls, data: Any) -> Any:
        """Join ``products`` and ``content.products``; without ``content`` all texts are empty."""
        products = mapping(data).get("products")
        if not isinstance(products, list):
            raise ValueError("products are missing")
        texts = TextFields("content", data.get("content"))
        by_id = _by_id(texts)
        return {
            "id": data.get("id"),
            "currency": data.get("currency"),
            **_rules(data.get("product_rules")),
            **_offer_texts(texts),
            "locale": texts.fields.get("locale"),
            "quotes": [_quote(mapping(product), by_id) for product in products],
        }


def _rules(data: Any) -> dict[str, Any]:
    try:
        return {"rules": read_rules(data)}
    except RulesUnreadable as error:
        return {"unreadable_rules": error.places}


def _offer_texts(texts: TextFields) -> dict[str, Any]:
    found = {ours: texts.text(name) for ours, name in _OFFER_TEXTS.items()}
    found["heading"] = found["heading"] or found["title"]
    return {**found, "extras": texts.points("extras") + texts.rest(), **_problems(texts)}


def _problems(texts: TextFields) -> dict[str, Any]:
    return {
        "unreadable_texts": tuple(texts.unreadable),
        "overlong_texts": tuple(texts.overlong),
    }


def _by_id(texts: TextFields) -> dict[str, TextFields]:
    """Return the texts of products by id; an entry without id, or with a known one, is noted."""
    found: dict[str, TextFields] = {}
    products = texts.take("products") or []
    is_list = isinstance(products, list)
    for index, item in enumerate(products if is_list else []):
        quote_id = mapping(item).get("id")
        if not isinstance(quote_id, str) or quote_id in found:
            texts.unreadable.append(f"content.products.{index}")
        else:
            found[quote_id] = TextFields(f"content.products.{index}", item)
    if not is_list:
        texts.unreadable.append("content.products")
    return found


def _taxes(tax: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the kinds of a tax if all are named and add up to it.

    A single kind is all of it: in the recorded yen it has decimals that the total has not.
    """
    parts = [mapping(part) for part in items(tax.get("breakdown"))]
    found: list[dict[str, Any]] = [
        {"kind": text_of(part.get("tax_code")), "amount": part.get("tax_amount")} for part in parts
    ]
    total = tax.get("total_amount")
    if len(found) == 1:
        found[0]["amount"] = total
    amounts = [part["amount"] for part in found]
    if not all(part["kind"] for part in found) or not all(map(_is_amount, [total, *amounts])):
        return []
    return found if sum(amounts, Decimal(0)) == total else []


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0


def _quote(product: Any, by_id: Mapping[str, TextFields]) -> dict[str, Any]:
    quote_id = product.get("id")
    texts = by_id.get(quote_id) if isinstance(quote_id, str) else None
    texts = texts or TextFields("content.products", None)
    details = mapping(product.get("details"))
    finance = mapping(details.get("finance"))
    price = mapping(finance.get("price"))
    found: dict[str, Any] = {ours: texts.text(name) for ours, name in _QUOTE_TEXTS.items()}
    # Benefits are documented in both places; recorded responses fill neither.
    benefits = texts.points("benefits", details.get("benefits"))
    lists = {name: texts.points(name) for name in _LISTS if name != "benefits"}
    return {
        "id": quote_id,
        **found,
        "title": found["title"] or texts.text_from("title", product.get("name")),
        "premium": price.get("total_amount"),
        "premium_without_tax": price.get("total_amount_without_tax"),
        "price_formatted": price.get("total_amount_formatted"),
        "tax": mapping(finance.get("tax")).get("total_amount"),
        "taxes": _taxes(mapping(finance.get("tax"))),
        "pds_url": details.get("pds_url"),
        "starts_at": details.get("start_date"),
        "ends_at": details.get("end_date"),
        "policy_version_id": details.get("policy_version_id"),
        "benefits": benefits,
        **lists,
        "extras": texts.points("extras") + texts.rest(),
        **_problems(texts),
    }
