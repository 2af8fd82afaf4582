"""The operation that confirms an offer and makes it a booking."""

from collections.abc import Callable
from typing import Any

from .agreed import require_agreed
from .booking_responses import booking_response
from .jsontext import Json
from .offers import UNKNOWN_OFFER, price, price_drift
from .operation import Incoming, OperationResponse
from .payloads import REQUIRED, read_policyholder
from .product_rules import breach_of
from .refusals import Refusal, confirm_rule, field_errors, not_found
from .store import BookedQuote, Booking, Email, Offer, Product, Store

Refuse = Callable[[str], Refusal]


def confirm(store: Store, incoming: Incoming) -> OperationResponse:
    """Turn an offer into a booking.

    A confirmed offer, an unknown or repeated quote, a breach of the product rules and an
    unsupported payment provider are refused with 422.

    Source:
    https://partner-docs.covergenius.com/offers/vertical-examples/events-tickets/confirm-offer
    """
    offer = store.offers.get(incoming.path["offer_id"])
    if offer is None:
        raise not_found(UNKNOWN_OFFER)

    def refuse(sentence: str) -> Refusal:
        return confirm_rule(sentence, offer.id, error_version_2=incoming.error_version_2)

    if offer.booking_id:
        raise refuse(
            f"Booking already exists for fast_quote_id {offer.id}. INS number: {offer.booking_id}"
        )
    body = incoming.body
    chosen = _chosen(offer, body.get("quotes"), store.settings.agreed_schemas, refuse)
    holder = read_policyholder(body.get("policyholder"))
    _check_payment(store, body.get("payment_details"), refuse)
    transaction = body.get("partner_transaction_id")
    if not isinstance(transaction, str | None):
        raise field_errors({"partner_transaction_id": ["Not a valid string."]})
    booking = _book(store, offer, chosen, incoming)
    booking.policyholder = holder.model_dump(mode="json")
    booking.partner_transaction_id = transaction
    offer.booking_id = booking.id
    store.bookings[booking.id] = booking
    store.emails.append(Email(booking.id, "BOOKING_CREATED", holder.email, booking.created_at))
    return OperationResponse(200, booking_response(store, booking), ("BOOKING_CREATED", booking.id))


def _chosen(offer: Offer, quotes: Any, schemas: Json, refuse: Refuse) -> list[tuple[Product, Any]]:
    if not isinstance(quotes, list) or not quotes:
        raise field_errors({"quotes": [REQUIRED]})
    offered = {product.quote_id: product for product in offer.products}
    chosen: dict[str, tuple[Product, Any]] = {}
    for quote in quotes:
        quote_id = quote.get("id") if isinstance(quote, dict) else None
        if not isinstance(quote_id, str):
            raise field_errors({"quotes": [{"id": [REQUIRED]}]})
        if quote_id not in offered:
            raise refuse(f"Quote {quote_id} does not exist in fast_quote_id {offer.id}")
        if "insured" in schemas or "insured" in quote:
            require_agreed(schemas, "insured", quote.get("insured"))
        if quote_id in chosen:
            raise refuse(f"Quote {quote_id} is listed twice")
        chosen[quote_id] = (offered[quote_id], quote.get("insured"))
    if breach := breach_of(offer.rules, chosen.keys()):
        raise refuse(breach)
    return list(chosen.values())


def _check_payment(store: Store, details: Any, refuse: Refuse) -> None:
    if details is None:
        return
    provider = details.get("provider") if isinstance(details, dict) else None
    if provider not in store.settings.payment_providers:
        raise refuse(f"Payment provider {provider!r} is not supported")


def _book(
    store: Store, offer: Offer, chosen: list[tuple[Product, Any]], incoming: Incoming
) -> Booking:
    now, drift = store.now(), price_drift(incoming)
    quotes = [
        BookedQuote(
            id=product.quote_id,
            event=product.event,
            premium=price(store, [], offer.currency, product.premium.total + drift)
            if drift and index == 0
            else product.premium,
            policy_start=now
            if store.settings.policy_starts_with == "purchase"
            else product.event.start,
            created_at=now,
            confirmed_at=now,
            updated_at=now,
            insured=insured,
        )
        for index, (product, insured) in enumerate(chosen)
    ]
    return Booking(
        id=store.ids.booking(),
        offer_id=offer.id,
        currency=offer.currency,
        language=offer.language,
        policyholder={},
        quotes=quotes,
        partner_transaction_id=None,
        booking_agent=incoming.body.get("booking_agent"),
        security_token=store.ids.token(),
        account_id=store.ids.uuid(),
        created_at=now,
        updated_at=now,
    )
