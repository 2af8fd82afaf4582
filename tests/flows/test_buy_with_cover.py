"""Tickets with cover: one exact line, one booking, whatever way the order is paid."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from testkit.client.payment_app import PaymentApp
from testkit.client.people import EMAIL
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, accept_cover, asked, bookings, opt_outs
from testkit.work import Work

from .hooks import WATCHED

SendShopper = Callable[[Channel], Shopper]


def test_the_offer_shows_what_it_must_and_preselects_nothing(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    # given
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    # when
    offer = buyer.offer()
    again = buyer.offer()
    # then
    assert (offer.premium, offer.currency, offer.answer) == (PREMIUM, "USD", None)
    (quote,) = offer.quotes
    assert quote.premium == PREMIUM
    assert quote.title
    assert quote.pds_url.startswith(simulator.base_url.removesuffix("/x"))
    assert quote.disclaimer or offer.disclaimer
    assert again == offer
    assert buyer.checkout().total == TICKETS
    assert asked(simulator) == {"create_offer": 1}


@pytest.mark.trace
def test_buy_with_cover_paid_before_the_order(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout, offer = accept_cover(buyer, store)
    # when
    payments.charge(checkout.id, checkout.total)
    placed = buyer.complete()
    before_work = asked(simulator)
    waiting = buyer.cover()
    work()
    # then the shopper paid the tickets and exactly the premium
    assert offer.answer == "accepted"
    assert checkout.total == TOTAL
    (line,) = checkout.cover_lines
    assert (line.quantity, line.unit_price, line.undiscounted_unit_price, line.total) == (
        1,
        PREMIUM,
        PREMIUM,
        PREMIUM,
    )
    assert placed.total == TOTAL
    assert [line.total for line in placed.cover_lines] == [PREMIUM]
    assert [line.total for line in placed.ticket_lines] == [TICKETS]
    # and XCover holds one booking for this buyer and order; the shopper's request only asked for it
    assert before_work == {"create_offer": 1}
    assert waiting is not None
    assert (waiting.status, waiting.policy_number) == ("confirming", None)
    assert waiting.products == {"Ticket protection for Example Symphony": PREMIUM}
    assert asked(simulator) == {"create_offer": 1, "confirm": 1}
    (booking,) = bookings(simulator)
    assert booking["status"] == "CONFIRMED"
    assert booking["total_price"] == PREMIUM
    assert booking["partner_transaction_id"] == placed.number
    assert booking["policyholder"]["email"] == EMAIL
    assert opt_outs(simulator) == []
    # and both buyer and staff can see it
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.premium, cover.policy_number, cover.amount_due_back) == (
        "confirmed",
        PREMIUM,
        booking["id"],
        Decimal(0),
    )
    assert staff.order(placed.id).has_note(booking["id"], "confirmed")


@pytest.mark.trace
def test_buy_with_cover_unpaid_then_marked_as_paid(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    placed = buyer.complete()
    # when
    work()
    unpaid = asked(simulator)
    unpaid_cover = buyer.cover()
    staff.mark_as_paid(placed.id)
    work()
    work()
    # then nothing was booked before the money was there, and once after
    assert placed.total == TOTAL
    assert unpaid == {"create_offer": 1}
    assert unpaid_cover is not None
    assert unpaid_cover.status == "placed"
    assert asked(simulator) == {"create_offer": 1, "confirm": 1}
    assert [b["total_price"] for b in bookings(simulator)] == [PREMIUM]
    assert opt_outs(simulator) == []


@pytest.mark.trace
def test_buy_with_cover_paid_after_the_order_in_two_parts(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    placed = buyer.complete()
    # when
    payment = payments.authorize(placed.id, TOTAL)
    work()
    payments.capture(payment, TICKETS)
    work()
    before = bookings(simulator)
    payments.capture(payment, PREMIUM)
    work()
    # then neither an authorisation nor a part is enough
    assert before == []
    assert asked(simulator) == {"create_offer": 1, "confirm": 1}
    assert len(bookings(simulator)) == 1


@pytest.mark.trace
def test_buy_with_cover_in_the_legacy_payment_flow(
    store: Store,
    shopper: SendShopper,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd_legacy)
    accept_cover(buyer, store)
    # when
    buyer.pay_legacy()
    placed = buyer.complete()
    work()
    # then
    assert placed.total == TOTAL
    assert [line.total for line in placed.cover_lines] == [PREMIUM]
    assert asked(simulator) == {"create_offer": 1, "confirm": 1}
    assert [b["partner_transaction_id"] for b in bookings(simulator)] == [placed.number]


@pytest.mark.trace
def test_buy_with_cover_by_order_create_from_checkout(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    # when the store's app makes the order and is paid elsewhere
    placed = staff.order_from_checkout(checkout.id)
    work()
    before = asked(simulator)
    staff.mark_as_paid(placed.id)
    work()
    # then
    assert placed.total == TOTAL
    assert [line.total for line in placed.cover_lines] == [PREMIUM]
    assert before == {"create_offer": 1}
    assert asked(simulator) == {"create_offer": 1, "confirm": 1}
    assert [b["partner_transaction_id"] for b in bookings(simulator)] == [placed.number]


@pytest.mark.trace
def test_buy_with_cover_when_a_gift_card_pays_all(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    with_card = buyer.add_promo_code(staff.create_gift_card(Decimal("500.00")))
    # when
    placed = buyer.complete()
    work()
    # then nothing is left to pay, and the cover is bought all the same
    assert checkout.total == TOTAL
    assert with_card.total == 0
    assert [line.total for line in with_card.cover_lines] == [PREMIUM]
    assert placed.total == 0
    assert asked(simulator) == {"create_offer": 1, "confirm": 1}
    assert [b["total_price"] for b in bookings(simulator)] == [PREMIUM]
    assert opt_outs(simulator) == []


@pytest.mark.trace
def test_buy_with_cover_when_paid_is_announced_twice(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a refund and its reversal, which make the host announce "fully paid" again
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    payment = payments.charge(checkout.id, checkout.total)
    placed = buyer.complete()
    payments.refund(payment, Decimal("50.00"))
    payments.reverse_refund(payment, Decimal("50.00"))
    # when
    work()
    work()
    # then
    assert asked(simulator) == {"create_offer": 1, "confirm": 1}
    assert [b["partner_transaction_id"] for b in bookings(simulator)] == [placed.number]


def test_lost_hooks_lose_nothing(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given a host whose order hooks never arrive, as when a process dies after its commit
    for hook in WATCHED:
        if hook.startswith("order_"):
            monkeypatch.setattr(
                f"saleor_xcover_plugin.plugin.XCoverPlugin.{hook}", lambda *_, **__: None
            )
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    payment = payments.charge(checkout.id, checkout.total)
    buyer.complete()
    unseen = buyer.cover()
    # when
    work()
    booked = asked(simulator)
    payments.refund(payment, checkout.total)
    work()
    # then the periodic work finds sale and refund in the host's tables
    assert unseen is None
    assert booked == {"create_offer": 1, "confirm": 1}
    assert asked(simulator) == {**booked, "cancel": 1, "confirm_cancellation": 1}
    assert [b["status"] for b in bookings(simulator)] == ["CANCELLED"]


def test_accepting_twice_puts_one_line_in(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout, offer = accept_cover(buyer, store)
    # when
    again = buyer.accept(offer)
    # then
    assert again.answer == "accepted"
    assert buyer.checkout() == checkout
    assert len(checkout.cover_lines) == 1
    assert asked(simulator) == {"create_offer": 1}


def test_two_events_have_a_quote_each(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2, store.festival: 1, store.shirt: 1})
    # when
    offer = buyer.offer()
    buyer.accept(offer)
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total)
    buyer.complete()
    work()
    # then the premium is the sum of both, in one line and one booking
    assert len(offer.quotes) == 2
    assert sum(quote.premium for quote in offer.quotes) == offer.premium
    assert checkout.total == Decimal("275.00") + offer.premium
    assert [line.total for line in checkout.cover_lines] == [offer.premium]
    (booking,) = bookings(simulator)
    assert booking["total_price"] == offer.premium
    assert len(booking["quotes"]) == 2
    assert asked(simulator) == {"create_offer": 1, "confirm": 1}


def test_an_order_confirmed_as_it_is_made_is_looked_at_once(
    store: Store, shopper: SendShopper, staff: Staff, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin import plugin

    looked_at = []
    sync_order = plugin.sync_order

    def watched(order_id: uuid.UUID, now: datetime) -> None:
        looked_at.append(order_id)
        sync_order(order_id, now)

    monkeypatch.setattr(plugin, "sync_order", watched)
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    # when Saleor tells of an order made, then of the same order confirmed
    placed = buyer.complete()
    # then
    assert len(looked_at) == 1
    # and what happens to it later is looked at
    staff.mark_as_paid(placed.id)
    assert set(looked_at[1:]) == set(looked_at[:1])
    work()
    assert (cover := buyer.cover()) is not None
    assert cover.status == "confirmed"


def test_the_summary_of_an_order_that_is_parked_at_once_is_written_once(
    store: Store, shopper: SendShopper, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin import plugin
    from saleor_xcover_plugin.host import metadata
    from saleor_xcover_plugin.models import Cover, Offer

    # given an order whose hooks were lost, and whose event began meanwhile
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    with monkeypatch.context() as deaf:
        deaf.setattr(plugin, "sync_order", lambda *_: None)
        buyer.complete()
    Offer.objects.update(event_starts_at=datetime(2026, 1, 1, tzinfo=UTC))
    write, written = metadata.write_order_summary, []

    def watched(order_id: uuid.UUID, summary: str) -> None:
        written.append(summary)
        write(order_id, summary)

    monkeypatch.setattr(metadata, "write_order_summary", watched)
    # when the sweep finds it
    work()
    # then
    assert (Cover.objects.get().status, len(written)) == ("parked", 1)
