"""Several orders made from one checkout, which an app may keep (``removeCheckout: false``)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from testkit.client.driver import Driver, Refused
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import accept_cover, bookings, opt_outs
from testkit.work import Work

from .pricing.shop import key

ORDER_LINE_DELETE = """
mutation orderLineDelete($id: ID!) { orderLineDelete(id: $id) { errors { field message code } } }"""
ORDER_CONFIRM = """
mutation orderConfirm($id: ID!) { orderConfirm(id: $id) { errors { field message code } } }"""
KEEPING_THE_CHECKOUT = """
mutation orderCreateFromCheckout($id: ID!) {
  orderCreateFromCheckout(id: $id, removeCheckout: false) {
    order { id number } errors { field message code }
  }
}"""


class Pair:
    """Two orders an app made of one checkout with a yes, in the order they were made."""

    def __init__(
        self, buyer: Shopper, checkout_id: str, driver: Driver, app_token: str, staff: Staff
    ) -> None:
        self.buyer = buyer
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

    def said(self, order: dict[str, Any]) -> dict[str, str]:
        """Return what the order's public metadata says."""
        found: dict[str, str] = json.loads(self._staff.order(order["id"]).metadata["xcover"])
        return found

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
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    return Pair(ada, checkout.id, driver, store.store_app_token(), staff)


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


ACCEPTED = {"state": "accepted", "premium": "6.66", "currency": "USD"}


def say_no(buyer: Shopper) -> None:
    assert buyer.decline().answer == "declined"


def delete_the_line(buyer: Shopper) -> None:
    buyer.delete(*buyer.checkout().cover_lines)


def take_another_ticket(buyer: Shopper) -> None:
    (line,) = buyer.checkout().ticket_lines
    buyer.set_quantity(line, 3)


def say_yes_to_another_offer(buyer: Shopper) -> None:
    take_another_ticket(buyer)
    buyer.accept(buyer.offer())


LATER = [say_no, delete_the_line, take_another_ticket, say_yes_to_another_offer]
"""What a buyer may do in the kept checkout once its orders are made."""


@pytest.mark.parametrize("later", LATER)
def test_what_is_said_afterwards_leaves_the_orders_their_yes(
    pair: Pair, staff: Staff, work: Work, simulator: SimulatorProcess, later: Any
) -> None:
    # given two orders with a yes, and another answer in the checkout that was kept
    later(pair.buyer)
    assert pair.said(pair.first) == ACCEPTED
    # when only the second is paid
    staff.mark_as_paid(pair.second["id"])
    work()
    work()
    # then it is insured as it would have been without that answer, and nobody reads of a refund
    assert insured(simulator) == [pair.second["number"]]
    assert pair.cover(pair.second) == INSURED
    assert pair.said(pair.second) == ACCEPTED
    assert pair.told(pair.second, "refund", "6.66") == 0
    assert pair.told(pair.second, "insured after all") == 1
    assert pair.cover(pair.first) == ("parked", "bought_already", NONE_DUE)
    assert opt_outs(simulator) == []
    # when the first is paid too, its premium is due back as ever
    staff.mark_as_paid(pair.first["id"])
    work()
    assert pair.cover(pair.first) == ("parked", "bought_already", Decimal("6.66"))
    assert insured(simulator) == [pair.second["number"]]


@pytest.mark.parametrize("later", LATER)
def test_the_first_order_is_insured_whatever_is_said_afterwards(
    pair: Pair, staff: Staff, work: Work, simulator: SimulatorProcess, later: Any
) -> None:
    later(pair.buyer)
    staff.mark_as_paid(pair.first["id"])
    work()
    work()

    assert insured(simulator) == [pair.first["number"]]
    assert pair.cover(pair.first) == INSURED
    assert pair.cover(pair.second) == ("parked", "bought_already", NONE_DUE)


