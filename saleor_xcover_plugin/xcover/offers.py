"""The answer to create offer: prices and texts joined by product id."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from ..domain.product_rules import Rule
from .plain_text import plain_text_of, whole_text
from .product_rules import RulesUnreadable, read_rules
from .values import (
    Amount,
    AnswerModel,
    Currency,
    Identifier,
    Link,
    Moment,
    Points,
    SoftAmount,
    SoftIdentifier,
    Text,
    first_text,
    items,
    mapping,
)


class OfferedQuote(AnswerModel):
    """One product of an offer. ``premium`` is with tax and for all tickets together."""

    id: Identifier
    title: Text = ""
    description: Text = ""
    premium: Amount
    premium_without_tax: SoftAmount = None
    tax: SoftAmount = None
    price_formatted: Text = ""
    pds_url: Link = None
    starts_at: Moment = None
    ends_at: Moment = None
    policy_version_id: SoftIdentifier = None
    disclaimer: Text = ""
    terms: Text = ""
    badge: Text = ""
    benefits: Points = ()
    inclusions: Points = ()
    exclusions: Points = ()


class Offer(AnswerModel):
    """What XCover offers for a basket. Every call returns new ids, also for equal baskets.

    Texts are plain: HTML variants were reduced to their words and link targets.
    """

    id: Identifier
    currency: Currency
    quotes: tuple[OfferedQuote, ...]
    rules: tuple[Rule, ...] = ()
    unreadable_rules: tuple[str, ...] = ()
    """Places in ``product_rules`` nobody can read; then nothing of the offer may be sold."""
    heading: Text = ""
    title: Text = ""
    sub_heading: Text = ""
    description: Text = ""
    disclaimer: Text = ""
    extras: Points = ()
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
        """Bring ``products`` and ``content.products`` together; an absent content is no text."""
        products = mapping(data).get("products")
        if not isinstance(products, list):
            raise ValueError("products are missing")
        content = mapping(data.get("content"))
        texts = {
            item["id"]: item
            for item in map(mapping, items(content.get("products")))
            if isinstance(item.get("id"), str)
        }
        return {
            "id": data.get("id"),
            "currency": data.get("currency"),
            **_rules(data.get("product_rules")),
            "heading": first_text(content.get("heading"), content.get("title")),
            "title": content.get("title"),
            "sub_heading": content.get("sub_heading"),
            "description": content.get("description"),
            "disclaimer": whole_text(content.get("disclaimer"), content.get("disclaimer_html")),
            "extras": content.get("extras"),
            "accept_label": content.get("positive_cta"),
            "decline_label": content.get("negative_cta"),
            "decline_warning": content.get("negative_cta_warning"),
            "required_message": content.get("required_message"),
            "credibility_message": content.get("credibility_message"),
            "price_unit": content.get("price_unit"),
            "locale": content.get("locale"),
            "quotes": [_quote(mapping(product), texts) for product in products],
        }


def _rules(data: Any) -> dict[str, Any]:
    try:
        return {"rules": read_rules(data)}
    except RulesUnreadable as error:
        return {"unreadable_rules": error.places}


def _quote(product: Any, all_texts: dict[str, Any]) -> dict[str, Any]:
    quote_id = product.get("id")
    texts = all_texts.get(quote_id, {}) if isinstance(quote_id, str) else {}
    details = mapping(product.get("details"))
    finance = mapping(details.get("finance"))
    price = mapping(finance.get("price"))
    return {
        "id": quote_id,
        "title": first_text(texts.get("title"), product.get("name")),
        "description": texts.get("description"),
        "premium": price.get("total_amount"),
        "premium_without_tax": price.get("total_amount_without_tax"),
        "price_formatted": price.get("total_amount_formatted"),
        "tax": mapping(finance.get("tax")).get("total_amount"),
        "pds_url": details.get("pds_url"),
        "starts_at": details.get("start_date"),
        "ends_at": details.get("end_date"),
        "policy_version_id": details.get("policy_version_id"),
        "disclaimer": whole_text(texts.get("disclaimer"), texts.get("disclaimer_html")),
        "terms": plain_text_of(texts.get("terms_cta_html")),
        "badge": texts.get("credibility_badge"),
        "benefits": texts.get("benefits") or details.get("benefits"),
        "inclusions": texts.get("inclusions"),
        "exclusions": texts.get("exclusions"),
    }
