"""What Saleor does with a line, it does with the cover line without harm to the order.

One test for each row of docs/lines.md that no other file shows. Most buy the same things twice,
once with a yes and once without, and compare everything but the cover line.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from testkit import factories as products
from testkit.client.driver import Driver, Json, Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import EMAIL, NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Variant
from testkit.client.values import COVER_SKU, PlacedOrder
from testkit.rows import global_id, key
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM
from testkit.work import Work

from .apps import answering
from .box_office import Desk, Premises, sell, store_that

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

SendShopper = Callable[[Channel], Shopper]
OpenPremises = Callable[..., Premises]


def twins(
    shopper: SendShopper, channel: Channel, wanted: dict[Variant, int], **people: Any
) -> tuple[Shopper, Shopper]:
    """Send two shoppers who want the same; the first says yes, the second sees no offer."""
    insured, uninsured = shopper(channel), shopper(channel)
    for buyer in (insured, uninsured):
        buyer.create_checkout(wanted, **people)
    insured.accept(insured.offer())
    return insured, uninsured


def refusal(act: Callable[[], object]) -> tuple[str, ...]:
    """Return the codes of what is refused; nothing when it is not."""
    try:
        act()
    except Refused as refused:
        return refused.codes
    return ()


def rows(model: str) -> Any:
    from django.apps import apps

    return apps.get_model(model).objects


# Stock --------------------------------------------------------------------------------------


def test_only_the_tickets_run_out_of_stock(premises: OpenPremises, shopper: SendShopper) -> None:
    shop = premises(allow_unpaid_orders=True)
    warehouse = shop.warehouse("local", pieces=5)
    buyers = twins(shopper, shop.channel, {shop.paper_ticket: 2})
    for buyer in buyers:
        shop.choose(buyer, warehouse)

    shop.stock(shop.paper_ticket, warehouse, 1)
    refused = [refusal(buyer.complete) for buyer in buyers]

    assert refused[0] == refused[1]
    assert refused[0]
    # and when there are tickets again, both get them
    shop.stock(shop.paper_ticket, warehouse, 5)
    for buyer in buyers:
        shop.choose(buyer, warehouse)
        assert buyer.complete().ticket_lines[0].quantity == 2


def test_only_the_tickets_are_allocated(
    store: SaleorStore, shopper: SendShopper, staff: Staff
) -> None:
    orders = [buyer.complete() for buyer in twins(shopper, store.usd_unpaid, {store.concert: 2})]

    held = [
        list(
            rows("warehouse.Allocation")
            .filter(order_line__order_id=key(order.id))
            .values_list("stock__product_variant__sku", "quantity_allocated")
        )
        for order in orders
    ]

    assert held[0] == held[1] == [(store.concert.sku, 2)]
    # and a cancelled order gives back what it held
    for order in orders:
        staff.cancel(order.id)
        assert not rows("warehouse.Allocation").filter(
            order_line__order_id=key(order.id), quantity_allocated__gt=0
        )


def test_only_the_tickets_are_reserved_and_no_longer_than_before(
    store: SaleorStore, shopper: SendShopper
) -> None:
    def reserved(buyer: Shopper) -> list[Any]:
        reservations = rows("warehouse.Reservation").filter(
            checkout_line__checkout_id=key(buyer.checkout_id)
        )
        return list(
            reservations.values_list(
                "stock__product_variant__sku", "quantity_reserved", "reserved_until"
            )
        )

    with store_that(reserve_stock_duration_anonymous_user=10):
        ada = shopper(store.usd)
        ada.create_checkout({store.concert: 2})
        before = reserved(ada)
        ada.accept(ada.offer())

        assert reserved(ada) == before
        assert [row[:2] for row in before] == [(store.concert.sku, 2)]
        # and a change of the tickets reserves as it does without a yes
        ada.add(store.concert, 1)
        assert [row[:2] for row in reserved(ada)] == [(store.concert.sku, 3)]


def test_tickets_sold_before_they_are_in_stock(
    store: SaleorStore, shopper: SendShopper, staff: Staff, payments: PaymentApp, driver: Driver
) -> None:
    """A preorder: no stock, no fulfilment before its end; the cover changes neither."""
    preorder = store.new_event(price="100.00", starts_at=in_sixty_days())
    rows("product.ProductVariant").filter(pk=key(preorder.id)).update(
        is_preorder=True, preorder_end_date=datetime.now(UTC) + timedelta(days=7)
    )
    orders = [
        sell(shopper(store.usd), payments, {preorder: 2}, is_insured=insured)
        for insured in (True, False)
    ]

    held = [
        list(
            rows("warehouse.PreorderAllocation")
            .filter(order_line__order_id=key(order.id))
            .values_list("order_line__product_sku", "quantity")
        )
        for order in orders
    ]
    early = [
        refusal(lambda o=order: staff.fulfill(o.id, {o.ticket_lines[0].id: 2}, store.warehouse))
        for order in orders
    ]

    assert held[0] == held[1] == [(preorder.sku, 2)]
    assert early[0] == early[1] == ("fulfill_order_line",)
    assert [staff.order(order.id).status for order in orders] == ["UNFULFILLED"] * 2


def test_digital_tickets_are_handed_out_by_themselves(
    store: SaleorStore, shopper: SendShopper, staff: Staff, payments: PaymentApp
) -> None:
    from django.apps import apps

    if "digitalcontent" not in apps.all_models["product"]:
        pytest.skip("this Saleor has no digital goods (they ended with 3.22)")
    file = store._sell(
        "100.00",
        product_type=products.ProductTypeFactory(is_digital=True),
        metadata=products.event_metadata(in_sixty_days()),
        name="Ticket to print",
    )
    rows("product.DigitalContent").create(
        product_variant_id=key(file.id), use_default_settings=False, automatic_fulfillment=True
    )

    orders = [
        sell(shopper(store.usd), payments, {file: 1}, is_insured=insured)
        for insured in (True, False)
    ]

    assert [staff.order(order.id).status for order in orders] == ["FULFILLED", "FULFILLED"]


def test_out_of_stock_is_never_said_of_the_cover(
    store: SaleorStore, shopper: SendShopper, driver: Driver
) -> None:
    """Neither in the checkout's problems nor where staff look for products to buy in."""
    ada, _ = twins(shopper, store.usd, {store.concert: 2})
    problems = driver.execute(PROBLEMS, {"id": ada.checkout_id})["checkout"]

    assert problems["problems"] in ([], None)
    assert [line["problems"] for line in problems["lines"]] in ([None] * 2, [[]] * 2)


# Limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["of the tickets per customer", "of the store per checkout"])
def test_the_cover_uses_up_no_limit(store: SaleorStore, shopper: SendShopper, limit: str) -> None:
    few = store.new_event(price="100.00", starts_at=in_sixty_days())
    settings = {"limit_quantity_per_checkout": 2} if "store" in limit else {}
    if not settings:
        variant = rows("product.ProductVariant").filter(pk=key(few.id))
        variant.update(quantity_limit_per_customer=2)
    with store_that(**settings):
        insured, uninsured = twins(shopper, store.usd_unpaid, {few: 1})
        insured.add(few, 1)
        uninsured.add(few, 1)
        third = [refusal(lambda b=buyer: b.add(few, 1)) for buyer in (insured, uninsured)]
        insured.accept(insured.offer())
        orders = [insured.complete(), uninsured.complete()]

    assert third[0] == third[1] == ("quantity_greater_than_limit",)
    assert [order.ticket_lines[0].quantity for order in orders] == [2, 2]
    assert len(orders[0].cover_lines) == 1


# Delivery -----------------------------------------------------------------------------------


def test_the_cover_weighs_nothing(
    premises: OpenPremises, shopper: SendShopper, payments: PaymentApp
) -> None:
    from measurement.measures import Weight

    shop = premises()
    shop.warehouse(pieces=50)
    # given tickets that just fit the light parcel
    rows("product.ProductVariant").filter(pk=key(shop.paper_ticket.id)).update(weight=Weight(kg=1))
    light = parcel(shop, "light", maximum=Weight(kg=2))
    parcel(shop, "heavy", minimum=Weight(kg=2.001))
    buyers = twins(shopper, shop.channel, {shop.paper_ticket: 2}, shipping=NEW_YORK)

    offered = [shop.delivery(buyer) for buyer in buyers]
    assert offered[0] == offered[1]
    assert [name for name, _, active in offered[0]["methods"] if active] == ["light"]
    orders = []
    for buyer in buyers:
        shop.choose(buyer, light)
        orders.append(paid(buyer, payments))
    weights = rows("order.Order").filter(pk__in=[key(order.id) for order in orders])
    assert len({weight.kg for weight in weights.values_list("weight", flat=True)}) == 1


