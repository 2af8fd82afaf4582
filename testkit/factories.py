"""Factories for rows of a ticket store in the host's tables. Slugs and SKUs are unique.

Models are named by strings, because a real Saleor and the miniature define the same names.
"""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory


def unique(prefix: str) -> str:
    """Return a unique slug that starts with ``prefix``."""
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def event_metadata(starts_at: datetime | None = None, **changes: str) -> dict[str, str]:
    """Return product metadata under the keys of the plugin's default mapping.

    The event starts at ``starts_at``, or in sixty days, and lasts three hours. ``changes`` replaces
    or adds keys.
    """
    starts_at = starts_at or (datetime.now(UTC) + timedelta(days=60)).replace(
        hour=19, minute=30, second=0, microsecond=0
    )
    return {
        "event_name": "Example Symphony",
        "event_start": starts_at.isoformat(),
        "event_end": (starts_at + timedelta(hours=3)).isoformat(),
        "event_venue": "Example Hall",
        "event_city": "New York",
        "event_country": "US",
        "event_timezone": "America/New_York",
        **changes,
    }


class ChannelFactory(DjangoModelFactory):
    """A channel of the transaction flow that creates orders only once they are paid."""

    class Meta:
        model = "channel.Channel"

    slug = factory.LazyFunction(lambda: unique("tickets"))
    name = factory.SelfAttribute("slug")
    is_active = True
    currency_code = "USD"
    default_country = "US"
    order_mark_as_paid_strategy = "transaction_flow"
    allow_unpaid_orders = False
    automatically_confirm_all_new_orders = True
    # The value of channels that were created through the API.
    use_legacy_line_discount_propagation_for_order = False


class TaxConfigurationFactory(DjangoModelFactory):
    """Flat rates without a rate, so every tax is 0."""

    class Meta:
        model = "tax.TaxConfiguration"

    channel = factory.SubFactory(ChannelFactory)
    charge_taxes = True
    tax_calculation_strategy = "FLAT_RATES"
    display_gross_prices = True
    prices_entered_with_tax = True


class ProductTypeFactory(DjangoModelFactory):
    """A product type for tickets, which are not shipped."""

    class Meta:
        model = "product.ProductType"

    name = "Ticket"
    slug = factory.LazyFunction(lambda: unique("ticket"))
    kind = "normal"
    is_shipping_required = False
    has_variants = False


class ProductFactory(DjangoModelFactory):
    """A product with complete event data."""

    class Meta:
        model = "product.Product"

    name = "Example Symphony"
    slug = factory.LazyFunction(lambda: unique("product"))
    product_type = factory.SubFactory(ProductTypeFactory)
    metadata = factory.LazyFunction(event_metadata)


class VariantFactory(DjangoModelFactory):
    """A variant that is sold from stock."""

    class Meta:
        model = "product.ProductVariant"

    product = factory.SubFactory(ProductFactory)
    name = "Seat"
    sku = factory.LazyFunction(lambda: unique("SKU"))
    track_inventory = True


class ProductChannelListingFactory(DjangoModelFactory):
    """A listing that makes a product available in a channel since yesterday."""

    class Meta:
        model = "product.ProductChannelListing"

    product = factory.SubFactory(ProductFactory)
    channel = factory.SubFactory(ChannelFactory)
    currency = factory.SelfAttribute("channel.currency_code")
    is_published = True
    visible_in_listings = True
    published_at = factory.LazyFunction(lambda: datetime.now(UTC) - timedelta(days=1))
    available_for_purchase_at = factory.LazyFunction(lambda: datetime.now(UTC) - timedelta(days=1))


class VariantChannelListingFactory(DjangoModelFactory):
    """The price of a variant in a channel, in the channel's currency."""

    class Meta:
        model = "product.ProductVariantChannelListing"

    variant = factory.SubFactory(VariantFactory)
    channel = factory.SubFactory(ChannelFactory)
    currency = factory.SelfAttribute("channel.currency_code")
    price_amount = Decimal("100.00")
    discounted_price_amount = factory.SelfAttribute("price_amount")
