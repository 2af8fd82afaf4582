"""The protection is in stock in every warehouse: old ones, new ones, and rows somebody changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from testkit.client.driver import Driver, Refused
from testkit.client.shopper import Shopper
from testkit.client.store import Channel
from testkit.client.values import COVER_SKU
from testkit.rows import global_id, key
from testkit.saleor.factories import WarehouseFactory
from testkit.work import Work

from .pricing.shop import make_app

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

SendShopper = Callable[[Channel], Shopper]

WAREHOUSE_CREATE = """
mutation createWarehouse($input: WarehouseCreateInput!) {
  createWarehouse(input: $input) { warehouse { id name } errors { field message code } }
}"""
STOCKS_UPDATE = """
mutation stockBulkUpdate($stocks: [StockBulkUpdateInput!]!) {
  stockBulkUpdate(stocks: $stocks) { count errors { message code } }
}"""
VARIANT_BULK_UPDATE = """
mutation productVariantBulkUpdate($product: ID!, $variants: [ProductVariantBulkUpdateInput!]!) {
  productVariantBulkUpdate(product: $product, variants: $variants) {
    count errors { field message code }
  }
}"""
STOCKS_DELETE = """
mutation productVariantStocksDelete($variantId: ID!, $warehouseIds: [ID!]) {
  productVariantStocksDelete(variantId: $variantId, warehouseIds: $warehouseIds) {
    errors { field message code }
  }
}"""


def quantity_in(warehouse_id: Any) -> int | None:
    from saleor.warehouse.models import Stock

    stocks = Stock.objects.filter(product_variant__sku=COVER_SKU, warehouse_id=warehouse_id)
    return stocks.values_list("quantity", flat=True).first()


def made_in_bulk() -> Any:
    """A warehouse no signal told of."""
    row = WarehouseFactory.build(address=WarehouseFactory().address)
    return type(row).objects.bulk_create([row])[0]


def test_a_new_warehouse_is_stocked_at_once(
    driver: Driver, store: SaleorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saleor tells only plugins without a channel of it, so Django's own signal does."""
    from saleor_xcover_plugin.plugin import XCoverPlugin

    heard: list[Any] = []
    monkeypatch.setattr(
        XCoverPlugin, "warehouse_created", lambda *about, **_: heard.append(about), raising=False
    )
    address = {"streetAddress1": "1 Example Street", "city": "New York", "countryArea": "NY"}
    address |= {"postalCode": "10001", "country": "US"}
    wanted = {"name": "Second box office", "email": "second@example.com", "address": address}

    made = driver.mutate(WAREHOUSE_CREATE, {"input": wanted}, token=make_app("manage_products"))

    assert heard == []
    assert quantity_in(key(made["warehouse"]["id"])) == 1


