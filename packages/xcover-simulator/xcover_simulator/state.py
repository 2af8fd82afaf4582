"""What GET /_simulator shows."""

from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

from .answers import amounts, live_total, stamp
from .jsontext import Json
from .store import Booking, Offer, Store


def state(world: Store) -> Json:
    """Return everything the simulator remembers, secrets hidden."""
    return {
        "simulated": True,
        "now": stamp(world.now()),
        "settings": _plain(world.settings.shown()),
        "counts": world.counts(),
        "throttled": world.throttle.shown(),
        "calls": _plain(world.calls),
        "offers": [_offer(offer) for offer in world.offers.values()],
        "bookings": [_booking(booking) for booking in world.bookings.values()],
        "opt_outs": _plain(list(world.opt_outs.values())),
        "cancellations": _plain(list(world.cancellations.values())),
        "updates": _plain(list(world.updates.values())),
        "emails": _plain(world.emails),
        "webhooks": _plain(world.webhooks),
        "faults": _plain(world.faults.shown()),
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
    """Return ``value`` in JSON's types, moments as text, Decimal kept."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return stamp(value) if isinstance(value, datetime) else value