def test_an_app_that_excludes_methods_decides_the_same(
    premises: OpenPremises, shopper: SendShopper
) -> None:
    shop = premises()
    shop.warehouse(pieces=50)
    parcel(shop, "by hand")
    barred = parcel(shop, "by owl")
    with app_that_answers({"excluded_methods": [{"id": barred, "reason": "no owls"}]}) as asked:
        buyers = twins(shopper, shop.channel, {shop.paper_ticket: 2}, shipping=NEW_YORK)
        offered = [shop.delivery(buyer) for buyer in buyers]

    assert asked, "Saleor asked the app"
    assert offered[0] == offered[1]
    active = {name: is_active for name, _, is_active in offered[0]["methods"]}
    assert active == {"by hand": True, "by owl": False}


def test_a_country_that_nothing_ships_to(premises: OpenPremises, shopper: SendShopper) -> None:
    shop = premises()
    shop.warehouse(pieces=50)
    parcel(shop, "by hand")
    buyers = twins(shopper, shop.channel, {shop.paper_ticket: 2}, shipping=NEW_YORK)
    zone = shop.store._zone
    countries, zone.countries = zone.countries, ["NO"]
    zone.save()
    try:
        offered = [shop.delivery(buyer)["methods"] for buyer in buyers]
    finally:
        zone.countries = countries
        zone.save()

    assert offered == [[], []]


# Other kinds of lines -----------------------------------------------------------------------


def test_a_gift_card_in_the_same_order_is_handed_out_by_itself(
    store: SaleorStore, shopper: SendShopper, staff: Staff, payments: PaymentApp, driver: Driver
) -> None:
    kind = products.ProductTypeFactory(kind="gift_card")
    card = store._sell("50.00", product_type=kind, metadata={}, name="Gift card")

    desks = []
    for insured in (True, False):
        wanted = {store.concert: 2, card: 1}
        order = sell(shopper(store.usd), payments, wanted, is_insured=insured)
        desks.append(Desk(driver, store, staff, order, (store.warehouse,), False))
    issued = [
        rows("giftcard.GiftCard").filter(fulfillment_line__order_line__order_id=key(desk.order.id))
        for desk in desks
    ]

    assert [desk.status() for desk in desks] == ["PARTIALLY_FULFILLED"] * 2
    assert [cards.count() for cards in issued] == [1, 1]
    # when the tickets follow
    for desk in desks:
        line = next(each for each in desk.order.lines if each.sku == store.concert.sku)
        staff.fulfill(desk.order.id, {line.id: 2}, store.warehouse)
    assert [desk.status() for desk in desks] == ["FULFILLED"] * 2
    assert [cards.count() for cards in issued] == [1, 1]


# What staff do ------------------------------------------------------------------------------


