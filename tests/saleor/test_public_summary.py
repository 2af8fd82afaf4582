"""Public metadata says what is true of the cover whenever a checkout or an order is looked at.

Shoppers can write it; what they wrote never counts, and does not stay.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from testkit.client.driver import Driver, as_pairs
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import TICKETS, TOTAL, accept_cover, bookings, sell_with_cover
from testkit.work import Work

from .pricing.shop import key
from .test_costs import counted

SendShopper = Callable[[Channel], Shopper]

ACCEPTED = json.dumps({"currency": "USD", "premium": "6.66", "state": "accepted"})
DECLINED = json.dumps({"state": "declined"})
WITHDRAWN = json.dumps({"state": "withdrawn"})

FORGED = (
    ACCEPTED.replace("6.66", "0.01"),
    ACCEPTED.replace('"6.66"', "6.66"),
    ACCEPTED.replace("}", ', "policy": "WORTH-A-MILLION"}'),
    '{"premium": Infinity, "state": "accepted"}',
    '{"premium": NaN, "state": "accepted"}',
    '{"state": "accepted", "state": "declined"}',
    '{"state": "declined", "state": "accepted"}',
    '{"state": "withdrawn", "code": "you_are_insured"}',
    DECLINED,
    WITHDRAWN,
    " ",
    "accepted",
    "[" * 50_000,
)
COMPLETE_WITH_METADATA = """
mutation checkoutComplete($id: ID!, $metadata: [MetadataInput!]) {
  checkoutComplete(id: $id, metadata: $metadata) {
    order { id } errors { field message code }
  }
}"""
DELETE_METADATA = """
mutation deleteMetadata($id: ID!, $keys: [String!]!) {
  deleteMetadata(id: $id, keys: $keys) { errors { field message code } }
}"""
UPDATE_METADATA = """
mutation updateMetadata($id: ID!, $input: [MetadataInput!]!) {
  updateMetadata(id: $id, input: $input) { errors { field message code } }
}"""


class Forger:
    """Writes into the checkout of a buyer, and completes it with more metadata of his own."""

    def __init__(self, buyer: Shopper, driver: Driver) -> None:
        self.buyer = buyer
        self._driver = driver

    def write(self, text: str) -> str | None:
        self.buyer.write_metadata({"xcover": text})
        return self.seen()

    def delete(self) -> str | None:
        self._driver.mutate(DELETE_METADATA, {"id": self.buyer.checkout_id, "keys": ["xcover"]})
        return self.seen()

    def seen(self) -> str | None:
        return self.buyer.checkout().metadata.get("xcover")

    def complete_with(self, text: str) -> str:
        """Complete with ``xcover`` set to a text; return the order's id."""
        variables = {"id": self.buyer.checkout_id, "metadata": as_pairs({"xcover": text})}
        order_id: str = self._driver.mutate(COMPLETE_WITH_METADATA, variables)["order"]["id"]
        return order_id


@pytest.fixture
def forger(store: Store, shopper: SendShopper, driver: Driver, simulator: Any) -> Forger:
    return Forger(shopper(store.usd_unpaid), driver)


def said_in(staff: Staff, order_id: str) -> str | None:
    return staff.order(order_id).metadata.get("xcover")


@pytest.mark.parametrize("is_paid", [False, True])
def test_a_yes_is_told_as_it_is_whatever_a_shopper_wrote(
    forger: Forger, store: Store, payments: PaymentApp, is_paid: bool
) -> None:
    # given a yes, paid or not
    checkout, _ = accept_cover(forger.buyer, store)
    if is_paid:
        payments.charge(checkout.id, TOTAL)
    # when a shopper writes something else there, again and again, or deletes it
    # then each time the next look finds the truth, and nothing of the sale has changed
    for text in FORGED:
        assert forger.write(text) == ACCEPTED, text[:60]
    assert forger.delete() == ACCEPTED
    assert forger.write("") == ACCEPTED
    assert forger.buyer.checkout() == checkout


