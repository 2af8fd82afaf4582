"""A checkout made from an insured order (`checkoutCreateFromOrder`) begins without its cover.

Saleor copies every line at its list price, 0.00 for the cover, and tells no plugin.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from testkit.client.driver import Driver, Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import EMAIL, NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel
from testkit.client.values import COVER_SKU
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, bookings
from testkit.work import Work

from .box_office import sell

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

SendShopper = Callable[[Channel], Shopper]


@pytest.fixture
def ada(
    store: SaleorStore, shopper: SendShopper, payments: PaymentApp, driver: Driver, work: Work
) -> Shopper:
    """A buyer of two insured tickets who begins to buy the same again."""
    order = sell(shopper(store.usd), payments, {store.concert: 2}, is_insured=True)
    work()
    again = driver.mutate(CHECKOUT_FROM_ORDER, {"id": order.id}, token=store.staff_token())
    buyer = shopper(store.usd)
    buyer.checkout_id = again["checkout"]["id"]
    assert COVER_SKU in skus(buyer)
    return buyer


def skus(buyer: Shopper) -> list[str]:
    return [line.sku for line in buyer.checkout().lines]


def test_the_first_change_takes_the_copied_line_out(store: SaleorStore, ada: Shopper) -> None:
    ada.set_email(EMAIL)

    assert [(line.sku, line.quantity) for line in ada.checkout().lines] == [(store.concert.sku, 2)]
    assert ada.checkout().total == TICKETS


def test_a_page_that_asks_for_the_offer_takes_the_copied_line_out(
    store: SaleorStore, ada: Shopper
) -> None:
    """Nobody knows yet where the buyer lives, so there is no offer; nor is there its line."""
    with pytest.raises(Refused):
        ada.offer()

    assert skus(ada) == [store.concert.sku]
    assert ada.checkout().total == TICKETS


def test_the_next_purchase_has_its_own_question_and_its_own_policy(
    store: SaleorStore, ada: Shopper, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    with pytest.raises(Refused):
        ada.offer()
    ada.set_email(EMAIL)
    ada.set_billing(NEW_YORK)
    ada.accept(ada.offer())
    checkout = ada.checkout()
    assert checkout.total == TICKETS + PREMIUM
    payments.charge(checkout.id, checkout.total)
    ada.complete()
    work()

    cover = ada.cover()
    assert cover is not None
    assert cover.status == "confirmed"
    assert len(bookings(simulator)) == 2


def test_a_copy_paid_before_anything_changed_insures_nobody_and_owes_nothing(
    store: SaleorStore,
    ada: Shopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    """Once money has begun no line may be taken out; at 0.00 there is nothing to give back."""
    payments.charge(ada.checkout_id, TICKETS)
    ada.set_email(EMAIL)
    ada.set_billing(NEW_YORK)
    order = ada.complete()
    work()

    assert order.total == TICKETS
    cover = ada.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("parked", Decimal("0.00"))
    assert len(bookings(simulator)) == 1
    (note,) = staff.order(order.id).notes
    assert "it cost nothing, so nothing is due back for it" in note
    assert "refund" not in note


CHECKOUT_FROM_ORDER = """
mutation checkoutCreateFromOrder($id: ID!) {
  checkoutCreateFromOrder(id: $id) { checkout { id } errors { field message code } }
}"""
