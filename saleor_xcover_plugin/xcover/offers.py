"""The answer to create offer: prices and texts joined by product id."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from .values import (
    Amount,
    AnswerModel,
    Currency,
    Identifier,
    Link,
    Moment,
    SoftAmount,
    SoftIdentifier,
    Text,
    Texts,
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
    disclaimer_html: Text = ""
    """As XCover wrote it: sanitise it or do not show it."""
    benefits: Texts = ()
    inclusions: Texts = ()
    exclusions: Texts = ()


class Offer(AnswerModel):
    """What XCover offers for a basket. Every call returns new ids, also for equal baskets."""

    id: Identifier
    currency: Currency
    quotes: tuple[OfferedQuote, ...]
    heading: Text = ""
    description: Text = ""
    disclaimer: Text = ""
    disclaimer_html: Text = ""
    """As XCover wrote it: sanitise it or do not show it."""
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
            "heading": first_text(content.get("heading"), content.get("title")),
            "description": content.get("description"),
            "disclaimer": content.get("disclaimer"),
            "disclaimer_html": content.get("disclaimer_html"),
            "locale": content.get("locale"),
            "quotes": [_quote(mapping(product), texts) for product in products],
        }


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
        "disclaimer": texts.get("disclaimer"),
        "disclaimer_html": texts.get("disclaimer_html"),
        "benefits": texts.get("benefits") or details.get("benefits"),
        "inclusions": texts.get("inclusions"),
        "exclusions": texts.get("exclusions"),
    }
