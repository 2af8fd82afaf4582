"""The miniature hands out what is in stock, as Saleor does, and refuses the rest."""

import pytest
from django.apps import apps

from testkit.client.driver import GraphQLFailed, Refused
from testkit.steps import buy_with_cover


def test_a_line_without_stock(store, shopper, payments, staff):
    """So an installation without stock of the protection fails here as it fails there."""
    order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 1})
    apps.get_model("warehouse", "Stock").objects.filter(
        product_variant__sku=order.cover_lines[0].sku
    ).delete()

    with pytest.raises(Refused) as refused:
        staff.fulfill(order.id, {line.id: 1 for line in order.lines}, store.warehouse)

    assert refused.value.codes == ("insufficient_stock",)
    assert staff.order(order.id).status == "UNFULFILLED"
    store.command("xcover_setup")


def test_more_than_is_left(store, shopper, payments, staff):
    order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 1})

    with pytest.raises(Refused) as refused:
        staff.fulfill(order.id, {order.ticket_lines[0].id: 2}, store.warehouse)

    assert refused.value.codes == ("fulfill_order_line",)


def test_handing_out_beyond_the_stock(driver, store, shopper, payments):
    order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 1})
    wanted = {"lines": [], "notifyCustomer": False, "allowStockToBeExceeded": True}
    document = (
        "mutation orderFulfill($order: ID!, $input: OrderFulfillInput!) "
        "{ orderFulfill(order: $order, input: $input) { errors { code } } }"
    )

    with pytest.raises(GraphQLFailed, match="allowStockToBeExceeded"):
        driver.execute(document, {"order": order.id, "input": wanted}, token=store.staff_token())
