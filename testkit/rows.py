"""The ticket store of the flow tests as rows in a host's tables.

Each host adds its people, apps and stock in a subclass of ``RowStore``.
"""

import base64
import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connection

from testkit.client.store import Channel, Customer, Variant
from testkit.client.values import COVER_SKU

from . import factories

PAST_ANY_SWEEP = timedelta(days=2)
"""Age at which no sweep of the plugin finds an order; the first one looks back one day."""


class RowStore(ABC):
    """A ``Store`` that creates its rows once per session, under unique names.

    Subclasses set ``warehouse`` and implement the tokens and the two stock methods.
    """

    warehouse: str
    """Global id of the warehouse that holds everything the store sells."""

    def __init__(self, trace_version: str) -> None:
        self.trace_version = trace_version
        self._channels: list[tuple[Any, Channel]] = []
        self._variants: list[tuple[Any, Decimal]] = []
        self._ticket_type = factories.ProductTypeFactory()

        self.usd = self.new_channel()
        self.usd_unpaid = self.new_channel(allow_unpaid_orders=True)
        self.usd_legacy = self.new_channel(order_mark_as_paid_strategy="payment_flow")
        self.eur = self.new_channel("EUR", default_country="DE")
        self.nok = self.new_channel("NOK", default_country="NO")

        now = datetime.now(UTC).replace(microsecond=0)
        self.concert = self.new_event(price="100.00", starts_at=now + timedelta(days=60))
        self.festival = self.new_event(
            price="50.00", starts_at=now + timedelta(days=90), event_name="Example Festival"
        )
        self.mystery = self._sell("100.00", product_type=self._ticket_type, metadata={})
        self.shirt = self.new_merchandise(price="25.00")

    @abstractmethod
    def staff_token(self) -> str:
        """Return a token of a member of staff with every permission a flow needs."""

    @abstractmethod
    def payment_app_token(self) -> str:
        """Return the token of an app that may handle payments."""

    @abstractmethod
    def store_app_token(self) -> str:
        """Return the token of an app that may handle checkouts."""

    @abstractmethod
    def _customer_token(self, user: Any) -> str:
        """Return a token of this user."""

    def new_customer(self) -> Customer:
        """Create a customer who is logged in."""
        email = f"{factories.unique('customer')}@example.com"
        user = apps.get_model("account", "User").objects.create(email=email)
        return Customer(user.pk, self._customer_token(user))

    def give(self, order_id: str, customer: Customer) -> None:
        """Make an order a customer's, as Saleor does when a guest makes an account later."""
        orders = apps.get_model("order", "Order").objects.filter(pk=key(order_id))
        orders.update(user_id=customer.key)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Every channel of this store."""
        return tuple(channel for _, channel in self._channels)

    @property
    def ticket_product_type(self) -> str:
        """Slug of the product type of tickets, for the plugin's settings."""
        return str(self._ticket_type.slug)

    def new_channel(self, currency: str = "USD", **settings: Any) -> Channel:
        """Create a channel that lists every product; ``settings`` are fields of its row."""
        row: Any = factories.ChannelFactory(currency_code=currency, **settings)
        factories.TaxConfigurationFactory(channel=row)
        self._stock_channel(row)
        for variant, price in self._variants:
            if type(variant).objects.filter(pk=variant.pk).exists():  # some tests delete variants
                _list(variant, row, price)
        channel = Channel(global_id("Channel", row.pk), row.slug, currency)
        self._channels.append((row, channel))
        return channel

    def new_event(self, *, price: str, starts_at: datetime, **metadata: str) -> Variant:
        """Create a ticket for an event, listed at ``price`` in every channel."""
        return self._sell(
            price,
            product_type=self._ticket_type,
            metadata=factories.event_metadata(starts_at, **metadata),
            name=metadata.get("event_name", "Example Symphony"),
        )

    def new_series(self, *, price: str, starts: Sequence[datetime]) -> list[Variant]:
        """Create a product with one variant per performance, each with its own event times."""
        product: Any = factories.ProductFactory(
            product_type=self._ticket_type,
            metadata=factories.event_metadata(starts[0]),
            name="Example Revue",
        )
        evenings = []
        for starts_at in starts:
            times = {
                "event_start": starts_at.isoformat(),
                "event_end": (starts_at + timedelta(hours=2)).isoformat(),
            }
            evenings.append(self._add(product, price, metadata=times))
        return evenings

    def new_merchandise(self, *, price: str, is_shipped: bool = False) -> Variant:
        """Create a product that is not a ticket, listed at ``price`` in every channel."""
        kind = factories.ProductTypeFactory(
            name="Merchandise",
            slug=factories.unique("merchandise"),
            is_shipping_required=is_shipped,
        )
        return self._sell(price, product_type=kind, metadata={}, name="T-shirt")

    def cover_variant(self) -> Variant:
        """Return the variant that the plugin's setup created."""
        row = apps.get_model("product", "ProductVariant").objects.get(sku=COVER_SKU)
        return Variant(global_id("ProductVariant", row.pk), COVER_SKU, Decimal(0))

    def command(self, name: str, *arguments: str) -> str:
        """Run a management command and return its output."""
        printed = io.StringIO()
        call_command(name, *arguments, stdout=printed)
        return printed.getvalue()

    def forget(self) -> None:
        """Empty the plugin's tables, and age all orders so that its sweep ignores them."""
        tables = [
            connection.ops.quote_name(model._meta.db_table)
            for model in apps.get_app_config("saleor_xcover_plugin").get_models()
        ]
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
        past = datetime.now(UTC) - PAST_ANY_SWEEP
        orders = apps.get_model("order", "Order").objects
        orders.filter(updated_at__gt=past).update(updated_at=past)

    def _sell(self, price: str, **product: Any) -> Variant:
        return self._add(factories.ProductFactory(**product), price)

    def _add(self, product: Any, price: str, **values: Any) -> Variant:
        variant: Any = factories.VariantFactory(product=product, **values)
        self._stock_variant(variant)
        self._variants.append((variant, Decimal(price)))
        for row, _ in self._channels:
            _list(variant, row, Decimal(price))
        return Variant(global_id("ProductVariant", variant.pk), variant.sku, Decimal(price))

    @abstractmethod
    def _stock_channel(self, channel: Any) -> None:
        """Make the stock available in a new channel."""

    @abstractmethod
    def _stock_variant(self, variant: Any) -> None:
        """Put a new variant in stock."""


def global_id(kind: str, key: object) -> str:
    """Return the global id of a row, as Saleor's API writes it."""
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def key(global_id: str) -> str:
    """Return the primary key in a global id."""
    return base64.b64decode(global_id).decode().partition(":")[2]


def _list(variant: Any, channel: Any, price: Decimal) -> None:
    listings = apps.get_model("product", "ProductChannelListing").objects
    if not listings.filter(product=variant.product, channel=channel).exists():
        factories.ProductChannelListingFactory(product=variant.product, channel=channel)
    factories.VariantChannelListingFactory(variant=variant, channel=channel, price_amount=price)
