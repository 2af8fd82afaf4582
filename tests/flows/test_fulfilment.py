"""A box office hands out an order with cover as it hands out any other."""

from collections.abc import Callable

import pytest

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import buy_with_cover, sell_with_cover
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]


@pytest.mark.trace
def test_a_box_office_hands_out_every_line(
    store: Store, shopper: SendShopper, payments: PaymentApp, staff: Staff
) -> None:
    """Saleor refused it with INSUFFICIENT_STOCK from every warehouse."""
    order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})

    staff.fulfill(order.id, {line.id: line.quantity for line in order.lines}, store.warehouse)

    assert staff.order(order.id).status == "FULFILLED"


@pytest.mark.trace
def test_tickets_alone_end_the_order(
    store: Store, shopper: SendShopper, payments: PaymentApp, staff: Staff
) -> None:
    """It stayed PARTIALLY_FULFILLED for ever: nobody hands out an insurance."""
    order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    (tickets,) = order.ticket_lines

    staff.fulfill(order.id, {tickets.id: 1}, store.warehouse)
    assert staff.order(order.id).status == "PARTIALLY_FULFILLED"
    (second,) = staff.fulfill(order.id, {tickets.id: 1}, store.warehouse)

    assert second.status == "FULFILLED"
    assert staff.order(order.id).status == "FULFILLED"


def test_the_policy_does_not_mind_who_handed_out_what(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    ada = shopper(store.usd)
    sale = sell_with_cover(ada, store, payments, work, simulator)
    (tickets,) = sale.order.ticket_lines

    staff.fulfill(sale.order.id, {tickets.id: 2}, store.warehouse)
    work()

    cover = ada.cover()
    assert cover is not None
    assert cover.status == "confirmed"
    assert simulator.calls("cancel") == []
