"""The demo's ticket store: one channel, five events, a T-shirt and the plugin."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from .client.driver import Driver
from .client.staff import Staff
from .client.store import Channel, Variant
from .client.values import COVER_SKU

CHANNEL = "tickets"
"""Slug of the channel."""
CURRENCY = "USD"
"""Currency of the channel."""
PARTNER = {"partner_code": "ABCDE", "api_key": "demo-key", "api_secret": "demo-secret-0001"}
"""The simulator's default credentials, as settings of the plugin."""


@dataclass(frozen=True, slots=True)
class Event:
    """A ticketed event of the demo."""

    name: str
    venue: str
    city: str
    country: str
    timezone: str
    days_ahead: int
    """Days from today to the event."""
    hour: int
    """Local hour at which it starts, at half past."""
    price: str
    """Price of a ticket in ``CURRENCY``."""


EVENTS = (
    Event(
        "Midnight Quartet", "Harbour Hall", "New York", "US", "America/New_York", 24, 20, "64.00"
    ),
    Event("The Paper Lanterns", "Foundry", "Berlin", "DE", "Europe/Berlin", 38, 21, "48.50"),
    Event(
        "Example Symphony", "Example Hall", "New York", "US", "America/New_York", 60, 19, "100.00"
    ),
    Event("City Derby", "Riverside Stadium", "London", "GB", "Europe/London", 75, 15, "82.00"),
    Event("Northern Lights Festival", "Fjord Park", "Oslo", "NO", "Europe/Oslo", 110, 16, "135.00"),
)
SYMPHONY = "Example Symphony"
FESTIVAL = "Northern Lights Festival"
"""The open store's event with two products, of which one may be taken."""


class DemoStore:
    """The seeded store. Needs a configured miniature; ``open`` needs its running host."""

    def __init__(self) -> None:
        self.channel = self._make_channel()
        self._ticket_type = self._make_product_type("Ticket", "ticket")
        self.events = {event.name: self._sell_event(event) for event in EVENTS}
        merchandise = self._make_product_type("Merchandise", "merchandise")
        self.shirt = self._sell("Tour T-shirt", merchandise, "25.00", {})

    def open(self, driver: Driver, xcover_url: str) -> None:
        """Set the plugin up: run the setup command, then save the settings with ``driver``.

        ``xcover_url`` is the base URL of the simulated XCover.
        """
        from django.core.management import call_command

        call_command("xcover_setup", "--channel", self.channel.slug, stdout=io.StringIO())
        Staff(driver, self).configure_plugin(self.channel, {"api_url": xcover_url, **PARTNER})

    def cover_variant(self) -> Variant:
        """Return the variant that the plugin's setup created."""
        variant = _rows("product.ProductVariant").get(sku=COVER_SKU)
        return Variant(_global_id("ProductVariant", variant.pk), COVER_SKU, Decimal(0))

    def add_performance(self, event: Event, days_later: int) -> Variant:
        """Sell a later performance of an event as a variant of its product."""
        first = self.events[event.name]
        product = _rows("product.Product").get(name=event.name)
        later = replace(event, days_ahead=event.days_ahead + days_later)
        sku = f"{first.sku}-{days_later}"
        return self._add_variant(
            product,
            sku,
            f"Performance {days_later} days later",
            event.price,
            _event_metadata(later),
        )

    @contextmanager
    def taking_unpaid_orders(self) -> Iterator[None]:
        """Let the channel accept unpaid orders inside the block, as stores with invoices do."""
        channel = _rows("channel.Channel").filter(slug=self.channel.slug)
        channel.update(allow_unpaid_orders=True)
        try:
            yield
        finally:
            channel.update(allow_unpaid_orders=False)

    def staff_token(self) -> str:
        """Return a token of a member of staff."""
        from saleor.graphql.permissions import STAFF, token_of

        return str(token_of(STAFF))

    def payment_app_token(self) -> str:
        """Return the token of the payment app."""
        from saleor.graphql.permissions import PAYMENT_APP, token_of

        return str(token_of(PAYMENT_APP))

    def store_app_token(self) -> str:
        """Return the token of the store's app."""
        from saleor.graphql.permissions import STORE_APP, token_of

        return str(token_of(STORE_APP))

    def _make_channel(self) -> Channel:
        self._channel_row = _rows("channel.Channel").create(
            name="Tickets",
            slug=CHANNEL,
            is_active=True,
            currency_code=CURRENCY,
            default_country="US",
            order_mark_as_paid_strategy="transaction_flow",
            use_legacy_line_discount_propagation_for_order=False,
        )
        _rows("tax.TaxConfiguration").create(channel=self._channel_row)
        return Channel(_global_id("Channel", self._channel_row.pk), CHANNEL, CURRENCY)

    def _make_product_type(self, name: str, slug: str) -> Any:
        return _rows("product.ProductType").create(
            name=name, slug=slug, has_variants=False, is_shipping_required=False
        )

    def _sell_event(self, event: Event) -> Variant:
        return self._sell(event.name, self._ticket_type, event.price, _event_metadata(event))

    def _sell(self, name: str, product_type: Any, price: str, metadata: dict[str, str]) -> Variant:
        slug = name.lower().replace(" ", "-")
        product = _rows("product.Product").create(
            name=name, slug=slug, product_type=product_type, metadata=metadata
        )
        _rows("product.ProductChannelListing").create(
            product=product,
            is_published=True,
            visible_in_listings=True,
            published_at=datetime.now(UTC),
            available_for_purchase_at=datetime.now(UTC),
            channel=self._channel_row,
            currency=CURRENCY,
        )
        return self._add_variant(product, slug, "Standard", price, {})

    def _add_variant(
        self, product: Any, sku: str, name: str, price: str, metadata: dict[str, str]
    ) -> Variant:
        variant = _rows("product.ProductVariant").create(
            product=product, sku=sku, name=name, metadata=metadata
        )
        _rows("product.ProductVariantChannelListing").create(
            variant=variant,
            price_amount=Decimal(price),
            discounted_price_amount=Decimal(price),
            channel=self._channel_row,
            currency=CURRENCY,
        )
        return Variant(_global_id("ProductVariant", variant.pk), sku, Decimal(price))


def _event_metadata(event: Event) -> dict[str, str]:
    """Return the event's data under the keys of the plugin's default mapping."""
    day = datetime.now(ZoneInfo(event.timezone)) + timedelta(days=event.days_ahead)
    start = day.replace(hour=event.hour, minute=30, second=0, microsecond=0)
    return {
        "event_name": event.name,
        "event_start": start.isoformat(),
        "event_end": (start + timedelta(hours=3)).isoformat(),
        "event_venue": event.venue,
        "event_city": event.city,
        "event_country": event.country,
        "event_timezone": event.timezone,
    }


def _rows(model: str) -> Any:
    from django.apps import apps

    return apps.get_model(model).objects


def _global_id(kind: str, key: object) -> str:
    from saleor.graphql.ids import global_id

    return str(global_id(kind, key))
