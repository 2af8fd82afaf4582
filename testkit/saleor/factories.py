"""Factories for rows that only a real Saleor has: people, apps, warehouses and stock."""

import factory
from factory.django import DjangoModelFactory

from ..factories import VariantFactory, unique


class AddressFactory(DjangoModelFactory):
    """An address in New York."""

    class Meta:
        model = "account.Address"

    first_name = "Box"
    last_name = "Office"
    street_address_1 = "1 Example Street"
    city = "NEW YORK"
    postal_code = "10001"
    country = "US"
    country_area = "NY"


class WarehouseFactory(DjangoModelFactory):
    """A box office that holds the tickets."""

    class Meta:
        model = "warehouse.Warehouse"

    name = factory.LazyFunction(lambda: unique("box-office"))
    slug = factory.SelfAttribute("name")
    address = factory.SubFactory(AddressFactory)
    email = "boxoffice@example.com"


class ShippingZoneFactory(DjangoModelFactory):
    """A shipping zone. Saleor sells stock only in countries of a zone, tickets included."""

    class Meta:
        model = "shipping.ShippingZone"

    name = factory.LazyFunction(lambda: unique("zone"))
    countries = ["US", "DE", "NO", "GB"]


class StockFactory(DjangoModelFactory):
    """Practically unlimited stock of a variant."""

    class Meta:
        model = "warehouse.Stock"

    warehouse = factory.SubFactory(WarehouseFactory)
    product_variant = factory.SubFactory(VariantFactory)
    quantity = 1_000_000


class StaffFactory(DjangoModelFactory):
    """A member of staff without permissions."""

    class Meta:
        model = "account.User"

    email = factory.LazyFunction(lambda: f"{unique('staff')}@example.com")
    is_staff = True
    is_active = True


class AppFactory(DjangoModelFactory):
    """An active app without permissions."""

    class Meta:
        model = "app.App"

    name = factory.LazyFunction(lambda: unique("app"))
    identifier = factory.SelfAttribute("name")
    is_active = True
