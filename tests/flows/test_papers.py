"""The facts for the store's papers in an order's public metadata follow its policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import bookings
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]

FORGED = {"xcover_policy": "AB1CD-EF2GH-INS", "xcover_status": "confirmed", "xcover_tax": "0.00"}


@pytest.fixture
def buyer(shopper: SendShopper, store: Store) -> Shopper:
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    return ada


def papers(staff: Staff, order_id: str) -> dict[str, str]:
    """Return what the order's public metadata says for papers, without the keys' beginning."""
    found = staff.order(order_id).metadata
    return {
        name.removeprefix("xcover_"): text
        for name, text in found.items()
        if name.startswith("xcover_")
    }


def pay(buyer: Shopper, payments: Any) -> Any:
    checkout = buyer.checkout()
    return payments.charge(checkout.id, checkout.total, checkout.currency)


SOLD = {
    "premium": "6.66",
    "currency": "USD",
    "tax": "0.71",
    "taxes": "IPT 0.71",
    "products": "Ticket protection for Evening Concert",
}


def test_an_orders_papers_follow_its_policy(
    staff: Staff, simulator: SimulatorProcess, payments: Any, work: Work, buyer: Shopper
) -> None:
    # given a sale
    buyer.accept(buyer.offer())
    transaction = pay(buyer, payments)
    order = buyer.complete()
    # then its first papers say that the policy follows
    sold = papers(staff, order.id)
    assert {**sold, "products": ""} == {**SOLD, "products": "", "status": "pending"}
    assert sold["products"].startswith("Ticket protection for ")
    # when the policy is made
    work()
    (booking,) = bookings(simulator)
    made = papers(staff, order.id)
    wording = made["wording"]
    assert made == {
        **sold,
        "status": "confirmed",
        "policy": booking["id"],
        "wording": wording,
    }
    assert f"/pds/{booking['id']}" in wording
    # when everything is refunded and XCover cancels it
    payments.refund(transaction, order.total)
    work()
    assert [each["status"] for each in bookings(simulator)] == ["CANCELLED"]
    assert papers(staff, order.id) == {**made, "status": "cancelled"}


def test_an_order_without_protection_says_nothing(
    staff: Staff, payments: Any, work: Work, buyer: Shopper
) -> None:
    buyer.offer()
    pay(buyer, payments)
    order = buyer.complete()
    work()

    assert papers(staff, order.id) == {}


def test_what_a_shopper_wrote_into_the_checkout_is_on_no_paper(
    staff: Staff, payments: Any, work: Work, buyer: Shopper
) -> None:
    # given a shopper who writes a policy into the checkout's metadata
    buyer.write_metadata(FORGED)
    buyer.accept(buyer.offer())
    pay(buyer, payments)
    order = buyer.complete()

    found = papers(staff, order.id)

    assert (found["status"], found.get("policy"), found["tax"]) == ("pending", None, "0.71")


def test_nor_beside_no_protection_at_all(
    staff: Staff, payments: Any, work: Work, buyer: Shopper
) -> None:
    buyer.offer()
    buyer.write_metadata(FORGED)
    pay(buyer, payments)
    order = buyer.complete()
    work()

    assert papers(staff, order.id) == {}


def test_other_metadata_of_the_order_stays(
    staff: Staff, payments: Any, work: Work, buyer: Shopper
) -> None:
    buyer.write_metadata({"note": "row 5", "xcover_seat_plan": "B", **FORGED})
    buyer.accept(buyer.offer())
    pay(buyer, payments)
    order = buyer.complete()
    work()

    found = staff.order(order.id).metadata
    assert (found["note"], found["xcover_seat_plan"]) == ("row 5", "B")