def test_an_invoice_is_made_and_holds_the_line(
    store: SaleorStore, shopper: SendShopper, payments: PaymentApp, driver: Driver
) -> None:
    order = sell(shopper(store.usd), payments, {store.concert: 2}, is_insured=True)
    wanted = {"number": products.unique("INV"), "url": "https://invoices.example/1.pdf"}

    made = as_app(driver, INVOICE_CREATE, "manage_orders", order=order.id, input=wanted)["invoice"]

    assert made["order"]["total"]["gross"]["amount"] == Decimal("206.66")
    lines = {
        line["productSku"]: line["totalPrice"]["gross"]["amount"] for line in made["order"]["lines"]
    }
    assert lines == {store.concert.sku: Decimal(200), COVER_SKU: PREMIUM}


def test_an_export_of_products_shows_the_cover_once(store: SaleorStore, driver: Driver) -> None:
    info = {"fields": ["NAME", "VARIANT_SKU"], "warehouses": [store.warehouse]}
    wanted = {"scope": "ALL", "exportInfo": info, "fileType": "CSV"}

    made = as_app(driver, EXPORT_PRODUCTS, "manage_products", input=wanted)["exportFile"]

    export = rows("csv.ExportFile").get(pk=key(made["id"]))
    assert export.status == "success"
    with export.content_file.open("r") as file:
        text = file.read()
    table = list(csv.DictReader((text if isinstance(text, str) else text.decode()).splitlines()))
    found = [row for row in table if row["variant sku"] == COVER_SKU]
    assert len(found) == 1
    assert found[0][f"{store._warehouse.slug} (warehouse quantity)"] == "1"
    export.content_file.delete()


def test_a_draft_of_staff_with_the_cover_in_it_insures_nobody(
    store: SaleorStore, staff: Staff, driver: Driver, simulator: SimulatorProcess, work: Work
) -> None:
    """It can be completed and handed out; no policy is bought, since nobody was asked."""
    lines = [
        {"variantId": store.concert.id, "quantity": 1},
        {"variantId": store.cover_variant().id, "quantity": 1},
    ]
    wanted = {
        "channelId": store.usd_unpaid.id,
        "userEmail": EMAIL,
        "billingAddress": dict(NEW_YORK),
        "lines": lines,
    }
    draft = as_app(driver, DRAFT_ORDER_CREATE, "manage_orders", input=wanted)["order"]
    made = as_app(driver, DRAFT_ORDER_COMPLETE, "manage_orders", id=draft["id"])["order"]
    staff.mark_as_paid(made["id"])

    tickets = next(line for line in made["lines"] if line["productSku"] == store.concert.sku)
    staff.fulfill(made["id"], {tickets["id"]: 1}, store.warehouse)
    work()

    assert staff.order(made["id"]).status == "FULFILLED"
    assert simulator.calls("confirm") == []


def test_a_replacement_that_copies_the_cover_insures_nobody_twice(
    store: SaleorStore,
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
    driver: Driver,
    simulator: SimulatorProcess,
    work: Work,
) -> None:
    order = sell(shopper(store.usd_unpaid), payments, {store.concert: 2}, is_insured=True)
    work()
    made = staff.fulfill(
        order.id, {line.id: line.quantity for line in order.lines}, store.warehouse
    )
    lines = [
        {"fulfillmentLineId": handed, "quantity": 2 if line == order.ticket_lines[0].id else 1}
        for each in made
        for line, handed in each.lines.items()
    ]
    wanted = {"fulfillmentLines": [{**line, "replace": True} for line in lines]}
    draft = as_app(driver, RETURN_PRODUCTS, "manage_orders", order=order.id, input=wanted)[
        "replaceOrder"
    ]
    copy = as_app(driver, DRAFT_ORDER_COMPLETE, "manage_orders", id=draft["id"])["order"]
    tickets = next(line for line in copy["lines"] if line["productSku"] == store.concert.sku)

    staff.fulfill(copy["id"], {tickets["id"]: 2}, store.warehouse)
    work()

    assert staff.order(copy["id"]).status == "FULFILLED"
    assert len(simulator.calls("confirm")) == 1
    assert simulator.calls("cancel") == []


