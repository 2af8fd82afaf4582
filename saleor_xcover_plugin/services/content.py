"""What the shopper is shown, as stored evidence: plain texts, prices, links. No HTML."""

from __future__ import annotations

from typing import Any

from ..xcover.answers import Offer as OfferAnswer


def displayed_content(answer: OfferAnswer) -> dict[str, Any]:
    """Collect the parts XCover says a storefront must show (guide "displaying the quote").

    XCover's HTML variants are left out on purpose: third-party HTML is never stored or shown.
    """
    return {
        "heading": answer.heading,
        "disclaimer": answer.disclaimer,
        "currency": answer.currency,
        "quotes": [
            {
                "id": quote.id,
                "title": quote.title,
                "description": quote.description,
                "premium": str(quote.premium),
                "benefits": list(quote.benefits),
                "exclusions": list(quote.exclusions),
                "disclaimer": quote.disclaimer or answer.disclaimer,
                "pds_url": quote.pds_url,
                "policy_version": quote.policy_version_id or "",
            }
            for quote in answer.quotes
        ],
    }
