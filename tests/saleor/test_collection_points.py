"""Pick-up and shipping are the same with and without a yes, before and after the choice."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel
from testkit.client.values import COVER_SKU, PlacedOrder
from testkit.rows import global_id, key
from testkit.steps import PREMIUM
from testkit.work import Work

from .box_office import Premises

SendShopper = Callable[[Channel], Shopper]
Sell = Callable[[Channel], Channel]

TOTAL = Decimal("200.00") + PREMIUM
FLOWS = ("transactions", "legacy", "order from checkout")


def ordered(
    flow: str, buyer: Shopper, payments: PaymentApp, staff: Staff, point: str = ""
) -> PlacedOrder:
    """Pay what the checkout costs and make the order, in one of the ways there are."""
    checkout = buyer.checkout()
    if flow == "order from checkout":
        payments.charge(checkout.id, checkout.total, checkout.currency)
        return staff.order_from_checkout(checkout.id)
    if flow == "legacy":
        buyer.pay_legacy()
    else:
        payments.charge(checkout.id, checkout.total, checkout.currency)
    return buyer.complete()


def settings_of(flow: str) -> dict[str, object]:
    return {"order_mark_as_paid_strategy": "payment_flow"} if flow == "legacy" else {}


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("when", ["before the yes", "after the yes"])
def test_a_buyer_who_picks_up_is_charged_and_gets_the_order(
    premises: Callable[..., Premises],
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
    flow: str,
    when: str,
) -> None:
    """Without stock of the protection the buyer was charged 206.66 and got no order."""
    shop = premises(**settings_of(flow))
    point = shop.warehouse("local")
    shop.store.command("xcover_setup")
    ada = shopper(shop.channel)
    ada.create_checkout({shop.paper_ticket: 2})
    # when a point is chosen and the yes is said
    if when == "before the yes":
        shop.choose(ada, point)
    ada.accept(ada.offer())
    if when == "after the yes":
        shop.choose(ada, point)
    order = ordered(flow, ada, payments, staff)
    # then
    assert order.total == TOTAL
    assert [line.total for line in order.cover_lines] == [PREMIUM]
    assert staff.order(order.id).charged == TOTAL


def layouts(shop: Premises, name: str) -> None:
    """Warehouses of the kinds Saleor has; what each lets a shopper choose differs."""
    if name == "local and elsewhere":
        shop.warehouse("local", pieces=5)
        shop.warehouse("disabled", pieces=5)
    elif name == "local without enough":
        shop.warehouse("local", pieces=1)
        shop.warehouse("local", pieces=5)
    elif name == "all, from two warehouses":
        shop.warehouse("all", pieces=1)
        shop.warehouse("disabled", pieces=1)
    elif name == "all, tickets elsewhere":
        shop.warehouse("all", pieces=0)
        shop.warehouse("disabled", pieces=5)
    elif name == "outside of all zones":
        shop.warehouse("local", pieces=5, is_in_zone=False)
        shop.warehouse("all", pieces=5, is_in_zone=False)
    elif name == "none to pick up from":
        shop.warehouse("disabled", pieces=5)


LAYOUTS = (
    "local and elsewhere",
    "local without enough",
    "all, from two warehouses",
    "all, tickets elsewhere",
    "outside of all zones",
    "none to pick up from",
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_points_and_methods_with_and_without_a_yes(
    premises: Callable[..., Premises], shopper: SendShopper, layout: str
) -> None:
    from .pricing.shop import Shelf, Shop, make_app

    shop = premises()
    layouts(shop, layout)
    shop.store.command("xcover_setup")
    prices = Shop(shop.driver, shop.store, Shelf(shop.store), make_app(), shop.channel)
    prices.shipping_method("parcel", "7.00")
    ada = shopper(shop.channel)
    ada.create_checkout({shop.paper_ticket: 2}, shipping=NEW_YORK)
    without = shop.delivery(ada)
    # when
    ada.accept(ada.offer())
    with_cover = shop.delivery(ada)
    ada.decline()
    # then
    assert with_cover == without == shop.delivery(ada)
    assert ("parcel", Decimal(7), True) in without["methods"]
    assert bool(without["points"]) is (layout != "none to pick up from")
    prices.close()


def test_a_point_that_is_chosen_stays_chosen_when_the_answer_changes(
    premises: Callable[..., Premises],
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
) -> None:
    shop = premises()
    point = shop.warehouse("all", pieces=5)
    shop.store.command("xcover_setup")
    ada = shopper(shop.channel)
    ada.create_checkout({shop.paper_ticket: 2})
    shop.choose(ada, point)
    for answer in (lambda: ada.accept(ada.offer()), ada.decline, lambda: ada.accept(ada.offer())):
        answer()
        assert shop.points(ada) == [point]
    # then the choice is in the order
    order = ordered("transactions", ada, payments, staff)
    assert order.total == TOTAL
    assert point_of(order) == point


def test_no_offer_where_it_would_close_a_point(
    premises: Callable[..., Premises], shopper: SendShopper
) -> None:
    """Nothing but preorders is handed out at every point; beside a cover stock is asked for."""
    from saleor.product.models import ProductVariant

    shop = premises(allow_unpaid_orders=True)
    point = shop.warehouse("local", pieces=0)
    preorder = ProductVariant.objects.filter(pk=key(shop.paper_ticket.id))
    preorder.update(is_preorder=True)
    ada = shopper(shop.channel)
    ada.create_checkout({shop.paper_ticket: 2})

    assert refusal_of(ada) == ("price_not_exact",)
    shop.choose(ada, point)
    assert ada.complete().total == Decimal("200.00")


def test_a_warehouse_nobody_stocked_yet_sells_no_protection(
    premises: Callable[..., Premises], shopper: SendShopper, work: Work
) -> None:
    """Between its making in bulk and the next sweep: no offer, and every point is kept."""
    from saleor.warehouse.models import Stock

    shop = premises()
    point = shop.warehouse("local")
    Stock.objects.filter(product_variant__sku=COVER_SKU, warehouse_id=key(point)).delete()
    ada = shopper(shop.channel)
    ada.create_checkout({shop.paper_ticket: 2})

    assert refusal_of(ada) == ("price_not_exact",)
    assert shop.points(ada) == [point]
    work()
    bob = shopper(shop.channel)
    bob.create_checkout({shop.paper_ticket: 2})
    assert bob.accept(bob.offer()).answer == "accepted"
    assert shop.points(bob) == [point]


def refusal_of(buyer: Shopper) -> tuple[str, ...]:
    with pytest.raises(Refused) as refused:
        buyer.offer()
    return refused.value.codes


def point_of(order: PlacedOrder) -> str:
    from saleor.order.models import Order

    return global_id("Warehouse", Order.objects.get(pk=key(order.id)).collection_point_id)
