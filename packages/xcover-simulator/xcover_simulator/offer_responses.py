"""Offer responses: the shape captured for a retail product, filled with the simulator's texts."""

from collections.abc import Mapping, Sized
from html import escape

from .booking_responses import PDS_PATH, POLICY_VERSION, amounts, pds_url, without_zone
from .jsontext import Json
from .pricing import formatted
from .settings import Settings
from .store import Offer, Product

# The disclaimer of every simulated offer, as plain text.
DISCLAIMER = (
    "By adding protection I confirm that I have read the policy wording. "
    "This offer is simulated and insures nothing."
)
_INCLUSIONS = {
    "Illness or injury": "You cannot attend because of an unexpected illness or injury.",
    "Transport": "Your public transport to the venue breaks down or is late.",
}
_EXCLUSIONS = {
    "Cancelled events": "Events that the organiser cancels or moves.",
    "Change of mind": "You simply no longer wish to attend.",
}
_BENEFITS = {"Ticket price": "Up to the full price of your tickets."}
_SECOND_BENEFITS = {**_BENEFITS, "Travel": "Up to the price of the journey to the venue."}
_TITLES = {1: "Ticket protection", 2: "Ticket and travel protection"}


def offer_response(settings: Settings, offer: Offer, query: Mapping[str, str]) -> Json:
    """Return the body of a create offer response.

    The query parameters ``include_content`` and ``extra_fields`` select parts of it.
    ``active_only`` and ``exclude_offer_ids`` have no effect: every offer is active and new.
    """
    extra = set(query.get("extra_fields", "").split(","))
    response: Json = {
        "id": offer.id,
        "session_id": offer.session_id,
        "offer_config_id": OFFER_CONFIG_ID,
        "offer_schema": offer.schema,
        "currency": offer.currency,
        "products": [_product(settings, offer, product, extra) for product in offer.products],
    }
    include = query.get("include_content", "true").lower() not in ("false", "0")
    if include and settings.content_present:
        response["content"] = content_of(settings, offer)
    response["product_rules"] = offer.rules
    response["errors"] = {}
    return response


OFFER_CONFIG_ID = "5eed0000-0000-4000-8000-00000000000f"
"""Id of the configuration behind every simulated offer."""


def product_config_id(index: int) -> str:
    """Return the id of the configuration behind the product at ``index`` of an offer."""
    return f"5eed0000-0000-4000-8000-{index + 16:012x}"


def _product(settings: Settings, offer: Offer, product: Product, extra: set[str]) -> Json:
    currency, premium, event = offer.currency, product.premium, product.event
    start = event.start if settings.policy_starts_with == "event" else offer.created_at
    taxes = {"tax_code": "IPT", **amounts(currency, tax_amount=premium.tax)}
    asked = premium.commission if "commission" in extra else None
    wording = pds_url(settings, offer.id, product.quote_id) if settings.pds_url_present else None
    benefits = [{"description": f"{name}: {text}"} for name, text in _BENEFITS.items()]
    return {
        "id": product.quote_id,
        "product_config_id": product.product_config_id,
        "name": "simulated-ticket-protection",
        "type": None,
        "schema_url": None,
        "details": {
            "policy_version_id": POLICY_VERSION,
            "start_date": without_zone(start),
            "end_date": without_zone(event.end or event.start),
            "finance": {
                "price": amounts(
                    currency,
                    total_amount=premium.total,
                    total_amount_without_tax=premium.net,
                    total_amount_min=None,
                    total_amount_max=None,
                ),
                "tax": {**amounts(currency, total_amount=premium.tax), "breakdown": [taxes]},
                "surcharge": amounts(currency, total_amount=None),
                "commission": amounts(currency, total_amount=asked),
            },
            "pds_url": wording,
            "files": [],
            "extra_fields": {},
            "experiment": {},
            "benefits": benefits if "benefits" in extra else [],
        },
    }


def content_of(settings: Settings, offer: Offer) -> Json:
    """Return all texts of an offer, with the changes ordered in the settings applied."""
    return _changed(_content(settings, offer), settings)


def _content(settings: Settings, offer: Offer) -> Json:
    return {
        "schema_version": "content:1.0",
        "locale": offer.language,
        "slug": "simulated-ticket-protection-offer",
        "title": "Simulated ticket protection",
        "extras": {"Claims": "Claims are made online and answered within days."},
        "heading": "Protect your tickets",
        "disclaimer": DISCLAIMER,
        "price_unit": "",
        "description": "Get your money back when you cannot go.",
        "sub_heading": "N/A",
        "negative_cta": "No, thank you",
        "positive_cta": "Add protection",
        "disclaimer_html": _disclaimer_html(settings),
        "required_message": "Please choose",
        "credibility_message": "Simulated: trusted by nobody yet",
        "negative_cta_warning": "Without protection the tickets are not refunded.",
        "products": [
            {**_product_content(offer, product), "disclaimer_html": _disclaimer_html(settings)}
            for product in offer.products
        ],
    }


def _changed(content: Json, settings: Settings) -> Json:
    """Return ``content`` with the texts of the settings; ids are never overwritten."""
    products = content["products"]
    for product, changes in zip(products, settings.product_content_changes, strict=False):
        product |= {name: text for name, text in changes.items() if "id" not in name.split("_")}
    return {**content, **settings.content_changes, "products": products}


def _disclaimer_html(settings: Settings) -> str:
    return (
        '<p data-block-key="sim01">By adding protection I confirm that I have read the '
        f'<a href="{escape(settings.site)}{PDS_PATH}" target="_blank" rel="noopener">policy '
        "wording</a>. <strong>This offer is simulated and insures nothing.</strong></p>"
    )


def _product_content(offer: Offer, product: Product) -> Json:
    event = product.event
    price = formatted(product.premium.total, offer.currency)
    return {
        "id": product.quote_id,
        "product_config_id": product.product_config_id,
        "slug": "simulated-ticket-protection",
        "locale": offer.language,
        "title": f"{_TITLES[product.plan]} for {event.name}",
        "benefits": dict(_BENEFITS) if product.plan == 1 else dict(_SECOND_BENEFITS),
        "disclaimer": DISCLAIMER,
        "exclusions": dict(_EXCLUSIONS),
        "inclusions": dict(_INCLUSIONS),
        "description": f"{price} for {counted(event.tickets)}.",
        "terms_cta_html": f"<p>Terms for <em>{escape(event.name)}</em></p>",
        "credibility_badge": "",
    }


def counted(tickets: Sized) -> str:
    """Return ``1 ticket`` or ``2 tickets``."""
    return "1 ticket" if len(tickets) == 1 else f"{len(tickets)} tickets"
