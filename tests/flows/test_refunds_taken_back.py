"""Refunds that cross the plugin's own work: who paid the premium has a policy or is owed it."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TOTAL, accept_cover, asked, bookings, sell_with_cover
from testkit.work import Work

SOLD = {"create_offer": 1, "confirm": 1}


@pytest.fixture
def buyer(store: Store, shopper: Callable[[Channel], Shopper]) -> Shopper:
    return shopper(store.usd)


def test_a_refund_taken_back_before_xcover_was_asked_keeps_the_policy(
    buyer: Shopper, store: Store, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    # given
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    # when
    payments.refund(sale.payment, TOTAL)
    payments.reverse_refund(sale.payment, TOTAL)
    work()
    work()
    # then
    assert [b["status"] for b in bookings(simulator)] == ["CONFIRMED"]
    assert "confirm_cancellation" not in asked(simulator)


def test_a_refund_taken_back_and_made_again_cancels_the_policy(
    buyer: Shopper, store: Store, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    # given
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    payments.refund(sale.payment, TOTAL)
    payments.reverse_refund(sale.payment, TOTAL)
    work()
    # when
    payments.refund(sale.payment, TOTAL)
    work()
    # then
    assert [b["status"] for b in bookings(simulator)] == ["CANCELLED"]
    assert asked(simulator) == {**SOLD, "cancel": 1, "confirm_cancellation": 1}


def test_a_refund_taken_back_after_the_cancellation_makes_the_premium_due(
    buyer: Shopper, store: Store, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    # given
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    payments.refund(sale.payment, TOTAL)
    work()
    # when
    payments.reverse_refund(sale.payment, TOTAL)
    work()
    # then the buyer paid for a policy that is gone
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("cancelled", PREMIUM)


def test_a_refund_taken_back_before_the_policy_was_made_is_not_forgotten(
    buyer: Shopper, store: Store, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    # given
    checkout, _ = accept_cover(buyer, store)
    payment = payments.charge(checkout.id, checkout.total)
    buyer.complete()
    payments.refund(payment, TOTAL)
    work()
    work()
    # when
    payments.reverse_refund(payment, TOTAL)
    work()
    work()
    # then either the policy is made after all or its price is owed
    cover = buyer.cover()
    assert cover is not None
    assert (cover.policy_number is not None) != (cover.amount_due_back == PREMIUM)


def test_a_partial_refund_before_the_policy_was_made_is_told_to_staff(
    buyer: Shopper,
    store: Store,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    checkout, _ = accept_cover(buyer, store)
    payment = payments.charge(checkout.id, checkout.total)
    order = buyer.complete()
    # when
    payments.refund(payment, Decimal("50.00"))
    work()
    work()
    # then the premium is still paid: there is a policy, or somebody is asked
    cover = buyer.cover()
    assert cover is not None
    assert cover.status in ("confirmed", "parked")
    assert len(staff.order(order.id).notes) == 1
    assert asked(simulator) in (SOLD, {"create_offer": 1})
