"""Name the insured persons of a paid order, where the payload sends them with the policy."""

from __future__ import annotations

from typing import Any

from ..config.settings import PluginSettings
from ..domain.regions import code_of
from ..domain.tickets import Basket, Event, TicketFacts, Tickets
from ..host import orders
from ..host.values import OrderSnapshot
from ..models import Offer
from ..payload.names import Sale


def insured_persons(
    offer: Offer, order: OrderSnapshot, settings: PluginSettings
) -> list[Any] | None:
    """Return the insured persons of an order, None where none are sent.

    Raise ``PayloadIncomplete`` if details are missing, and ``TemplateError`` if the payload's file
    or builder cannot be used now.
    """
    source = settings.payload.source()
    if not source.names_persons:
        return None
    return source.insured_persons(_sale(offer, order))


def _sale(offer: Offer, order: OrderSnapshot) -> Sale:
    """Return what is known of a sale by now: the insured lines with their metadata, and the buyer.

    Products may be gone, so that lines have no data of products, and events no names.
    """
    insured = offer.request.get("tickets", {})
    texts = orders.line_texts(order.id)
    event = Event("", offer.event_starts_at or order.created_at, offer.country)
    lines = tuple(
        Tickets(event, line.quantity, line.unit_price, line.variant, facts=_facts(texts[line.id]))
        for line in order.lines
        if line.variant in insured and line.id in texts
    )
    basket = Basket(
        lines,
        order.currency,
        offer.country,
        offer.language,
        region=code_of(offer.country, order.policyholder.region),
    )
    return Sale(basket, order.policyholder, order.number)


def _facts(texts: dict[str, str]) -> TicketFacts:
    return TicketFacts({f"line.metadata.{key}": text for key, text in texts.items()})