# Bulk ---------------------------------------------------------------------------------------


def test_orders_cancelled_in_bulk(
    store: SaleorStore, shopper: SendShopper, driver: Driver, staff: Staff
) -> None:
    orders = [buyer.complete() for buyer in twins(shopper, store.usd_unpaid, {store.concert: 2})]

    as_app(driver, ORDER_BULK_CANCEL, "manage_orders", ids=[order.id for order in orders])

    assert [staff.order(order.id).status for order in orders] == ["CANCELED", "CANCELED"]
    held = rows("warehouse.Allocation").filter(quantity_allocated__gt=0)
    assert not held.filter(order_line__order_id__in=[key(order.id) for order in orders])


def test_orders_brought_in_in_bulk_with_a_line_of_the_cover(
    store: SaleorStore, driver: Driver, staff: Staff, simulator: SimulatorProcess, work: Work
) -> None:
    """Orders of another system: Saleor asks each line for stock, and nothing was sold here.

    It takes the one piece of an untracked variant too; the next sweep gives it back.
    """
    for _ in range(2):
        at = datetime.now(UTC).isoformat()
        lines = [bulk_line(store, each, at) for each in (store.concert, store.cover_variant())]
        order = {
            "channel": store.usd.slug,
            "createdAt": at,
            "status": "UNFULFILLED",
            "user": {"email": EMAIL},
            "billingAddress": dict(NEW_YORK),
            "currency": "USD",
            "languageCode": "EN",
            "lines": lines,
            "deliveryMethod": {"warehouseId": store.warehouse},
        }
        made = as_app(driver, ORDER_BULK_CREATE, "manage_orders_import", orders=[order])
        (result,) = made["results"]
        assert not result["errors"], result
        created = result["order"]
        (tickets,) = [
            line for line in created["lines"] if line["variant"]["sku"] == store.concert.sku
        ]

        staff.fulfill(created["id"], {tickets["id"]: 1}, store.warehouse)
        work()

        assert staff.order(created["id"]).status == "FULFILLED"
    assert simulator.calls("confirm") == []


# Being found --------------------------------------------------------------------------------


def test_shoppers_do_not_find_the_cover_among_the_products(
    store: SaleorStore, driver: Driver
) -> None:
    for chosen in ({"search": "protection"}, {"filter": {"stockAvailability": "IN_STOCK"}}):
        found = driver.execute(PRODUCTS, {"channel": store.usd.slug, **chosen})["products"]
        skus = [v["sku"] for edge in found["edges"] for v in edge["node"]["variants"]]
        assert COVER_SKU not in skus


def test_orders_are_found_by_their_metadata(
    store: SaleorStore, shopper: SendShopper, payments: PaymentApp, driver: Driver
) -> None:
    orders = [
        sell(shopper(store.usd), payments, {store.concert: 2}, is_insured=insured)
        for insured in (True, False)
    ]
    ids = [order.id for order in orders]

    wanted = {"metadata": [{"key": "xcover"}], "ids": ids}
    found = driver.execute(ORDERS, {"filter": wanted}, token=store.staff_token())["orders"]

    assert [edge["node"]["id"] for edge in found["edges"]] == ids[:1]


# Hands --------------------------------------------------------------------------------------


def in_sixty_days() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=60)


def paid(buyer: Shopper, payments: PaymentApp) -> PlacedOrder:
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total, checkout.currency)
    return buyer.complete()


def parcel(shop: Premises, name: str, **weights: Any) -> str:
    """Add a way of shipping by weight at 7.00 to the channel; return its id."""
    bounds = {f"{bound}_order_weight": weight for bound, weight in weights.items()}
    method = rows("shipping.ShippingMethod").create(
        name=name, type="weight", shipping_zone=shop.store._zone, **bounds
    )
    rows("shipping.ShippingMethodChannelListing").create(
        shipping_method=method,
        channel_id=key(shop.channel.id),
        currency=shop.channel.currency,
        price_amount=Decimal(7),
    )
    return global_id("ShippingMethod", method.pk)


