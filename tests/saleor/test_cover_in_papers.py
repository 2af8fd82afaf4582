"""Where the cover stands in what Saleor makes of a checkout: e-mails, webhooks, replacements."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from testkit.client.driver import Driver
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store
from testkit.client.values import COVER_SKU
from testkit.steps import accept_cover, buy_with_cover

from .pricing.shop import key
from .test_refund_paths import RETURN_PRODUCTS

SendShopper = Callable[[Channel], Shopper]

ORDER_FROM_CHECKOUT = """
mutation orderCreateFromCheckout($id: ID!) {
  orderCreateFromCheckout(id: $id) {
    order { id lines { productSku } } errors { field message code }
  }
}"""


def _order(buyer: Shopper) -> Any:
    from saleor.order.models import Order

    return Order.objects.get(pk=key(buyer.order_id))


def test_an_order_confirmation_names_the_tickets_before_the_cover(
    store: Store, shopper: SendShopper, payments: PaymentApp
) -> None:
    from saleor.order.notifications import get_default_order_payload

    # given
    buyer = shopper(store.usd)
    buy_with_cover(buyer, payments, {store.concert: 2, store.shirt: 1})
    # when Saleor writes the e-mail
    payload = get_default_order_payload(_order(buyer))
    # then
    skus = [line["product_sku"] for line in payload["lines"]]
    assert skus == [store.concert.sku, store.shirt.sku, COVER_SKU]


def test_the_webhook_an_invoice_is_made_from_names_the_tickets_before_the_cover(
    store: Store, shopper: SendShopper, payments: PaymentApp
) -> None:
    from saleor.webhook.payloads import generate_order_payload

    # given
    buyer = shopper(store.usd)
    buy_with_cover(buyer, payments, {store.concert: 2, store.shirt: 1})
    # when an app that writes invoices is told of the order
    (told,) = json.loads(generate_order_payload(_order(buyer)))
    # then
    skus = [line["product_sku"] for line in told["lines"]]
    assert skus == [store.concert.sku, store.shirt.sku, COVER_SKU]


def test_an_order_an_app_makes_of_the_checkout_ends_with_the_cover(
    store: Store, shopper: SendShopper, driver: Driver
) -> None:
    # given
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    # when
    root = driver.mutate(
        ORDER_FROM_CHECKOUT, {"id": buyer.checkout_id}, token=store.store_app_token()
    )
    # then
    skus = [line["productSku"] for line in root["order"]["lines"]]
    assert skus == [store.concert.sku, COVER_SKU]


def test_a_line_that_is_forced_to_be_new_stands_before_the_cover(
    store: Store, shopper: SendShopper
) -> None:
    # given
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2, store.shirt: 1})
    buyer.accept(buyer.offer())
    # when
    again = buyer.add(store.shirt, forceNewLine=True)
    # then
    skus = [line.sku for line in again.lines]
    assert skus == [store.concert.sku, store.shirt.sku, store.shirt.sku, COVER_SKU]


def test_a_replacement_ends_with_the_cover(
    store: Store, shopper: SendShopper, driver: Driver, payments: PaymentApp
) -> None:
    from saleor.order.models import Order

    # given an order with cover
    buyer = shopper(store.usd)
    placed, _ = buy_with_cover(buyer, payments, {store.concert: 2})
    # when staff replace all of it; Saleor keeps the order they name the lines in
    lines = [
        {"orderLineId": line.id, "quantity": line.quantity, "replace": True}
        for line in placed.lines
    ]
    driver.mutate(
        RETURN_PRODUCTS,
        {"order": placed.id, "input": {"orderLines": lines}},
        token=store.staff_token(),
    )
    # then the draft is sorted as the order was
    draft = Order.objects.get(original_id=key(placed.id))
    assert [line.product_sku for line in draft.lines.all()] == [store.concert.sku, COVER_SKU]
