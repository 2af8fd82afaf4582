"""Refunds that cross the plugin's own work: a buyer who paid the premium has a policy or a claim.

Marked tests describe what is still to be built; they turn red as soon as it is.
"""

from collections.abc import Callable
from decimal import Decimal

import pytest

from ..simulator_process import SimulatorProcess
from .payment_app import PaymentApp
from .shopper import Shopper
from .staff import Staff
from .steps import PREMIUM, TOTAL, accept_cover, asked, bookings, sell_with_cover
from .store import Channel, Store
from .work import Work

SOLD = {"create_offer": 1, "confirm": 1}


@pytest.fixture
def buyer(store: Store, shopper: Callable[[Channel], Shopper]) -> Shopper:
    return shopper(store.usd)


@pytest.mark.xfail(
    strict=True, reason="the policy is cancelled although the order is paid in full again"
)
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


@pytest.mark.xfail(strict=True, reason="the paid premium is owed to nobody")
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


@pytest.mark.xfail(strict=True, reason="void has no way back and nothing is due")
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


@pytest.mark.xfail(strict=True, reason="the cover rests as placed for ever and nobody is told")
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