@pytest.mark.parametrize("is_paid", [False, True])
def test_a_no_is_told_as_it_is_whatever_a_shopper_wrote(
    forger: Forger, store: Store, payments: PaymentApp, is_paid: bool
) -> None:
    checkout = forger.buyer.create_checkout({store.concert: 2})
    forger.buyer.offer()
    forger.buyer.decline()
    if is_paid:
        payments.charge(checkout.id, TICKETS)
    for text in (ACCEPTED, *FORGED):
        assert forger.write(text) == DECLINED, text[:60]
    assert forger.delete() == DECLINED


def test_where_nobody_answered_no_yes_can_be_written(
    forger: Forger, store: Store, payments: PaymentApp
) -> None:
    # given a checkout without an answer, and later one that is paid without
    checkout = forger.buyer.create_checkout({store.concert: 2})
    harmless = (DECLINED, WITHDRAWN)
    for text in (ACCEPTED, *FORGED):
        assert forger.write(text) in harmless, text[:60]
    payments.charge(checkout.id, TICKETS)
    for text in (ACCEPTED, *FORGED):
        assert forger.write(text) in harmless, text[:60]
    assert forger.delete() is None


def test_a_yes_that_insures_nothing_after_the_payment_stays_told_so(
    forger: Forger, store: Store, payments: PaymentApp
) -> None:
    checkout, _ = accept_cover(forger.buyer, store)
    payments.charge(checkout.id, TOTAL)
    forger.buyer.set_quantity(checkout.ticket_lines[0], 3)
    stale = json.dumps({"code": "offer_stale", "state": "withdrawn"})
    assert forger.seen() == stale

    for text in (ACCEPTED, *FORGED):
        assert forger.write(text) == stale, text[:60]
    assert forger.delete() == stale


