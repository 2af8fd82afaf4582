"""A policy is made for the order that was paid, and for no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder
from testkit.simulator import SimulatorProcess
from testkit.steps import asked, bookings, buy_with_cover
from testkit.work import Work

from .test_sent_or_not import held_back
from .waits import let_waits_pass

Paid = tuple[Shopper, PlacedOrder]


@pytest.fixture
def paid(shopper: Callable[[Channel], Shopper], store: Store, payments: PaymentApp) -> Paid:
    """Sell two tickets with cover, paid; XCover was not asked for the policy yet."""
    buyer = shopper(store.usd)
    order, _ = buy_with_cover(buyer, payments, {store.concert: 2})
    return buyer, order


def test_a_paid_order_that_is_cancelled_before_its_policy_is_made_gets_none(
    paid: Paid, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given a paid cover that was deferred before it was sent
    buyer, order = paid
    with held_back():
        work()
        # when staff cancel the order, and keep the money for now
        staff.cancel(order.id)
    work()
    # then no policy is made for tickets that are gone
    assert "confirm" not in asked(simulator)
    assert bookings(simulator) == []
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.policy_number) == ("void", None)


@pytest.mark.parametrize("is_ours", [True, False], ids=["ours", "of another order"])
def test_a_booking_that_exists_is_adopted_by_its_own_order_only(
    is_ours: bool, paid: Paid, work: Work, simulator: SimulatorProcess
) -> None:
    # given an offer that was booked under a key nobody knows any more
    buyer, order = paid
    book(order.number if is_ours else "another-order")
    (booking,) = bookings(simulator)
    # when XCover is asked for the policy
    work()
    # then XCover names the booking, and it is taken over if it is this order's, else shown to staff
    assert bookings(simulator) == [booking]
    assert asked(simulator)["get_booking"] == 1
    cover = buyer.cover()
    assert cover is not None
    if is_ours:
        assert (cover.status, cover.policy_number) == ("confirmed", booking["id"])
    else:
        assert (cover.status, cover.policy_number, cover.amount_due_back) == ("parked", None, 0)
        code, sentence = told()
        assert code == "other_booking"
        assert f"XCover already holds booking {booking['id']}" in sentence


@pytest.mark.parametrize("status", [404, 409, 422])
def test_a_booking_that_is_not_shown_at_once_is_looked_up_again(
    status: int, paid: Paid, work: Work, simulator: SimulatorProcess
) -> None:
    """That XCover refuses to show a booking does not make it another order's."""
    # given
    buyer, order = paid
    book(order.number)
    (booking,) = bookings(simulator)
    simulator.fault("get_booking", "status", times=1, status=status)
    # when
    work()
    # then nobody is told that it is none of this order's
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "confirming"
    assert told() == ("", "")
    # and it is adopted once it is shown
    let_waits_pass()
    work()
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.policy_number) == ("confirmed", booking["id"])
    assert bookings(simulator) == [booking]


def told() -> tuple[str, str]:
    from saleor_xcover_plugin.models import Cover

    cover = Cover.objects.get()
    return cover.reason_code, cover.reason


def book(transaction_id: str) -> None:
    """Have the offer of the one cover booked at XCover, past the plugin."""
    from saleor_xcover_plugin.checkout.offers import chosen_ids
    from saleor_xcover_plugin.host import configuration, orders
    from saleor_xcover_plugin.models import Cover
    from saleor_xcover_plugin.outbox.clients import probing_client
    from saleor_xcover_plugin.xcover.payloads import confirm_body

    cover = Cover.objects.get()
    order = orders.read(cover.order_id)
    assert cover.offer is not None
    assert order is not None
    body = confirm_body(chosen_ids(cover.offer), order.policyholder, transaction_id=transaction_id)
    client = probing_client(configuration.settings_of(cover.channel_id))
    client.confirm_offer(str(cover.offer.xcover_offer_id), body, idempotency_key="another")
