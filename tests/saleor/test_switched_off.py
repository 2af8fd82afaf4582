"""The plugin is switched off in a channel while buyers have said yes, and switched on again.

To change API key and secret a store has to do so. Saleor then calls none of the plugin's hooks for
that channel and answers nothing at its address; the sweep goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from testkit.client.driver import GraphQLFailed
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, accept_cover, bookings, opt_outs
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]
Switch = Callable[[bool], None]


@pytest.fixture
def switch(store: Store, staff: Staff) -> Iterator[Switch]:
    """Switch the plugin on or off in the channel; on again when the test is over."""

    def switched(is_on: bool) -> None:
        staff.configure_plugin(store.usd, is_active=is_on)

    yield switched
    switched(True)


def test_a_yes_said_before_it_is_insured(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    switch: Switch,
) -> None:
    # given a yes, and the plugin switched off before it is paid
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    switch(False)
    # when she pays and orders what she saw
    payments.charge(checkout.id, TOTAL)
    ada.complete()
    work()
    # then the policy is made
    order = staff.order(ada.order_id)
    assert (order.total, order.charged) == (TOTAL, TOTAL)
    assert [line.quantity for line in order.cover_lines] == [1]
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    # and no other buyer meets an offer: the plugin's address answers "not found"
    grace = shopper(store.usd)
    grace.create_checkout({store.concert: 2})
    with pytest.raises(GraphQLFailed, match="status 404"):
        grace.offer()
    assert len(simulator.calls("create_offer")) == 1


def test_tickets_changed_meanwhile_are_not_insured_and_the_premium_is_due(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    switch: Switch,
) -> None:
    # given a yes for two tickets, and the plugin switched off
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    switch(False)
    # when she takes a third ticket: no hook ends the yes
    (tickets,) = checkout.ticket_lines
    grown = ada.set_quantity(tickets, 3)
    assert grown.total == TOTAL + TICKETS / 2
    payments.charge(checkout.id, grown.total)
    ada.complete()
    work()
    # then nothing is insured that was not quoted, and staff read what is due
    assert bookings(simulator) == []
    assert opt_outs(simulator) == []
    (note,) = staff.order(ada.order_id).notes
    assert "tickets changed" in note
    assert "refund what was paid for the protection" in note
    # and so does she, when the plugin answers again
    switch(True)
    cover = ada.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("parked", PREMIUM)


def test_a_checkout_is_brought_in_step_when_it_is_on_again(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    switch: Switch,
) -> None:
    # given a yes for two tickets, and a third one taken while the plugin was off
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    switch(False)
    (tickets,) = checkout.ticket_lines
    ada.set_quantity(tickets, 3)
    switch(True)
    # when the page asks
    offer = ada.offer()
    # then it offers the cover of three tickets, and the old one is not charged
    assert offer.answer is None
    assert len(simulator.calls("create_offer")) == 2
    assert ada.checkout().total == TICKETS + TICKETS / 2
    ada.accept(offer)
    payments.charge(checkout.id, ada.checkout().total)
    ada.complete()
    work()
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
