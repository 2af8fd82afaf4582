"""Many orders made from one real sale of each kind, by copying its rows.

Each copy has its own order and its own offer at XCover, which the hand-written client creates from
the request body that the plugin sent for the original. Checkout, offer and answer are copied;
payment, policy and refund then happen to each copy separately.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models

from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess

from ..partner import Partner
from ..steps import accept_cover

SendShopper = Callable[[Channel], Shopper]
"""Returns a new shopper of a channel."""
_OFFER_KEY = "xcover.offer"


@dataclass(frozen=True, slots=True)
class Template:
    """A placed, unpaid order with its rows and the offer request that the plugin sent for it."""

    order: Any
    lines: list[Any]
    offer: Any
    quotes: list[Any]
    request: dict[str, Any]
    """Body of the create offer request."""
    query: str
    """Query string of that request."""


def covered(send_shopper: SendShopper, store: Store, simulator: SimulatorProcess) -> Template:
    """Return a template of two tickets with cover, not yet paid."""
    buyer = send_shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    return template_of(buyer, store, simulator)


def declined(send_shopper: SendShopper, store: Store, simulator: SimulatorProcess) -> Template:
    """Return a template of two tickets whose offer was shown but not accepted, not yet paid."""
    buyer = send_shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    return template_of(buyer, store, simulator)


def template_of(buyer: Shopper, store: Store, simulator: SimulatorProcess) -> Template:
    """Complete the buyer's checkout, whose offer was requested last, and return its template."""
    from saleor_xcover_plugin.models import Offer

    call = simulator.calls("create_offer")[-1]
    # The rows as they are before any hook of the plugin has seen the order.
    offer = Offer.objects.get(xcover_offer_id=simulator.state()["offers"][-1]["id"])
    quotes = list(offer.quotes.all())
    placed = buyer.complete()
    order = apps.get_model("order", "Order").objects.get(number=placed.number)
    # Only the copies are examined, so the plugin must not know the original.
    store.forget()
    return Template(order, list(order.lines.all()), offer, quotes, call["body"], call["query"])


class Sales:
    """Places copies of templates, at the time that ``clock`` returns."""

    def __init__(self, simulator: SimulatorProcess, clock: Callable[[], datetime]) -> None:
        self._partner = Partner(simulator.base_url)
        self._clock = clock

    def place(self, template: Template) -> Any:
        """Place one copy of the order and return its row. No hook is called."""
        return self.place_many(template, 1)[0]

    def place_many(self, template: Template, count: int) -> list[Any]:
        """Place ``count`` copies of the order and return their rows. No hook is called."""
        now = self._clock()
        answers = [self._offer_at_xcover(template) for _ in range(count)]
        offers = store_all(
            copy_of(
                template.offer,
                checkout_token=uuid.uuid4(),
                xcover_offer_id=answer["id"],
                created_at=now,
                updated_at=now,
            )
            for answer in answers
        )
        store_all(
            copy_of(quote, offer_id=offer.pk, quote_id=product["id"])
            for offer, answer in zip(offers, answers, strict=True)
            for quote, product in zip(template.quotes, answer["products"], strict=True)
        )
        orders = store_all(
            copy_of(template.order, checkout_token=str(offer.checkout_token), created_at=now)
            for offer in offers
        )
        store_all(
            copy_of(line, order_id=order.pk, private_metadata=_marked(line, offer.pk))
            for order, offer in zip(orders, offers, strict=True)
            for line in template.lines
        )
        touch_all(orders, now)
        return orders

    def _offer_at_xcover(self, template: Template) -> dict[str, Any]:
        path = f"/offers/?{template.query}" if template.query else "/offers/"
        body = json.dumps(template.request, default=float)
        found: dict[str, Any] = self._partner.read(self._partner.send("POST", path, body))
        return found


def pay_all(orders: Sequence[Any], now: datetime) -> None:
    """Charge the full total of each order, as a payment app would. No hook is called."""
    item = apps.get_model("payment", "TransactionItem")
    store_all(
        item(order_id=o.pk, currency=o.currency, charged_value=o.total_gross_amount) for o in orders
    )
    for total in {o.total_gross_amount for o in orders}:
        equal = [o for o in orders if o.total_gross_amount == total]
        touch_all(equal, now, total_charged_amount=total, charge_status="full")


def _marked(line: Any, offer_id: int) -> dict[str, Any]:
    """Return the private metadata of a line; the cover line names its offer."""
    private = dict(line.private_metadata or {})
    return {**private, _OFFER_KEY: str(offer_id)} if _OFFER_KEY in private else private


def store_all(rows: Iterable[Any]) -> list[Any]:
    """Store rows of one model, without calling any hook, and return them."""
    made = list(rows)
    return type(made[0]).objects.bulk_create(made, batch_size=500) if made else []


def touch_all(orders: Sequence[Any], now: datetime, **changes: Any) -> None:
    """Change columns of orders and set their ``updated_at`` to ``now``."""
    if orders:
        ids = [order.pk for order in orders]
        type(orders[0]).objects.filter(pk__in=ids).update(updated_at=now, **changes)


def pay(order: Any, now: datetime) -> None:
    """Charge the full total of one order. No hook is called."""
    pay_all([order], now)


def refund(order: Any, now: datetime) -> None:
    """Refund the full total of an order. No hook is called."""
    items = apps.get_model("payment", "TransactionItem").objects
    items.filter(order_id=order.pk).update(charged_value=0, refunded_value=order.total_gross_amount)
    touch(order, now, total_charged_amount=0, charge_status="none")


def take_back(order: Any, now: datetime) -> None:
    """Reverse a full refund of an order. No hook is called."""
    total = order.total_gross_amount
    items = apps.get_model("payment", "TransactionItem").objects
    items.filter(order_id=order.pk).update(charged_value=total, refunded_value=0)
    touch(order, now, total_charged_amount=total, charge_status="full")


def touch(order: Any, now: datetime, **changes: Any) -> None:
    """Change columns of an order and set its ``updated_at`` to ``now``."""
    touch_all([order], now, **changes)


def notes_of(order: Any) -> list[str]:
    """Return the notes in the order's history."""
    return [event.parameters["message"] for event in order.events.filter(type="note_added")]


def copy_of(row: models.Model, **changes: Any) -> Any:
    """Return a new, unsaved row like this one."""
    fresh = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        # The database assigns a new order number.
        if not field.primary_key and field.attname != "number"
    }
    return type(row)(**{**fresh, **changes})
