"""What the shopper is shown, as stored evidence: plain texts, prices, links. No HTML."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
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


def hash_of(content: Mapping[str, Any]) -> str:
    """Return the hash an answer names, so that what was shown cannot be changed afterwards."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def terms_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the shown content a shopper agrees to: all but XCover's ids of this one offer.

    Links to wordings carry such ids; the policy version says whether the wording is another.
    Without a version the link itself counts.
    """
    quotes = [
        {
            name: value
            for name, value in quote.items()
            if name != "id" and not (name == "pds_url" and quote["policy_version"])
        }
        for quote in content.get("quotes", ())
    ]
    return {**content, "quotes": quotes}
