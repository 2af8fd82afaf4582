"""A refunded order: the policy is cancelled where the rules allow it, else a person is asked.

The ticket refund itself is never held up.
"""

from collections.abc import Callable
from decimal import Decimal

import pytest

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TOTAL, Sale, asked, bookings, sell_with_cover
from testkit.work import Work

SOLD = {"create_offer": 1, "confirm": 1}
AFTER_COOLING_OFF = 20 * 24 * 3600
"""Seconds; the simulated XCover refunds within 14 days."""


@pytest.fixture
def buyer(store: Store, shopper: Callable[[Channel], Shopper]) -> Shopper:
    return shopper(store.usd)


@pytest.fixture
def sale(
    buyer: Shopper, store: Store, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> Sale:
    return sell_with_cover(buyer, store, payments, work, simulator)


@pytest.mark.trace
def test_refund_of_everything_in_the_cooling_off_period(
    sale: Sale,
    buyer: Shopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    assert asked(simulator) == SOLD
    # when
    refunded = payments.refund(sale.payment, TOTAL)
    in_the_request = asked(simulator)
    work()
    work()
    # then previewed and confirmed once each, after the refund and outside its request
    assert refunded.refunded == TOTAL
    assert in_the_request == SOLD
    assert asked(simulator) == {**SOLD, "cancel": 1, "confirm_cancellation": 1}
    assert [(b["id"], b["status"]) for b in bookings(simulator)] == [(sale.booking_id, "CANCELLED")]
    cover = buyer.cover()
    assert cover is not None
    # the premium went back to the buyer with the tickets: nothing is due
    assert (cover.status, cover.amount_due_back) == ("cancelled", Decimal(0))
    assert staff.order(sale.order.id).has_note(sale.booking_id, "cancelled")


@pytest.mark.trace
def test_refund_of_everything_after_the_cooling_off_period(
    sale: Sale,
    buyer: Shopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    simulator.settings(now_offset_seconds=AFTER_COOLING_OFF)
    # when
    payments.refund(sale.payment, TOTAL)
    work()
    staff.cancel(sale.order.id)
    work()
    # then XCover was asked once, would pay nothing, and the policy stays
    assert asked(simulator) == {**SOLD, "cancel": 1}
    assert [b["status"] for b in bookings(simulator)] == ["CONFIRMED"]
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.policy_number) == ("confirmed", sale.booking_id)
    order = staff.order(sale.order.id)
    assert order.refunded == TOTAL
    assert order.has_note("without any refund")


@pytest.mark.trace
def test_refund_of_a_part(
    sale: Sale,
    buyer: Shopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given one of two tickets is to be given back
    (tickets,) = sale.order.ticket_lines
    staff.grant_refund(sale.order.id, sale.payment, lines={tickets.id: 1})
    # when
    payments.refund(sale.payment, Decimal("100.00"))
    work()
    work()
    # then nothing is asked and a person is told
    assert asked(simulator) == SOLD
    assert [b["status"] for b in bookings(simulator)] == ["CONFIRMED"]
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "confirmed"
    order = staff.order(sale.order.id)
    assert order.refunded == Decimal("100.00")
    assert [note for note in order.notes if "part of the order was refunded" in note.lower()] == [
        "XCover: Only part of the order was refunded. The policy covers all tickets together and "
        "stays in force; decide whether to cancel it."
    ]


@pytest.mark.trace
def test_refund_in_two_parts(
    sale: Sale,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    payments.refund(sale.payment, Decimal("100.00"))
    work()
    # when the rest follows
    payments.refund(sale.payment, TOTAL - Decimal("100.00"))
    work()
    # then
    assert asked(simulator) == {**SOLD, "cancel": 1, "confirm_cancellation": 1}
    assert [b["status"] for b in bookings(simulator)] == ["CANCELLED"]


@pytest.mark.trace
def test_refund_reported_twice(
    sale: Sale,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    payments.refund(sale.payment, TOTAL, psp_reference="refund-" + sale.order.number)
    work()
    # when
    again = payments.refund(sale.payment, TOTAL, psp_reference="refund-" + sale.order.number)
    work()
    # then
    assert again.refunded == TOTAL
    assert asked(simulator) == {**SOLD, "cancel": 1, "confirm_cancellation": 1}


@pytest.mark.trace
def test_refund_before_the_policy_was_confirmed(
    buyer: Shopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a paid order nobody worked on yet
    buyer.create_checkout({store.concert: 2})
    buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    payment = payments.charge(checkout.id, checkout.total)
    buyer.complete()
    # when
    payments.refund(payment, TOTAL)
    work()
    work()
    # then no policy is made only to be cancelled
    assert asked(simulator) == {"create_offer": 1}
    assert bookings(simulator) == []
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("void", Decimal(0))


@pytest.mark.trace
def test_cancel_without_a_refund(
    sale: Sale,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # when
    staff.cancel(sale.order.id)
    work()
    # then XCover is asked what it would refund, and the policy stays until a person decides
    assert asked(simulator) == {**SOLD, "cancel": 1}
    assert [b["status"] for b in bookings(simulator)] == ["CONFIRMED"]
    order = staff.order(sale.order.id)
    assert order.has_note("cancelled but not refunded")
    assert order.has_note("would refund the whole premium of 6.66 USD", "keep the policy")


@pytest.mark.trace
def test_cancel_an_unpaid_order(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.accept(buyer.offer())
    order = buyer.complete()
    # when
    staff.cancel(order.id)
    work()
    # then there never was a policy
    assert asked(simulator) == {"create_offer": 1}
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("void", Decimal(0))


@pytest.mark.trace
def test_refund_in_the_legacy_payment_flow(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd_legacy)
    buyer.create_checkout({store.concert: 2})
    buyer.accept(buyer.offer())
    buyer.pay_legacy()
    order = buyer.complete()
    work()
    # when
    staff.refund_legacy(order.id, TOTAL)
    work()
    # then
    assert asked(simulator) == {**SOLD, "cancel": 1, "confirm_cancellation": 1}
    assert [b["status"] for b in bookings(simulator)] == ["CANCELLED"]
    assert [line.total for line in order.cover_lines] == [PREMIUM]
