"""Tickets without cover: sold at once, and XCover hears of a no exactly once."""

from collections.abc import Callable

import pytest

from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import OSLO
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, accept_cover, asked, bookings, opt_outs
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]


@pytest.mark.trace
def test_buy_without_an_answer(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given an offer that was shown
    buyer = shopper(store.usd)
    checkout = buyer.create_checkout({store.concert: 2})
    buyer.offer()
    # when
    payments.charge(checkout.id, checkout.total)
    placed = buyer.complete()
    work()
    work()
    # then
    assert placed.total == TICKETS
    assert placed.cover_lines == ()
    assert asked(simulator) == {"create_offer": 1, "opt_out": 1}
    assert [opt_out["times"] for opt_out in opt_outs(simulator)] == [1]
    assert bookings(simulator) == []
    assert buyer.cover() is None


def test_of_two_offers_that_were_shown_the_last_one_is_turned_down(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given an offer for two tickets, and then one for three
    buyer = shopper(store.usd)
    checkout = buyer.create_checkout({store.concert: 2})
    buyer.offer()
    buyer.set_quantity(checkout.lines[0], 3)
    buyer.offer()
    (_, last) = simulator.state()["offers"]
    # when the tickets are bought without an answer
    payments.charge(buyer.checkout_id, buyer.checkout().total)
    buyer.complete()
    work()
    # then XCover hears of the offer that stood there last
    assert [opt_out["offer_id"] for opt_out in opt_outs(simulator)] == [last["id"]]


def test_an_unpaid_order_without_cover_is_an_opt_out_too(
    store: Store, shopper: SendShopper, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    # when
    placed = buyer.complete()
    work()
    staff.mark_as_paid(placed.id)
    work()
    # then
    assert asked(simulator) == {"create_offer": 1, "opt_out": 1}
    assert len(opt_outs(simulator)) == 1


@pytest.mark.trace
def test_buy_when_no_offer_was_shown(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout = buyer.create_checkout({store.concert: 2})
    # when
    payments.charge(checkout.id, checkout.total)
    placed = buyer.complete()
    work()
    # then XCover hears nothing at all
    assert placed.total == TICKETS
    assert asked(simulator) == {}
    assert opt_outs(simulator) == []


def test_an_offer_fetched_ahead_but_never_shown_is_no_opt_out(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a worker was faster than the shopper
    buyer = shopper(store.usd)
    checkout = buyer.create_checkout({store.concert: 2})
    work.fetch_offer(checkout.id, store.usd)
    # when
    payments.charge(checkout.id, checkout.total)
    buyer.complete()
    work()
    # then
    assert asked(simulator) == {"create_offer": 1}
    assert opt_outs(simulator) == []


def test_an_offer_fetched_ahead_and_told_as_shown_is_an_opt_out(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout = buyer.create_checkout({store.concert: 2})
    work.fetch_offer(checkout.id, store.usd)
    buyer.shown()
    # when
    payments.charge(checkout.id, checkout.total)
    buyer.complete()
    work()
    # then
    assert asked(simulator) == {"create_offer": 1, "opt_out": 1}
    assert len(opt_outs(simulator)) == 1


@pytest.mark.trace
def test_buy_after_declining(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    declined = buyer.decline()
    # when
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total)
    buyer.complete()
    work()
    # then
    assert declined.answer == "declined"
    assert checkout.total == TICKETS
    assert asked(simulator) == {"create_offer": 1, "opt_out": 1}
    assert bookings(simulator) == []


@pytest.mark.trace
def test_buy_after_accepting_and_changing_the_mind(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    with_cover, _ = accept_cover(buyer, store)
    buyer.decline()
    without = buyer.checkout()
    # when
    payments.charge(without.id, without.total)
    placed = buyer.complete()
    work()
    # then the premium is neither charged nor booked
    assert (with_cover.total, without.total) == (TOTAL, TICKETS)
    assert without.cover_lines == ()
    assert placed.total == TICKETS
    assert asked(simulator) == {"create_offer": 1, "opt_out": 1}
    assert bookings(simulator) == []


def test_a_no_can_become_a_yes(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    offer = buyer.offer()
    buyer.decline()
    # when
    buyer.accept(offer)
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total)
    buyer.complete()
    work()
    # then
    assert checkout.total == TOTAL
    assert asked(simulator) == {"create_offer": 1, "confirm": 1}
    assert [b["total_price"] for b in bookings(simulator)] == [PREMIUM]
    assert opt_outs(simulator) == []


def test_deleting_the_line_is_a_no(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    with_cover, _ = accept_cover(buyer, store)
    # when
    without = buyer.delete(*with_cover.cover_lines)
    payments.charge(without.id, without.total)
    buyer.complete()
    work()
    # then
    assert without.total == TICKETS
    assert asked(simulator) == {"create_offer": 1, "opt_out": 1}
    assert bookings(simulator) == []


@pytest.mark.parametrize(
    ("_case", "channel", "wanted", "billing", "code"),
    [
        ("a currency XCover has no offer for", "nok", "concert", OSLO, "no_offer"),
        ("merchandise only", "usd", "shirt", None, "no_tickets"),
        ("no address yet", "usd", "concert", None, "country_missing"),
    ],
)
def test_tickets_sell_where_there_is_no_offer(
    _case: str,
    channel: str,
    wanted: str,
    billing: dict[str, str] | None,
    code: str,
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(getattr(store, channel))
    checkout = buyer.create_checkout({getattr(store, wanted): 2}, billing=billing)
    # when
    with pytest.raises(Refused) as refused:
        buyer.offer()
    if billing is None:
        buyer.set_billing(OSLO)
    payments.charge(checkout.id, checkout.total, checkout.currency)
    placed = buyer.complete()
    work()
    # then
    assert refused.value.codes == (code,)
    assert placed.total == checkout.total
    assert opt_outs(simulator) == []
    assert bookings(simulator) == []