def bulk_line(store: SaleorStore, variant: Variant, at: str) -> Json:
    price = {"gross": variant.price, "net": variant.price}
    return {
        "variantId": variant.id,
        "createdAt": at,
        "isShippingRequired": False,
        "isGiftCard": False,
        "quantity": 1,
        "totalPrice": price,
        "undiscountedTotalPrice": price,
        "warehouse": store.warehouse,
        "taxRate": 0,
        "taxClassId": global_id("TaxClass", rows("tax.TaxClass").values_list("pk", flat=True)[0]),
    }


def as_app(driver: Driver, document: str, permission: str, **variables: Any) -> Json:
    from .pricing.shop import make_app

    permissions = {permission, "manage_orders", "manage_users", "manage_orders_import"}
    return driver.mutate(document, variables, token=make_app(*permissions, "manage_products"))


@contextmanager
def app_that_answers(answer: Json) -> Iterator[list[Any]]:
    """Run an app that Saleor asks which shipping methods to exclude; yield what it was asked."""
    from testkit.saleor import factories

    app: Any = factories.AppFactory()
    app.permissions.set(rows("permission.Permission").filter(codename="manage_checkouts"))
    try:
        with answering(app, "checkout_filter_shipping_methods", lambda _: answer) as asked:
            yield asked
    finally:
        app.delete()


PROBLEMS = """
query problems($id: ID!) {
  checkout(id: $id) { problems { __typename } lines { problems { __typename } } }
}"""
INVOICE_CREATE = """
mutation invoiceCreate($order: ID!, $input: InvoiceCreateInput!) {
  invoiceCreate(orderId: $order, input: $input) {
    invoice {
      id
      order {
        total { gross { amount } }
        lines { productSku totalPrice { gross { amount } } }
      }
    }
    errors { field message code }
  }
}"""
EXPORT_PRODUCTS = """
mutation exportProducts($input: ExportProductsInput!) {
  exportProducts(input: $input) { exportFile { id status } errors { field message code } }
}"""
_ORDER = "order { id status lines { id productSku quantity } } errors { field message code }"
DRAFT_ORDER_CREATE = (
    "mutation draftOrderCreate($input: DraftOrderCreateInput!) "
    f"{{ draftOrderCreate(input: $input) {{ {_ORDER} }} }}"
)
DRAFT_ORDER_COMPLETE = (
    f"mutation draftOrderComplete($id: ID!) {{ draftOrderComplete(id: $id) {{ {_ORDER} }} }}"
)
RETURN_PRODUCTS = """
mutation orderFulfillmentReturnProducts($order: ID!, $input: OrderReturnProductsInput!) {
  orderFulfillmentReturnProducts(order: $order, input: $input) {
    replaceOrder { id } errors { field message code }
  }
}"""
ORDER_BULK_CANCEL = """
mutation orderBulkCancel($ids: [ID!]!) {
  orderBulkCancel(ids: $ids) { count errors { field message code } }
}"""
ORDER_BULK_CREATE = """
mutation orderBulkCreate($orders: [OrderBulkCreateInput!]!) {
  orderBulkCreate(orders: $orders) {
    results {
      order { id lines { id variant { sku } } }
      errors { path message code }
    }
    errors { path message code }
  }
}"""
PRODUCTS = """
query products($channel: String!, $search: String, $filter: ProductFilterInput) {
  products(first: 100, channel: $channel, search: $search, filter: $filter) {
    edges { node { id variants { sku } } }
  }
}"""
ORDERS = """
query orders($filter: OrderFilterInput) {
  orders(first: 10, filter: $filter) { edges { node { id } } }
}"""
