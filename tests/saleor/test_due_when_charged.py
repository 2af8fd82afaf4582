"""What was not charged is not due back: staff and buyer are told of no refund for it.

Two tickets at 100.00, premium 6.66.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from demo.client.driver import Driver
from demo.client.payment_app import PaymentApp
from demo.client.shopper import Shopper
from demo.client.staff import Staff
from demo.client.store import Channel
from demo.client.values import COVER_SKU
from demo.simulator import SimulatorProcess

from ..flows.steps import PREMIUM, TICKETS, TOTAL, accept_cover, bookings, opt_outs
from ..flows.work import Work

if TYPE_CHECKING:
    from .store import SaleorStore

SendShopper = Callable[[Channel], Shopper]
NOTHING = Decimal("0.00")


def parked(buyer: Shopper) -> tuple[str, Decimal]:
    cover = buyer.cover()
    assert cover is not None
    return cover.status, cover.amount_due_back


def test_a_cover_that_was_only_authorised_is_due_when_it_is_captured(
    store: SaleorStore,
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given an authorised payment, and one ticket more
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payment = payments.authorize(checkout.id, TOTAL + 100)
    three = ada.set_quantity(checkout.ticket_lines[0], 3)
    # when the order is made, and nothing is charged yet
    order = ada.complete()
    work()
    # then
    assert order.total == three.total == TOTAL + 100
    assert parked(ada) == ("parked", NOTHING)
    (note,) = staff.order(order.id).notes
    assert "it was not charged, so nothing is due: charge no more than 300.00 USD" in note
    assert "refund" not in note
    # when it is charged in full all the same
    payments.capture(payment, order.total)
    work()
    # then
    assert parked(ada) == ("parked", PREMIUM)
    assert staff.order(order.id).notes[1:] == (
        "XCover: 6.66 USD was charged for the ticket protection meanwhile, and is due back: refund "
        "6.66 USD.",
    )
    assert bookings(simulator) == []


def test_a_capture_that_leaves_the_cover_out_makes_nothing_due(
    store: SaleorStore,
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
) -> None:
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payment = payments.authorize(checkout.id, TOTAL + 100)
    ada.set_quantity(checkout.ticket_lines[0], 3)
    order = ada.complete()
    work()

    payments.capture(payment, TICKETS + 100)
    work()
    assert parked(ada) == ("parked", NOTHING)
    assert len(staff.order(order.id).notes) == 1

    payments.capture(payment, Decimal("1.00"))
    work()
    assert parked(ada) == ("parked", Decimal("1.00"))


def test_a_cover_put_in_again_by_hand_is_no_reason_to_forget_what_was_charged(
    store: SaleorStore,
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a cover that was charged, taken out, and put in again at its list price of 0.00
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payments.charge(checkout.id, TOTAL)
    (cover_line,) = [line for line in ada.checkout().lines if line.sku == COVER_SKU]
    ada.delete(cover_line)
    ada.add(store.cover_variant())
    # when
    order = ada.complete()
    work()
    # then
    assert order.total == TICKETS
    assert parked(ada) == ("parked", NOTHING)
    notes = staff.order(order.id).notes
    assert (
        sum("charged 6.66 USD more than the order costs: refund it" in note for note in notes) == 1
    )
    assert sum("it cost nothing, so nothing is due back for it" in note for note in notes) == 1
    assert bookings(simulator) == []
    assert len(opt_outs(simulator)) == 1


def test_a_text_nobody_can_read_in_the_metadata_stops_no_policy(
    store: SaleorStore,
    shopper: SendShopper,
    payments: PaymentApp,
    driver: Driver,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    """Shoppers may write public metadata of a checkout: any depth, any length."""
    for text in ("[" * 5_000, "[" * 60_000, "9" * 6_000, '{"state": "declined"}', "{}"):
        ada = shopper(store.usd)
        checkout, _ = accept_cover(ada, store)
        ada.write_metadata({"xcover": text})
        payments.charge(checkout.id, TOTAL)
        ada.complete()
        work()

        cover = ada.cover()
        assert cover is not None
        assert cover.status == "confirmed", text[:30]
    assert len(bookings(simulator)) == 5