def test_the_page_that_looks_puts_right_what_no_hook_saw(
    forger: Forger, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a hook that was lost
    accept_cover(forger.buyer, store)
    with monkeypatch.context() as lost:
        lost.setattr("saleor_xcover_plugin.plugin.checkout_changed", _hear_nothing)
        assert forger.write(FORGED[0]) == FORGED[0]
    # when the page asks for the offer
    assert forger.buyer.offer().answer == "accepted"
    # then
    assert forger.seen() == ACCEPTED


def test_the_sweep_puts_right_what_no_hook_saw(
    forger: Forger,
    store: Store,
    staff: Staff,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given two orders with a forged yes of which no hook was heard: one with a cover, one without
    accept_cover(forger.buyer, store)
    with monkeypatch.context() as lost:
        lost.setattr("saleor_xcover_plugin.plugin.sync_order", lambda *_: None)
        insured = forger.complete_with(FORGED[0])
        forger.buyer.create_checkout({store.shirt: 1})
        other = forger.complete_with(ACCEPTED)
    assert (said_in(staff, insured), said_in(staff, other)) == (FORGED[0], ACCEPTED)
    # when
    work()
    # then
    assert (said_in(staff, insured), said_in(staff, other)) == (ACCEPTED, WITHDRAWN)


@pytest.mark.parametrize("text", [*FORGED[:8], DECLINED, ""])
def test_an_order_with_a_yes_says_so_however_it_was_completed(
    forger: Forger, store: Store, staff: Staff, text: str
) -> None:
    accept_cover(forger.buyer, store)

    assert said_in(staff, forger.complete_with(text)) == ACCEPTED


def test_an_order_without_cover_never_says_that_it_has_one(
    forger: Forger, store: Store, staff: Staff
) -> None:
    # given an order that never had an offer, one that had, and one of who said no
    forger.buyer.create_checkout({store.shirt: 1})
    assert said_in(staff, forger.complete_with(ACCEPTED)) == WITHDRAWN
    forger.buyer.create_checkout({store.concert: 2})
    forger.buyer.offer()
    assert said_in(staff, forger.complete_with(FORGED[3])) == WITHDRAWN
    forger.buyer.create_checkout({store.concert: 2})
    forger.buyer.offer()
    forger.buyer.decline()
    assert said_in(staff, forger.complete_with(ACCEPTED)) == DECLINED


def test_an_order_is_put_right_at_the_next_look(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    driver: Driver,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given an insured order in whose metadata an app wrote, then deleted
    sale = sell_with_cover(shopper(store.usd), store, payments, work, simulator)
    order_id, token = sale.order.id, store.staff_token()
    for number, text in enumerate(FORGED[:4]):
        driver.mutate(
            UPDATE_METADATA, {"id": order_id, "input": as_pairs({"xcover": text})}, token=token
        )
        staff.update_order(order_id, email=f"ada{number}@example.org")
        assert said_in(staff, order_id) == ACCEPTED
    driver.mutate(DELETE_METADATA, {"id": order_id, "keys": ["xcover"]}, token=token)
    assert said_in(staff, order_id) is None
    # when the sweep looks
    work()
    # then
    assert said_in(staff, order_id) == ACCEPTED


def test_an_order_of_a_no_keeps_its_word_when_the_key_is_deleted(
    forger: Forger, store: Store, staff: Staff, work: Work
) -> None:
    forger.buyer.create_checkout({store.concert: 2})
    forger.buyer.offer()
    forger.buyer.decline()
    order = forger.buyer.complete()
    work()
    forger._driver.mutate(
        DELETE_METADATA, {"id": order.id, "keys": ["xcover"]}, token=store.staff_token()
    )
    staff.update_order(order.id, email="ada@example.org")

    assert said_in(staff, order.id) == DECLINED


def test_a_cancelled_policy_is_no_longer_told_as_a_yes(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given an insured order, refunded in full within the cooling-off period
    sale = sell_with_cover(shopper(store.usd), store, payments, work, simulator)
    assert said_in(staff, sale.order.id) == ACCEPTED
    payments.refund(sale.payment, TOTAL)
    work()
    work()
    # then
    (booking,) = bookings(simulator)
    assert booking["status"] == "CANCELLED"
    assert said_in(staff, sale.order.id) == json.dumps({"code": "cancelled", "state": "withdrawn"})


def test_putting_it_right_calls_no_hook_and_costs_nothing_where_nothing_is_wrong(
    forger: Forger, store: Store
) -> None:
    # given a yes
    accept_cover(forger.buyer, store)
    with counted(("checkout_updated", "checkout_metadata_updated")) as costs:
        forger.buyer.write_metadata({"note": "row 5"})
        at_rest = costs.taken()
        # when something false is written, it is put right once
        forger.write(FORGED[0])
        forged = costs.taken()
        # then our own writing calls nobody, and the next look costs what it did before
        forger.buyer.write_metadata({"note": "row 6"})
        after = costs.taken()
    assert [hook for hook, _ in forged] == [hook for hook, _ in at_rest]
    assert after == at_rest
    assert {count for _, count in at_rest} == {2}


def test_an_order_that_is_right_costs_no_query_more(
    forger: Forger, store: Store, staff: Staff
) -> None:
    # given an order of ours, and one that has nothing of ours
    accept_cover(forger.buyer, store)
    ours = forger.complete_with(ACCEPTED)
    forger.buyer.create_checkout({store.shirt: 1})
    other = forger.buyer.complete().id
    with counted(("order_updated",)) as costs:
        staff.update_order(ours, email="ada@example.org")
        of_ours = costs.taken()
        staff.update_order(other, email="ada@example.org")
        of_others = costs.taken()
    # then: order and lines in one message, the offers, the cover and its offer; elsewhere no cover
    assert {count for _, count in of_ours} == {4}
    assert {count for _, count in of_others} == {2}
    assert key(ours) != key(other)


def _hear_nothing(*_arguments: object) -> Any:
    from saleor_xcover_plugin.checkout.checkout_sync import Change

    return Change()
