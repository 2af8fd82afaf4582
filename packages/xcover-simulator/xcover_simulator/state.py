"""The state of the simulator as JSON, for ``GET /_simulator``."""

from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

from .booking_responses import amounts, live_total, stamp
from .faults import OPERATIONS, UNKNOWN
from .jsontext import Json
from .store import Booking, Offer, Store


def state(store: Store) -> Json:
    """Return the complete state of the simulator; secrets are hidden."""
    return {
        "simulated": True,
        "now": stamp(store.now()),
        "settings": _plain(store.settings.shown()),
        "operations": [*OPERATIONS, UNKNOWN],
        "counts": store.counts(),
        "throttled": store.throttle.shown(),
        "calls": _plain(store.calls),
        "offers": [_offer(offer) for offer in store.offers.values()],
        "bookings": [_booking(booking) for booking in store.bookings.values()],
        "opt_outs": _plain(list(store.opt_outs.values())),
        "cancellations": _plain(list(store.cancellations.values())),
        "updates": _plain(list(store.updates.values())),
        "emails": _plain(store.emails),
        "webhooks": _plain(store.webhooks),
        "faults": _plain(store.faults.shown()),
    }


def _offer(offer: Offer) -> Json:
    quotes = [
        {"id": product.quote_id, "event": product.event.name, "price": product.premium.total}
        for product in offer.products
    ]
    return {
        "id": offer.id,
        "currency": offer.currency,
        "language": offer.language,
        "schema": offer.schema,
        "created_at": stamp(offer.created_at),
        "booking_id": offer.booking_id,
        "quotes": quotes,
        "product_rules": offer.rules,
    }


def _booking(booking: Booking) -> Json:
    quotes = [
        {
            "id": quote.id,
            "status": quote.status,
            "price": quote.premium.total,
            "event": _plain(quote.event),
            "cancelled_at": stamp(quote.cancelled_at),
            "reason_for_cancellation": quote.reason,
        }
        for quote in booking.quotes
    ]
    return {
        "id": booking.id,
        "offer_id": booking.offer_id,
        "status": booking.status,
        "currency": booking.currency,
        **amounts(booking.currency, total_price=live_total(booking, "total")),
        "partner_transaction_id": booking.partner_transaction_id,
        "policyholder": booking.policyholder,
        "created_at": stamp(booking.created_at),
        "updated_at": stamp(booking.updated_at),
        "quotes": quotes,
    }


def _plain(value: Any) -> Any:
    """Return ``value`` as JSON types; times become text, Decimal is kept."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return stamp(value) if isinstance(value, datetime) else value
