"""Write a basket as the ``context`` of an offer request; no other module knows the event schema.

The schema of events is not public. The field names here are inferred from
https://partner-docs.covergenius.com/offers/vertical-examples/events-tickets and from recorded
requests of https://github.com/CoverGenius/xcover-python; the store's Client Solutions Engineer
provides the real ones.
"""

from __future__ import annotations

from typing import Any

from ..domain.tickets import Basket, Event, Tickets


def context_of(basket: Basket) -> dict[str, Any]:
    """Return one entry per event, each with one entry per ticket."""
    by_event: dict[Event, list[Tickets]] = {}
    for line in basket.tickets:
        by_event.setdefault(line.event, []).append(line)
    return {"events": [_event(event, lines) for event, lines in by_event.items()]}


def event_order(basket: Basket) -> list[Event]:
    """Return the different events, in the order of ``context_of``."""
    return list(dict.fromkeys(line.event for line in basket.tickets))


def _event(event: Event, lines: list[Tickets]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": event.name,
        "start_date": event.starts_at.isoformat(),
        "end_date": event.ends_at.isoformat() if event.ends_at else None,
        "venue": event.venue,
        "city": event.city,
        "country": event.country,
        "tickets": [_ticket(line) for line in lines for _ in range(line.count)],
    }
    return {name: value for name, value in entry.items() if value is not None}


def _ticket(line: Tickets) -> dict[str, Any]:
    return (
        {"price": line.unit_price, "resale": True} if line.is_resale else {"price": line.unit_price}
    )
