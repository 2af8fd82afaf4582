"""The ticket store of the flows in a real Saleor: rows by factories, people with tokens."""

import base64
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from saleor.account.models import Group
from saleor.channel.models import Channel as ChannelRow
from saleor.core.jwt import create_access_token
from saleor.order.models import Order
from saleor.permission.models import Permission
from saleor.product.models import ProductVariant

from .. import factories
from ..flows.store import Channel, Variant
from ..flows.values import COVER_SKU
from . import bootstrap

STAFF_PERMISSIONS = (
    "manage_orders",
    "manage_checkouts",
    "manage_plugins",
    "manage_gift_card",
    "manage_discounts",
    "handle_payments",
)
PAST_ANY_SWEEP = timedelta(days=2)
"""The plugin's first sweep looks back one day."""


class SaleorStore:
    """Seeds once per session; everything has names of its own, so nothing needs cleaning up."""

    def __init__(self) -> None:
        self.trace_version = ".".join(bootstrap.version().split(".")[:2])
        self._channels: list[tuple[ChannelRow, Channel]] = []
        self._variants: list[tuple[Any, Decimal]] = []
        self._warehouse: Any = factories.WarehouseFactory()
        self._zone = cast("Any", factories.ShippingZoneFactory())
        self._zone.warehouses.add(self._warehouse)
        self._ticket_type = factories.ProductTypeFactory()
        self._staff = self._make_staff()
        self._payment_app = self._make_app("handle_payments")
        self._store_app = self._make_app("handle_checkouts", "manage_checkouts")

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
        merchandise = factories.ProductTypeFactory(
            name="Merchandise", slug=factories.unique("merchandise")
        )
        self.shirt = self._sell("25.00", product_type=merchandise, metadata={}, name="T-shirt")

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(channel for _, channel in self._channels)

    @property
    def ticket_product_type(self) -> str:
        """The slug to configure as ticket product type."""
        return str(self._ticket_type.slug)

    def new_channel(self, currency: str = "USD", **settings: Any) -> Channel:
        row: Any = factories.ChannelFactory(currency_code=currency, **settings)
        factories.TaxConfigurationFactory(channel=row)
        self._zone.channels.add(row)
        self._warehouse.channels.add(row)
        for variant, price in self._variants:
            _list(variant, row, price)
        channel = Channel(_global_id("Channel", row.pk), row.slug, currency)
        self._channels.append((row, channel))
        return channel

    def new_event(self, *, price: str, starts_at: datetime, **metadata: str) -> Variant:
        return self._sell(
            price,
            product_type=self._ticket_type,
            metadata=factories.event_metadata(starts_at, **metadata),
            name=metadata.get("event_name", "Example Symphony"),
        )

    def cover_variant(self) -> Variant:
        row = ProductVariant.objects.get(sku=COVER_SKU)
        return Variant(_global_id("ProductVariant", row.pk), COVER_SKU, Decimal(0))

    def staff_token(self) -> str:
        return str(create_access_token(self._staff))

    def payment_app_token(self) -> str:
        return self._payment_app

    def store_app_token(self) -> str:
        return self._store_app

    def command(self, name: str, *arguments: str) -> str:
        printed = io.StringIO()
        call_command(name, *arguments, stdout=printed)
        return printed.getvalue()

    def forget(self) -> None:
        tables = [
            connection.ops.quote_name(model._meta.db_table)
            for model in apps.get_app_config("saleor_xcover_plugin").get_models()
        ]
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
        past = datetime.now(UTC) - PAST_ANY_SWEEP
        Order.objects.filter(updated_at__gt=past).update(updated_at=past)

    def _sell(self, price: str, **product: Any) -> Variant:
        variant: Any = factories.VariantFactory(product=factories.ProductFactory(**product))
        factories.StockFactory(warehouse=self._warehouse, product_variant=variant)
        self._variants.append((variant, Decimal(price)))
        for row, _ in self._channels:
            _list(variant, row, Decimal(price))
        return Variant(_global_id("ProductVariant", variant.pk), variant.sku, Decimal(price))

    def _make_staff(self) -> Any:
        staff: Any = factories.StaffFactory()
        group = Group.objects.create(name=factories.unique("box-office"))
        group.permissions.set(_permissions(*STAFF_PERMISSIONS))
        staff.groups.add(group)
        return staff

    def _make_app(self, *codenames: str) -> str:
        app: Any = factories.AppFactory()
        app.permissions.set(_permissions(*codenames))
        _, token = app.tokens.create(app=app, name="flows")
        return str(token)


def _permissions(*codenames: str) -> list[Any]:
    found = list(Permission.objects.filter(codename__in=codenames))
    missing = set(codenames) - {permission.codename for permission in found}
    if missing:
        raise RuntimeError(f"Saleor has no permission {', '.join(sorted(missing))}")
    return found


def _global_id(kind: str, key: object) -> str:
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def _list(variant: Any, channel: Any, price: Decimal) -> None:
    factories.ProductChannelListingFactory(product=variant.product, channel=channel)
    factories.VariantChannelListingFactory(variant=variant, channel=channel, price_amount=price)
