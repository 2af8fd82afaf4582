"""Sales to fill templates in for."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from saleor_xcover_plugin.domain.tickets import Basket, Buyer, Event, TicketFacts, Tickets
from saleor_xcover_plugin.payload.names import Sale

LEEDS = timezone(timedelta(hours=1))
CONCERT = Event(
    "Evening Concert",
    datetime(2027, 3, 5, 20, tzinfo=LEEDS),
    "GB",
    ends_at=datetime(2027, 3, 5, 23, tzinfo=LEEDS),
    venue="Town Hall",
    city="Leeds",
)
MATINEE = Event("Matinee", datetime(2027, 3, 6, 14, tzinfo=UTC), "GB")
ANA = Buyer("Ana", "Diaz", "ana@example.com", "+441134960000", "GB", street="High Street 1")


def tickets(event: Event = CONCERT, count: int = 2, price: str = "45.00", **facts: str) -> Tickets:
    """Return one line; facts are named with ``__`` for the dots of their sources."""
    values = {name.replace("__", "."): text for name, text in facts.items()}
    return Tickets(event, count, Decimal(price), "7", facts=TicketFacts(values))


def sale(*lines: Tickets, buyer: Buyer = ANA, currency: str = "GBP", region: str = "") -> Sale:
    """Return a sale of these lines, or of two tickets for the concert."""
    basket = Basket(lines or (tickets(),), currency, "GB", "en", region=region)
    return Sale(basket, buyer)