def test_a_warehouse_is_made_whatever_becomes_of_its_stock(
    store: SaleorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise RuntimeError

    monkeypatch.delenv("XCOVER_RAISE_IN_HOOKS")
    monkeypatch.setattr("saleor_xcover_plugin.signals.warehouses.stock_up", fail)

    assert WarehouseFactory().pk is not None


def test_the_setup_mends_an_installation_without_stock(store: SaleorStore) -> None:
    from saleor.warehouse.models import Stock

    Stock.objects.filter(product_variant__sku=COVER_SKU).delete()
    name = f"stock in {store._warehouse.name}"

    assert outcomes(store, "--dry-run")[name] == "created"
    assert quantity_in(store._warehouse.pk) is None
    assert outcomes(store)[name] == "created"
    assert quantity_in(store._warehouse.pk) == 1
    assert outcomes(store)[name] == "unchanged"


def test_the_setup_takes_the_stock_away_again(store: SaleorStore) -> None:
    assert outcomes(store, "--remove", "--dry-run")["stock in every warehouse"] == "removed"
    assert quantity_in(store._warehouse.pk) == 1


def test_the_doctor_names_warehouses_and_changes_nothing(store: SaleorStore, work: Work) -> None:
    row = made_in_bulk()

    (found,) = [
        each for each in doctor(store) if (each["check"], each["subject"]) == ("stock", row.name)
    ]

    assert found["outcome"] == "problem"
    assert "manage.py xcover_setup" in found["sentence"]
    assert quantity_in(row.pk) is None
    work()
    assert not [
        each for each in doctor(store) if (each["check"], each["subject"]) == ("stock", row.name)
    ]


@pytest.mark.parametrize("quantity", [0, -3, 5])
def test_the_sweep_mends_a_quantity_somebody_set(
    driver: Driver, store: SaleorStore, work: Work, quantity: int
) -> None:
    if quantity < 0:  # Saleor's API refuses it; fulfilments beyond the stock do not
        stocks().update(quantity=quantity)
    else:
        wanted = [
            {
                "variantId": store.cover_variant().id,
                "warehouseId": store.warehouse,
                "quantity": quantity,
            }
        ]
        driver.mutate(STOCKS_UPDATE, {"stocks": wanted}, token=make_app("manage_products"))
    assert quantity_in(store._warehouse.pk) == quantity

    work()

    assert quantity_in(store._warehouse.pk) == 1


def test_the_sweep_brings_deleted_stock_back(
    driver: Driver, store: SaleorStore, work: Work
) -> None:
    wanted = {"variantId": store.cover_variant().id, "warehouseIds": [store.warehouse]}
    driver.mutate(STOCKS_DELETE, wanted, token=make_app("manage_products"))
    assert quantity_in(store._warehouse.pk) is None

    work()

    assert quantity_in(store._warehouse.pk) == 1


def test_a_protection_whose_inventory_is_tracked_is_not_sold_until_it_is_mended(
    driver: Driver, store: SaleorStore, shopper: SendShopper, work: Work
) -> None:
    """Tracked, the second order would find the one piece gone, after its buyer was charged."""
    from saleor.product.models import ProductVariant

    variant = ProductVariant.objects.get(sku=COVER_SKU)
    changed = {"id": store.cover_variant().id, "trackInventory": True}
    product = global_id("Product", variant.product_id)
    driver.mutate(
        VARIANT_BULK_UPDATE,
        {"product": product, "variants": [changed]},
        token=make_app("manage_products"),
    )
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})

    with pytest.raises(Refused) as refused:
        ada.offer()
    assert refused.value.codes == ("not_set_up",)

    work()
    assert ada.accept(ada.offer()).answer == "accepted"


def test_what_an_order_held_while_tracked_is_set_free(
    store: SaleorStore, shopper: SendShopper, work: Work
) -> None:
    """Saleor counts it as taken, and would offer no pick-up beside the protection."""
    from saleor.order.models import OrderLine
    from saleor.warehouse.models import Allocation

    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 1})
    ada.accept(ada.offer())
    order = ada.complete()
    stock = stocks().get(warehouse=store._warehouse)
    line = OrderLine.objects.get(pk=key(order.cover_lines[0].id))
    Allocation.objects.create(order_line=line, stock=stock, quantity_allocated=1)

    work()

    assert not Allocation.objects.filter(stock=stock).exists()


def test_a_sweep_with_nothing_to_mend_asks_once(store: SaleorStore) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from saleor_xcover_plugin.host import warehouses

    with CaptureQueriesContext(connection) as asked:
        assert warehouses.stock_up() == 0

    assert len(asked) == 1


def outcomes(store: SaleorStore, *arguments: str) -> dict[str, str]:
    printed = json.loads(store.command("xcover_setup", "--json", *arguments))
    return {step["what"]: step["outcome"] for step in printed["steps"]}


def doctor(store: SaleorStore) -> list[dict[str, str]]:
    """Return what the doctor finds, also where it ends with an exit code."""
    import io
    from contextlib import suppress

    from django.core.management import call_command

    printed = io.StringIO()
    with suppress(SystemExit):
        call_command("xcover_doctor", "--json", "--no-call", stdout=printed)
    found: list[dict[str, str]] = json.loads(printed.getvalue())["findings"]
    return found


def stocks() -> Any:
    from saleor.warehouse.models import Stock

    return Stock.objects.filter(product_variant__sku=COVER_SKU)
