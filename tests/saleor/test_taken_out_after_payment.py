"""Once money has begun nothing is taken out or repriced, but what stands in the order is the truth.

A buyer may still delete the cover line or change the tickets, and staff may edit an order that
waits for confirmation. Metadata, offer, evidence and policy then say what is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from testkit.client.driver import Driver
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import Order
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, accept_cover, bookings, opt_outs
from testkit.work import Work

from .pricing.shop import key

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

SendShopper = Callable[[Channel], Shopper]

ORDER_LINE_DELETE = """
mutation orderLineDelete($id: ID!) { orderLineDelete(id: $id) { errors { field message code } } }"""
ORDER_CONFIRM = """
mutation orderConfirm($id: ID!) { orderConfirm(id: $id) { errors { field message code } } }"""


def said(metadata: Any) -> dict[str, str]:
    """Return what the public metadata says of the cover."""
    found: dict[str, str] = json.loads(metadata["xcover"])
    return found


def answers() -> list[tuple[str, str]]:
    """Return the evidence that is kept, oldest first."""
    from saleor_xcover_plugin.models import Consent

    return list(Consent.objects.values_list("answer", "source"))


def told(order: Order, *parts: str) -> int:
    return len([note for note in order.notes if all(part in note for part in parts)])


def test_a_line_deleted_after_the_payment_is_a_no(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a yes that is paid
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payments.charge(checkout.id, TOTAL)
    # when she deletes the line, which Saleor allows
    left = ada.delete(*checkout.cover_lines)
    # then metadata, offer and evidence say so at once, and nothing else was touched
    assert left.total == TICKETS
    assert said(ada.checkout().metadata) == {"state": "withdrawn"}
    assert ada.offer().answer is None
    assert answers() == [("accepted", "storefront"), ("withdrawn", "line_removed")]
    # when it becomes an order
    ada.complete()
    work()
    work()
    # then nothing is insured, XCover hears of the no, and staff read what to give back
    order = staff.order(ada.order_id)
    assert said(order.metadata) == {"state": "withdrawn"}
    assert (order.total, order.charged, order.cover_lines) == (TICKETS, TOTAL, ())
    cover = ada.cover()
    assert cover is not None
    assert (cover.status, cover.premium, cover.amount_due_back) == ("void", PREMIUM, PREMIUM)
    assert bookings(simulator) == []
    assert len(opt_outs(simulator)) == 1
    assert told(order, "took the ticket protection out", "6.66 USD more than") == 1
    assert len(order.notes) == 1
    assert len(answers()) == 2


def test_a_line_deleted_before_the_capture_costs_nothing_and_is_told(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payment = payments.authorize(checkout.id, TOTAL)
    ada.delete(*checkout.cover_lines)
    payments.capture(payment, TICKETS)
    ada.complete()
    work()

    order = staff.order(ada.order_id)
    assert (order.total, order.charged) == (TICKETS, TICKETS)
    assert told(order, "took the ticket protection out", "nothing is due") == 1
    assert len(opt_outs(simulator)) == 1


def test_a_deleted_line_whose_hooks_were_lost_is_found_by_the_order(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from saleor_xcover_plugin.checkout.checkout_sync import Change

    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payments.charge(checkout.id, TOTAL)
    with monkeypatch.context() as lost:
        lost.setattr("saleor_xcover_plugin.plugin.checkout_changed", lambda *_: Change())
        lost.setattr("saleor_xcover_plugin.plugin.refusal_before_order", lambda *_: None)
        lost.setattr("saleor_xcover_plugin.plugin.sync_order", lambda *_: None)
        ada.delete(*checkout.cover_lines)
        ada.complete()
    work()

    order = staff.order(ada.order_id)
    assert said(order.metadata) == {"state": "withdrawn"}
    assert answers() == [("accepted", "storefront"), ("withdrawn", "line_removed")]
    assert told(order, "took the ticket protection out") == 1
    assert (bookings(simulator), len(opt_outs(simulator))) == ([], 1)


def test_tickets_changed_after_the_payment_are_not_called_insured(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a paid yes for two tickets
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payment = payments.authorize(checkout.id, TOTAL)
    # when there are three, then two again, then three
    three = ada.set_quantity(checkout.ticket_lines[0], 3)
    assert said(ada.checkout().metadata) == {"state": "withdrawn", "code": "offer_stale"}
    ada.set_quantity(checkout.ticket_lines[0], 2)
    again = {"state": "accepted", "premium": "6.66", "currency": "USD"}
    assert said(ada.checkout().metadata) == again
    ada.set_quantity(checkout.ticket_lines[0], 3)
    # then the line stays, and nobody is told that it insures anything
    assert len(three.cover_lines) == 1
    assert said(ada.checkout().metadata)["state"] == "withdrawn"
    payments.capture(payment, three.total)
    ada.complete()
    work()
    order = staff.order(ada.order_id)
    assert said(order.metadata)["state"] == "withdrawn"
    assert bookings(simulator) == []
    cover = ada.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("parked", PREMIUM)


def test_tickets_put_back_before_the_order_are_insured(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payments.charge(checkout.id, TOTAL)
    ada.set_quantity(checkout.ticket_lines[0], 3)
    ada.set_quantity(checkout.ticket_lines[0], 2)
    ada.complete()
    work()

    assert said(staff.order(ada.order_id).metadata)["state"] == "accepted"
    assert len(bookings(simulator)) == 1


@pytest.mark.parametrize("is_removed", [False, True])
def test_a_voucher_that_takes_from_the_line_after_the_payment_is_said_at_once(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    is_removed: bool,
) -> None:
    # given a voucher beside which nothing would be offered, used once money is set aside
    code = f"LATE-{store.usd.slug}-{is_removed}"
    staff.create_voucher(code, [store.usd], Decimal(20), value_type="FIXED")
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payment = payments.authorize(checkout.id, TOTAL)
    seen = ada.add_promo_code(code)
    assert said(ada.checkout().metadata) == {"state": "withdrawn", "code": "cover_changed"}
    # when it is left, or taken off again
    if is_removed:
        seen = ada.remove_promo_code(code)
        assert said(ada.checkout().metadata)["state"] == "accepted"
    payments.capture(payment, seen.total)
    ada.complete()
    work()
    # then the order says what is so
    state = said(staff.order(ada.order_id).metadata)["state"]
    cover = ada.cover()
    assert cover is not None
    insured, not_insured = ("accepted", "confirmed"), ("withdrawn", "parked")
    assert (state, cover.status) == (insured if is_removed else not_insured)


def test_a_ticket_that_becomes_dearer_after_the_payment_stays_insured(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor.product.models import ProductVariantChannelListing

    # given a paid yes, and then another price of the same tickets
    festival = ProductVariantChannelListing.objects.filter(
        variant_id=key(store.festival.id), channel_id=key(store.usd.id)
    )
    ada = shopper(store.usd)
    ada.create_checkout({store.festival: 2})
    ada.accept(ada.offer())
    payments.charge(ada.checkout_id, ada.checkout().total)
    festival.update(price_amount=Decimal(60), discounted_price_amount=Decimal(60))
    try:
        # when anything makes the plugin look
        ada.set_email("ada@example.org")
        assert said(ada.checkout().metadata)["state"] == "accepted"
        payments.charge(ada.checkout_id, Decimal(20))
        ada.complete()
    finally:
        festival.update(price_amount=Decimal(50), discounted_price_amount=Decimal(50))
    work()
    # then what was said yes to is what is insured
    cover = ada.cover()
    assert cover is not None
    assert cover.status == "confirmed"
    assert said(staff.order(ada.order_id).metadata)["state"] == "accepted"


def test_a_payment_that_fails_after_the_tickets_changed_ends_the_yes(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a yes whose tickets changed while money was set aside, and were put back after
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payment = payments.authorize(checkout.id, TOTAL)
    ada.set_quantity(checkout.ticket_lines[0], 3)
    payments.report(payment, "CANCEL_SUCCESS", TOTAL)
    # when
    two = ada.set_quantity(checkout.ticket_lines[0], 2)
    # then the yes stands again, and says so
    assert two.total == TOTAL
    assert said(ada.checkout().metadata)["state"] == "accepted"


@pytest.fixture
def unconfirmed(store: SaleorStore, sell_insurance: Callable[[Channel], Channel]) -> Iterator[Any]:
    """A channel whose orders wait for staff, who may edit them meanwhile."""
    settings = {"automatically_confirm_all_new_orders": False, "allow_unpaid_orders": True}
    return sell_insurance(store.new_channel("USD", **settings))


@pytest.mark.parametrize("is_aligned_first", [False, True])
def test_a_line_staff_take_out_of_an_order_is_no_cover(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    driver: Driver,
    work: Work,
    simulator: SimulatorProcess,
    unconfirmed: Channel,
    is_aligned_first: bool,
) -> None:
    # given an order with a yes that waits for confirmation
    ada = shopper(unconfirmed)
    accept_cover(ada, store)
    order = ada.complete()
    # when staff delete the line of the cover
    (line,) = staff.order(order.id).cover_lines
    driver.mutate(ORDER_LINE_DELETE, {"id": line.id}, token=store.staff_token())
    assert staff.order(order.id).total == TICKETS
    if is_aligned_first:
        work()
    driver.mutate(ORDER_CONFIRM, {"id": order.id}, token=store.staff_token())
    staff.mark_as_paid(order.id)
    work()
    work()
    # then nothing is insured or due, XCover hears of the no, and the order says so, once
    found = staff.order(order.id)
    assert (found.total, found.charged) == (TICKETS, TICKETS)
    assert said(found.metadata)["state"] == "withdrawn"
    cover = ada.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("void", Decimal("0.00"))
    assert bookings(simulator) == []
    assert len(opt_outs(simulator)) == 1
    assert told(found, "taken out of the order") == 1
    assert answers() == [("accepted", "storefront"), ("withdrawn", "line_removed")]
    assert _parked() == 0


def test_a_line_staff_take_out_after_the_policy_was_made_is_told_once(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    driver: Driver,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    unconfirmed: Channel,
) -> None:
    # given an order that waits for confirmation, paid and insured
    ada = shopper(unconfirmed)
    accept_cover(ada, store)
    order = ada.complete()
    payments.charge(order.id, TOTAL)
    work()
    (booking,) = bookings(simulator)
    # when staff delete the line of the cover
    (line,) = staff.order(order.id).cover_lines
    driver.mutate(ORDER_LINE_DELETE, {"id": line.id}, token=store.staff_token())
    assert staff.order(order.id).total == TICKETS
    work()
    work()
    # then the policy is in force, and staff read once what they may do about it
    found = staff.order(order.id)
    cover = ada.cover()
    assert cover is not None
    assert cover.status == "confirmed"
    assert (
        told(found, "taken out of the order", booking["id"], "What would cancelling refund?") == 1
    )
    assert said(found.metadata)["state"] == "accepted"
    assert opt_outs(simulator) == []
    assert len(simulator.calls("cancel")) == 0


def test_a_line_staff_take_out_once_the_tickets_are_paid_is_no_cover(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    driver: Driver,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    unconfirmed: Channel,
) -> None:
    # given an order with a yes, of which the tickets are paid
    ada = shopper(unconfirmed)
    accept_cover(ada, store)
    order = ada.complete()
    payments.charge(order.id, TICKETS)
    work()
    # when staff delete the line of the cover, so that the order is paid in full
    (line,) = staff.order(order.id).cover_lines
    driver.mutate(ORDER_LINE_DELETE, {"id": line.id}, token=store.staff_token())
    driver.mutate(ORDER_CONFIRM, {"id": order.id}, token=store.staff_token())
    work()
    work()
    # then it is as any order without cover: void, an opt-out, nothing to refund
    found = staff.order(order.id)
    cover = ada.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("void", Decimal("0.00"))
    assert (bookings(simulator), len(opt_outs(simulator)), _parked()) == ([], 1, 0)
    assert told(found, "taken out of the order") == 1
    assert told(found, "refund") == 0
    assert not any("6.660" in note for note in found.notes)


def _parked() -> int:
    from saleor_xcover_plugin.models import Cover

    return Cover.objects.filter(status="parked").count()


def test_tickets_staff_take_out_of_an_order_are_not_called_insured(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    driver: Driver,
    work: Work,
    simulator: SimulatorProcess,
    unconfirmed: Channel,
) -> None:
    ada = shopper(unconfirmed)
    ada.create_checkout({store.concert: 2, store.shirt: 1})
    ada.accept(ada.offer())
    order = ada.complete()
    (tickets,) = [line for line in order.lines if line.sku == store.concert.sku]
    driver.mutate(ORDER_LINE_DELETE, {"id": tickets.id}, token=store.staff_token())
    driver.mutate(ORDER_CONFIRM, {"id": order.id}, token=store.staff_token())
    staff.mark_as_paid(order.id)
    work()

    found = staff.order(order.id)
    assert said(found.metadata) == {"state": "withdrawn", "code": "tickets_changed"}
    cover = ada.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("parked", PREMIUM)
    assert bookings(simulator) == []