def test_a_no_afterwards_is_told_and_holds_for_what_is_made_from_then_on(
    pair: Pair,
    store: Store,
    driver: Driver,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    ada = pair.buyer
    # when she says no, and presses again
    no = ada.decline()
    again = ada.decline()
    # then the answer is told, nothing is chosen any more, and the checkout costs the tickets alone
    for told in (no, again):
        assert (told.answer, told.chosen_premium, told.chosen_ids) == ("declined", None, ())
    checkout = ada.checkout()
    assert (checkout.cover_lines, checkout.total) == ((), Decimal("200.00"))
    assert json.loads(checkout.metadata["xcover"]) == {"state": "declined"}
    # when a third order is made of it and all are paid, the third first
    keep = {"id": checkout.id}
    third = driver.mutate(KEEPING_THE_CHECKOUT, keep, token=store.store_app_token())["order"]
    for order in (third, pair.first, pair.second):
        staff.mark_as_paid(order["id"])
        work()
    work()
    # then it is sold without, and the first with
    assert pair.said(third) == {"state": "declined"}
    assert staff.order(third["id"]).total == Decimal("200.00")
    assert insured(simulator) == [pair.first["number"]]
    assert pair.cover(pair.first) == INSURED
    assert opt_outs(simulator) == []


def test_a_cancelled_order_leaves_its_yes_to_the_other_after_a_no(
    pair: Pair, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    say_no(pair.buyer)
    staff.cancel(pair.first["id"])
    work()
    assert pair.cover(pair.first) == ("void", "not_paid", NONE_DUE)
    assert pair.said(pair.first) == {"state": "withdrawn", "code": "not_paid"}
    staff.mark_as_paid(pair.second["id"])
    work()
    work()

    assert insured(simulator) == [pair.second["number"]]
    assert pair.cover(pair.second) == INSURED
    assert pair.told(pair.second, "refund", "6.66") == 0
    assert opt_outs(simulator) == []


def test_a_yes_to_other_quotes_afterwards_is_for_the_next_order(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    driver: Driver,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given alternatives, of which the cheaper was taken in an order whose checkout was kept
    simulator.settings(products="alternatives")
    ada = shopper(store.usd)
    checkout = ada.create_checkout({store.concert: 2})
    offer = ada.offer()
    cheap, dear = (quote.id for quote in sorted(offer.quotes, key=lambda quote: quote.premium))
    ada.accept(offer, cheap)
    app = store.store_app_token()
    first = driver.mutate(KEEPING_THE_CHECKOUT, {"id": checkout.id}, token=app)["order"]
    # when she takes the other one: what the order holds cannot be answered again
    with pytest.raises(Refused) as refused:
        ada.accept(offer, dear)
    assert refused.value.codes == ("offer_stale",)
    # then the page finds a fresh offer, in which it can
    fresh = ada.offer()
    assert fresh.answer == "accepted"
    other = max(fresh.quotes, key=lambda quote: quote.premium)
    assert ada.accept(fresh, other.id).chosen_premium == other.premium
    second = driver.mutate(KEEPING_THE_CHECKOUT, {"id": checkout.id}, token=app)["order"]
    for order in (first, second):
        staff.mark_as_paid(order["id"])
    work()
    work()
    # then each order has what was said when it was made
    paid = {b["partner_transaction_id"]: b["total_price"] for b in bookings(simulator)}
    assert paid == {first["number"]: Decimal("6.66"), second["number"]: other.premium}


@pytest.mark.parametrize("later", LATER)
def test_an_order_whose_hook_was_lost_keeps_the_yes_it_was_made_with(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    driver: Driver,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
    later: Any,
) -> None:
    # given an order nobody heard of before the buyer answered otherwise in its checkout
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    keep = {"id": checkout.id}
    with monkeypatch.context() as lost:
        lost.setattr("saleor_xcover_plugin.plugin.sync_order", lambda *_: None)
        order = driver.mutate(KEEPING_THE_CHECKOUT, keep, token=store.store_app_token())["order"]
        later(ada)
        staff.mark_as_paid(order["id"])
    # when the sweep finds it
    work()
    work()
    # then
    assert insured(simulator) == [order["number"]]
    assert opt_outs(simulator) == []


@pytest.mark.parametrize("is_no_said_first", [False, True])
def test_a_yes_said_after_an_order_without_one_is_for_the_next_order(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    driver: Driver,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    is_no_said_first: bool,
) -> None:
    # given an order made without the cover, whose checkout was kept, and a yes in it afterwards
    ada = shopper(store.usd)
    checkout = ada.create_checkout({store.concert: 2})
    ada.offer()
    if is_no_said_first:
        ada.decline()
    app, keep = store.store_app_token(), {"id": checkout.id}
    first = driver.mutate(KEEPING_THE_CHECKOUT, keep, token=app)["order"]
    ada.accept(ada.offer())
    # when the first order is looked at again and again
    staff.mark_as_paid(first["id"])
    work()
    staff.update_order(first["id"], email="ada@example.org")
    work()
    # then the yes stands in the checkout, and the next order is made and insured with it
    assert ada.checkout().total == Decimal("206.66")
    assert json.loads(ada.checkout().metadata["xcover"]) == ACCEPTED
    second = driver.mutate(KEEPING_THE_CHECKOUT, keep, token=app)["order"]
    staff.mark_as_paid(second["id"])
    work()
    work()
    assert insured(simulator) == [second["number"]]
    assert opt_outs(simulator) == []
    assert staff.order(first["id"]).total == Decimal("200.00")
    assert notes_of_the_cover(staff, first) == 0


def notes_of_the_cover(staff: Staff, order: dict[str, Any]) -> int:
    """Count what the history of an order says of the cover."""
    return len([note for note in staff.order(order["id"]).notes if "protection" in note])


def test_a_line_staff_take_out_of_one_order_leaves_the_yes_to_the_other(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    driver: Driver,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    sell_insurance: Callable[[Channel], Channel],
) -> None:
    # given two orders of one yes that wait for confirmation
    waiting = {"automatically_confirm_all_new_orders": False, "allow_unpaid_orders": True}
    channel = sell_insurance(store.new_channel("USD", **waiting))
    ada = shopper(channel)
    checkout, _ = accept_cover(ada, store)
    two = Pair(ada, checkout.id, driver, store.store_app_token(), staff)
    (line,) = staff.order(two.first["id"]).cover_lines
    # when staff take the line out of the first
    driver.mutate(ORDER_LINE_DELETE, {"id": line.id}, token=store.staff_token())
    work()
    assert two.cover(two.first)[:2] == ("void", "line_removed")
    driver.mutate(ORDER_CONFIRM, {"id": two.second["id"]}, token=store.staff_token())
    staff.mark_as_paid(two.second["id"])
    work()
    work()
    # then the second is insured, and XCover hears of no no
    assert insured(simulator) == [two.second["number"]]
    assert opt_outs(simulator) == []


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
