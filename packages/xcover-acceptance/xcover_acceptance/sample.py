"""Sample data of the cases: invented events and an invented policyholder."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from saleor_xcover_plugin.domain.tickets import Basket, Buyer, Event, Tickets

EMAIL = "go-live@example.com"
"""E-mail address of the policyholder."""
OTHER_EMAIL = "go-live.changed@example.com"
"""Address to which the correction case changes it."""


def basket(currency: str, country: str, language: str, now: datetime, *, events: int = 1) -> Basket:
    """Return a basket of two tickets at 100.00 in ``currency`` for each event.

    The first event starts sixty days after ``now``, each further one sixty days later.
    """
    return Basket(
        tuple(_tickets(number, country, now) for number in range(1, events + 1)),
        currency=currency,
        country=country,
        language=language,
    )


def policyholder(country: str) -> Buyer:
    """Return the policyholder of every case. The domain and the number are reserved for tests."""
    return Buyer(
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
