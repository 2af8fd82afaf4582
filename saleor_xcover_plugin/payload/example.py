"""An invented sale that has every value a payload names, to try a template without a checkout."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from ..domain.tickets import Basket, Buyer, Event, TicketFacts, Tickets
from .names import Sale
from .nodes import From
from .source import PayloadSource
from .template import Template

BUYER = Buyer(
    first_name="Ana",
    last_name="Diaz",
    email="ana@example.com",
    phone="+441632960123",
    country="GB",
    city="Leeds",
    postcode="LS1 1AA",
    region="Leeds",
    company="Example Ltd",
    street="High Street 1",
    street_2="Flat 2",
)
"""The domain and the number are reserved for examples."""


def example_sale(source: PayloadSource, now: datetime) -> Sale:
    """Return a sale of two tickets for one event, 60 days after ``now``."""
    event = Event(
        "Example Concert",
        now.replace(microsecond=0) + timedelta(days=60),
        "GB",
        ends_at=now.replace(microsecond=0) + timedelta(days=60, hours=3),
        venue="Town Hall",
        city="Leeds",
    )
    line = Tickets(event, 2, Decimal("45.00"), "1", product="1")
    basket = Basket((line,), "GBP", "GB", "en", region=BUYER.region)
    return sale_of(source, basket, BUYER)


def sale_of(source: PayloadSource, basket: Basket, buyer: Buyer) -> Sale:
    """Return a sale of a basket whose lines have a text for every name that the source reads."""
    lines = (
        replace(line, facts=TicketFacts({**_OF_PRODUCT, **example_texts(source, count=line.count)}))
        for line in basket.tickets
    )
    return Sale(replace(basket, tickets=tuple(lines)), buyer, "1001")


_OF_PRODUCT = {
    "product.name": "Example Concert",
    "product.slug": "example-concert",
    "product.type": "tickets",
    "variant.name": "Stalls",
    "variant.sku": "EXAMPLE-1",
}


def example_texts(source: PayloadSource, *, count: int) -> dict[str, str]:
    """Return a text for each name with a key of the store's own, which its format can read.

    What tickets name is in the metadata of their line, as a list of ``count`` parts.
    """
    found = dict.fromkeys(source.names, "Example")
    if isinstance(source, Template):
        found |= {node.name.text: _text_for(node) for node in source.values()}
    texts = {name: text for name, text in found.items() if not name.startswith("ticket.")}
    for name, text in found.items():
        if name.startswith("ticket.metadata."):
            texts["line" + name.removeprefix("ticket")] = json.dumps([text] * count)
    return {name: text for name, text in texts.items() if _is_keyed(name)}


def _is_keyed(name: str) -> bool:
    return ".metadata." in name or ".attribute." in name


def _text_for(node: From) -> str:
    if node.map:
        return next(iter(node.map))
    return {"number": "12.50", "whole": "12", "flag": "true"}.get(node.format or "", "Example")
