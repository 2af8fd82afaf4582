"""What was not charged is not due back: staff and buyer are told of no refund for it.

Two tickets at 100.00, premium 6.66.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command

from testkit.client.driver import Driver
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel
from testkit.client.values import COVER_SKU
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, accept_cover, bookings, opt_outs
from testkit.work import Work

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

SendShopper = Callable[[Channel], Shopper]
NOTHING = Decimal("0.00")


def parked(buyer: Shopper) -> tuple[str, Decimal]:
    cover = buyer.cover()
    assert cover is not None
    return cover.status, cover.amount_due_back


def waiting_sentence() -> str:
    """Return the sentence of the one cover that waits for a person."""
    out = io.StringIO()
    with suppress(SystemExit):
        call_command("xcover_status", "--json", stdout=out)
    (row,) = json.loads(out.getvalue())["parked"]
    return str(row["sentence"])


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
    # and xcover_status does not say that nothing is due
    assert "refund what was paid for the protection" in waiting_sentence()
    # when it is given back
    payments.refund(payment, PREMIUM)
    work()
    # then
    assert parked(ada) == ("parked", NOTHING)
    assert "what was paid for the protection went back to the buyer" in waiting_sentence()


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
    assert parked(ada) == ("parked", PREMIUM)
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


@pytest.mark.parametrize("refunds", [("106.66",), ("100.00", "6.66"), ("6.66", "100.00")])
def test_what_is_due_ends_once_just_the_rest_of_the_order_is_paid(
    store: SaleorStore,
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    refunds: tuple[str, ...],
) -> None:
    # given two tickets with cover that are paid, of which one is taken out before the order
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payment = payments.charge(checkout.id, TOTAL)
    ada.set_quantity(checkout.ticket_lines[0], 1)
    order = ada.complete()
    work()
    assert (order.total, parked(ada)) == (Decimal("106.66"), ("parked", PREMIUM))
    # when all but the ticket goes back, in one sum or in two
    for amount in refunds:
        payments.refund(payment, Decimal(amount))
        work()
    # then
    assert parked(ada) == ("parked", NOTHING)
    assert sum("nothing is due any more" in note for note in staff.order(order.id).notes) == 1


def test_a_line_that_went_while_the_order_was_made_is_owed(
    store: SaleorStore,
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Saleor reads the total, then the lines: a second tab may delete the line in between."""
    from saleor.order.models import OrderLine

    # given a paid order that holds no cover line although its total does
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payments.charge(checkout.id, TOTAL)
    with monkeypatch.context() as before_our_hook:
        before_our_hook.setattr("saleor_xcover_plugin.plugin.sync_order", lambda *_: None)
        order = ada.complete()
        OrderLine.objects.filter(product_sku=COVER_SKU).delete()
    # when
    work()
    # then nothing is insured, and everybody reads that the premium is owed
    notes = staff.order(order.id).notes
    assert sum("charged 6.66 USD more than the order costs: refund it" in n for n in notes) == 1
    cover = ada.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("void", PREMIUM)
    assert (bookings(simulator), len(opt_outs(simulator))) == ([], 1)


def test_what_went_back_leaves_the_sentence_with_the_premium_that_was_offered(
    store: SaleorStore,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from saleor.order.models import OrderLine

    # given a paid order whose cover line costs less than was offered
    price = Decimal("5.05")
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payment = payments.charge(checkout.id, TOTAL)
    with monkeypatch.context() as before_our_hook:
        before_our_hook.setattr("saleor_xcover_plugin.plugin.sync_order", lambda *_: None)
        ada.complete()
        OrderLine.objects.filter(product_sku=COVER_SKU).update(
            unit_price_gross_amount=price, total_price_gross_amount=price
        )
    work()
    assert parked(ada) == ("parked", price)
    assert "at the offered premium of 6.66 USD" in waiting_sentence()
    # when that is given back
    payments.refund(payment, price)
    work()
    # then the sentence still names what was offered, not what was paid
    assert parked(ada) == ("parked", NOTHING)
    assert "at the offered premium of 6.66 USD" in waiting_sentence()
    assert "what was paid for the line went back to the buyer" in waiting_sentence()


def test_a_deleted_line_that_is_charged_later_is_owed_then(
    store: SaleorStore,
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given an authorised payment, and the cover line deleted before the order
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payment = payments.authorize(checkout.id, TOTAL)
    ada.delete(*checkout.cover_lines)
    order = ada.complete()
    work()
    notes = staff.order(order.id).notes
    assert sum("was not charged, so nothing is due; charge no more than 200.00" in n for n in notes)
    # when all that was authorised is captured
    payments.capture(payment, TOTAL)
    work()
    # then the buyer is owed the premium, and so say note, storefront and reconciliation
    cover = ada.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("void", PREMIUM)
    assert sum("6.66 USD was charged" in note for note in staff.order(order.id).notes) == 1
    out = io.StringIO()
    with suppress(SystemExit):
        call_command("xcover_reconcile", "--local", "--json", "--older-than", "0", stdout=out)
    found = json.loads(out.getvalue())["findings"]
    assert [(row["code"], row["amount"]) for row in found] == [("amount_due_back", "6.66")]
    # and nothing any more once it went back
    payments.refund(payment, PREMIUM)
    work()
    cover = ada.cover()
    assert cover is not None
    assert cover.amount_due_back == NOTHING
    assert len(opt_outs(simulator)) == 1
