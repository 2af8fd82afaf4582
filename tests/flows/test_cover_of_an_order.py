"""A buyer asks for the cover of an order: it has one, it has none, or there is no such order."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store
from testkit.rows import key
from testkit.steps import Sale, buy_with_cover

SendShopper = Callable[[Channel], Shopper]


def refusal(buyer: Shopper) -> str:
    with pytest.raises(Refused) as caught:
        buyer.cover()
    (error,) = caught.value.errors
    return f"{error['code']}: {error['message']}"


NOT_FOUND = "order_not_found: We could not find this order."


def test_a_guest_asks_right_after_the_order_is_made(
    store: Store, shopper: SendShopper, payments: PaymentApp
) -> None:
    # given an order with cover, of which no worker has heard yet
    ada = shopper(store.usd)
    buy_with_cover(ada, payments, {store.concert: 2})
    cover = ada.cover()
    assert cover is not None
    assert (cover.status, cover.policy_number) == ("placed", None) or cover.status == "confirming"
    # and one without
    bob = shopper(store.usd_unpaid)
    bob.create_checkout({store.concert: 2})
    bob.complete()
    assert bob.cover() is None


def test_an_order_that_is_not_there_is_not_found(store: Store, shopper: SendShopper) -> None:
    buyer = shopper(store.usd)
    for unknown in (str(uuid.uuid4()), "T3JkZXI6MQ==", "1 OR 1=1", ""):
        buyer.order_id = unknown
        assert refusal(buyer) == NOT_FOUND


def test_an_order_of_another_channel_is_not_found(
    sale: Sale, store: Store, shopper: SendShopper
) -> None:
    # given one with cover and one without
    bob = shopper(store.usd_unpaid)
    bob.create_checkout({store.concert: 2})
    without = bob.complete()
    # then a stranger's channel tells neither that there is a cover nor that there is none
    stranger = shopper(store.eur)
    for order_id in (sale.order.id, without.id):
        stranger.order_id = order_id
        assert refusal(stranger) == NOT_FOUND


def test_an_order_that_was_moved_to_another_channel_keeps_its_cover(
    sale: Sale, store: Store, shopper: SendShopper
) -> None:
    from django.apps import apps

    from saleor_xcover_plugin.models import Cover

    # given an order Saleor moved, whose row here still names the channel before
    orders = apps.get_model("order", "Order").objects.filter(pk=key(sale.order.id))
    assert orders.update(channel_id=int(key(store.eur.id))) == 1
    assert Cover.objects.get().channel_id == int(key(store.usd.id))
    # when the buyer asks where it is now
    buyer = shopper(store.eur)
    buyer.order_id = sale.order.id
    cover = buyer.cover()
    # then
    assert cover is not None
    assert cover.policy_number == sale.booking_id
