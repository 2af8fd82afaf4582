"""What is insured in the cases: invented events, and a person nobody is."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from saleor_xcover_plugin.domain.tickets import Basket, Event, Policyholder, Tickets

EMAIL = "go-live@example.com"
OTHER_EMAIL = "go-live.changed@example.com"


def basket(currency: str, country: str, language: str, now: datetime, *, events: int = 1) -> Basket:
    """Two tickets for each of some events, the first in sixty days."""
    return Basket(
        tuple(_tickets(number, country, now) for number in range(1, events + 1)),
        currency=currency,
        country=country,
        language=language,
    )


def policyholder(country: str) -> Policyholder:
    """Return the policyholder of every case; domain and number are kept free for tests."""
    return Policyholder(
        first_name="Go",
        last_name="Live",
        email=EMAIL,
        phone="+14155550100",
        country=country,
        city="Sampletown",
        postcode="10001",
    )


def _tickets(number: int, country: str, now: datetime) -> Tickets:
    starts_at = (now + timedelta(days=60 * number)).replace(minute=0, second=0, microsecond=0)
    event = Event(
        name=f"Acceptance Concert {number}",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        venue="Example Hall",
        city="Sampletown",
        country=country,
    )
    return Tickets(event, count=2, unit_price=Decimal(100), reference=f"go-live-{number}")
