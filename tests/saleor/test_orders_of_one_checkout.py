"""Several orders made from one checkout, which an app may keep (``removeCheckout: false``)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from demo.client.driver import Driver
from demo.client.shopper import Shopper
from demo.client.staff import Staff
from demo.client.store import Channel, Store
from demo.simulator import SimulatorProcess

from ..flows.steps import accept_cover, bookings, opt_outs
from ..flows.work import Work
from .pricing.shop import key

KEEPING_THE_CHECKOUT = """
mutation orderCreateFromCheckout($id: ID!) {
  orderCreateFromCheckout(id: $id, removeCheckout: false) {
    order { id number } errors { field message code }
  }
}"""


class Pair:
    """Two orders an app made of one checkout with a yes, in the order they were made."""

    def __init__(self, checkout_id: str, driver: Driver, app_token: str, staff: Staff) -> None:
        self._staff = staff
        self.first, self.second = (
            driver.mutate(KEEPING_THE_CHECKOUT, {"id": checkout_id}, token=app_token)["order"]
            for _ in range(2)
        )

    def cover(self, order: dict[str, Any]) -> tuple[str, str, Decimal]:
        """Return state, reason and what is due back."""
        from saleor_xcover_plugin.models import Cover

        cover = Cover.objects.get(order_id=key(order["id"]))
        return cover.status, cover.reason_code, cover.amount_due_back

    def told(self, order: dict[str, Any], *parts: str) -> int:
        notes = self._staff.order(order["id"]).notes
        return len([note for note in notes if all(part in note for part in parts)])


@pytest.fixture
def pair(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    driver: Driver,
    staff: Staff,
    simulator: SimulatorProcess,
) -> Pair:
    checkout, _ = accept_cover(shopper(store.usd), store)
    return Pair(checkout.id, driver, store.store_app_token(), staff)


NONE_DUE = Decimal(0)
INSURED = ("confirmed", "", NONE_DUE)


def insured(simulator: SimulatorProcess) -> list[str]:
    return [booking["partner_transaction_id"] for booking in bookings(simulator)]


def test_the_order_that_is_paid_first_gets_the_policy(
    pair: Pair, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # when only the second order is paid
    staff.mark_as_paid(pair.second["id"])
    work()
    work()
    # then it is insured, and staff of both read what happened, once
    assert insured(simulator) == [pair.second["number"]]
    assert pair.cover(pair.second) == INSURED
    assert pair.cover(pair.first) == ("parked", "bought_already", NONE_DUE)
    assert pair.told(pair.second, "insured after all") == 1
    assert pair.told(pair.first, f"Order {pair.second['number']}", "paid first") == 1
    assert '"accepted"' in staff.order(pair.second["id"]).metadata["xcover"]
    assert '"withdrawn"' in staff.order(pair.first["id"]).metadata["xcover"]
    # when the first is paid after all
    staff.mark_as_paid(pair.first["id"])
    work()
    # then there is still one policy, and the premium of the first is due back
    assert insured(simulator) == [pair.second["number"]]
    assert pair.cover(pair.first) == ("parked", "bought_already", Decimal("6.66"))
    assert pair.cover(pair.second) == INSURED


def test_an_order_that_is_never_paid_leaves_nothing_to_do(
    pair: Pair, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    staff.mark_as_paid(pair.second["id"])
    work()
    staff.cancel(pair.first["id"])
    work()

    assert pair.cover(pair.first) == ("void", "bought_already", NONE_DUE)
    assert insured(simulator) == [pair.second["number"]]


def test_an_order_that_was_cancelled_leaves_its_yes_to_the_other(
    pair: Pair, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    staff.cancel(pair.first["id"])
    work()
    assert pair.cover(pair.first) == ("void", "not_paid", NONE_DUE)
    staff.mark_as_paid(pair.second["id"])
    work()

    assert insured(simulator) == [pair.second["number"]]
    assert pair.cover(pair.second) == INSURED
    assert pair.cover(pair.first) == ("void", "not_paid", NONE_DUE)


def test_a_paid_order_gets_the_yes_when_the_other_ends_before_its_policy(
    pair: Pair, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given both paid, the first about to be insured
    for order in (pair.first, pair.second):
        staff.mark_as_paid(order["id"])
    assert pair.cover(pair.first)[0] == "confirming"
    # when it is cancelled before the policy is made
    staff.cancel(pair.first["id"])
    work()
    work()
    # then the second one is insured, without anything having happened to it
    assert insured(simulator) == [pair.second["number"]]
    assert pair.cover(pair.second) == INSURED
    assert pair.cover(pair.first)[0] == "void"


def test_a_second_order_without_the_line_leaves_the_yes_of_the_first_alone(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    driver: Driver,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given an order with a yes whose checkout was kept, and the line deleted there
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    app = store.store_app_token()
    keep = {"id": checkout.id}
    first = driver.mutate(KEEPING_THE_CHECKOUT, keep, token=app)["order"]
    ada.delete(*checkout.cover_lines)
    second = driver.mutate(KEEPING_THE_CHECKOUT, keep, token=app)["order"]
    # when both are paid
    for order in (first, second):
        staff.mark_as_paid(order["id"])
    work()
    work()
    # then the first is insured, and nobody told XCover of a no
    assert insured(simulator) == [first["number"]]
    assert opt_outs(simulator) == []
    assert staff.order(second["id"]).notes == ()


def test_two_orders_of_one_yes_are_one_policy_and_one_premium_due_back(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    driver: Driver,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given an app that makes two orders of one checkout with a yes
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    app = store.store_app_token()
    first, second = (
        driver.mutate(KEEPING_THE_CHECKOUT, {"id": checkout.id}, token=app)["order"]
        for _ in range(2)
    )
    # when both are paid
    for order in (first, second):
        staff.mark_as_paid(order["id"])
    work()
    # then the first is insured, and the premium of the second is due back and staff are told
    assert [b["partner_transaction_id"] for b in bookings(simulator)] == [first["number"]]
    insured, parked = (Cover.objects.get(order_id=key(order["id"])) for order in (first, second))
    assert (insured.status, insured.amount_due_back) == ("confirmed", Decimal(0))
    assert (parked.status, parked.reason_code) == ("parked", "bought_already")
    assert parked.amount_due_back == Decimal("6.66")
    notes = [note for note in staff.order(second["id"]).notes if "same checkout" in note]
    assert len(notes) == 1
