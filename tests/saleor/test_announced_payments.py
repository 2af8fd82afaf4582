"""A payment of the legacy flow that took no money yet (`checkoutPaymentCreate`), and a new answer.

Saleor charges the whole of it when the order is made, also where the order costs less by then. What
the plugin or the buyer takes out of a checkout is never charged, and a payment stays as long as the
checkout costs what it announces. Two tickets at 100.00, premium 6.66.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from testkit.client.driver import Driver, Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, bookings
from testkit.work import Work

from .test_tampering import price_by_app

SendShopper = Callable[[Channel], Shopper]


@pytest.fixture
def ada(store: Store, shopper: SendShopper) -> Shopper:
    """A buyer who said yes and announced a payment of tickets and premium."""
    buyer = shopper(store.usd_legacy)
    buyer.create_checkout({store.concert: 2})
    buyer.accept(buyer.offer())
    buyer.pay_legacy()
    return buyer


def charged(order_id: str) -> Decimal:
    """Return what the payments of an order took."""
    from saleor.payment.models import Payment

    payments = Payment.objects.filter(order_id=key(order_id))
    return sum((payment.captured_amount for payment in payments), Decimal(0))


def announced(buyer: Shopper) -> list[tuple[Decimal, bool]]:
    """Return total and activity of the checkout's payments, oldest first."""
    from saleor.payment.models import Payment

    payments = Payment.objects.filter(checkout_id=key(buyer.checkout_id)).order_by("pk")
    return list(payments.values_list("total", "is_active"))


def let_the_offer_expire() -> None:
    from saleor_xcover_plugin.models import Offer

    Offer.objects.update(valid_until=datetime.now(UTC) - timedelta(seconds=1))


def delete_unheard(buyer: Shopper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delete the cover line in a worker that dies before it calls a hook."""
    from saleor_xcover_plugin.checkout.checkout_sync import Change

    with monkeypatch.context() as lost:
        lost.setattr("saleor_xcover_plugin.plugin.checkout_changed", lambda *_: Change())
        buyer.delete(*buyer.checkout().cover_lines)


def refusal_of_order(buyer: Shopper) -> tuple[str, ...]:
    with pytest.raises(Refused) as refused:
        buyer.complete()
    return refused.value.codes


def test_a_no_after_it_is_never_charged_the_premium(
    ada: Shopper, work: Work, staff: Staff, simulator: SimulatorProcess
) -> None:
    assert ada.decline().answer == "declined"

    assert refusal_of_order(ada) == ("checkout_not_fully_paid",)
    ada.pay_legacy()
    order = ada.complete()
    work()

    assert (order.total, charged(order.id)) == (TICKETS, TICKETS)
    assert bookings(simulator) == []


def test_a_cover_that_other_tickets_end_is_never_charged(
    ada: Shopper, store: Store, work: Work, simulator: SimulatorProcess
) -> None:
    (tickets,) = ada.checkout().ticket_lines
    assert ada.set_quantity(tickets, 1).total == TICKETS / 2

    assert refusal_of_order(ada) == ("checkout_not_fully_paid",)
    ada.pay_legacy()
    order = ada.complete()
    work()

    assert (order.total, charged(order.id)) == (TICKETS / 2, TICKETS / 2)
    assert bookings(simulator) == []


def test_a_yes_that_stands_is_charged_once(
    ada: Shopper, work: Work, simulator: SimulatorProcess
) -> None:
    ada.accept(ada.offer())

    order = ada.complete()
    work()

    assert (order.total, charged(order.id)) == (TOTAL, TOTAL)
    assert [booking["total_price"] for booking in bookings(simulator)] == [PREMIUM]


def test_a_payment_that_took_money_stays_and_so_does_the_yes(ada: Shopper) -> None:
    from saleor.payment.models import Payment

    announced = Payment.objects.get(checkout_id=key(ada.checkout_id))
    announced.transactions.create(
        kind="auth", is_success=True, amount=TOTAL, currency="USD", token="1", gateway_response={}
    )

    with pytest.raises(Refused) as refused:
        ada.decline()

    assert refused.value.codes == ("payment_started",)
    announced.refresh_from_db()
    assert announced.is_active
    assert ada.checkout().total == TOTAL


def delete_line(buyer: Shopper) -> None:
    buyer.delete(*buyer.checkout().cover_lines)


def set_line_to_nothing(buyer: Shopper) -> None:
    (line,) = buyer.checkout().cover_lines
    buyer.set_quantity(line, 0)


@pytest.mark.parametrize("take_out", [delete_line, set_line_to_nothing])
def test_a_line_the_buyer_deletes_is_never_charged(
    ada: Shopper,
    work: Work,
    simulator: SimulatorProcess,
    take_out: Callable[[Shopper], None],
) -> None:
    """206.66 was charged for an order of 200.00."""
    take_out(ada)

    assert announced(ada) == [(TOTAL, False)]
    assert refusal_of_order(ada) == ("checkout_not_fully_paid",)
    ada.pay_legacy()
    order = ada.complete()
    work()

    assert (order.total, charged(order.id)) == (TICKETS, TICKETS)
    assert bookings(simulator) == []


def say_no(buyer: Shopper) -> None:
    buyer.decline()


def change_email(buyer: Shopper) -> None:
    buyer.set_email("ada@example.org")


def change_tickets(buyer: Shopper) -> None:
    buyer.set_quantity(buyer.checkout().ticket_lines[0], 1)


def look_when_it_is_over(buyer: Shopper) -> None:
    let_the_offer_expire()
    buyer.offer()


@pytest.mark.parametrize(
    "go_on", [say_no, change_email, change_tickets, look_when_it_is_over], ids=lambda f: f.__name__
)
def test_a_line_that_went_unheard_is_not_charged_after_the_next_step(
    ada: Shopper,
    monkeypatch: pytest.MonkeyPatch,
    go_on: Callable[[Shopper], None],
) -> None:
    delete_unheard(ada, monkeypatch)
    assert announced(ada) == [(TOTAL, True)]

    go_on(ada)

    assert announced(ada) == [(TOTAL, False)]
    assert ada.checkout().cover_lines == ()
    assert refusal_of_order(ada) == ("checkout_not_fully_paid",)


def test_a_payment_made_after_a_line_went_unheard_stays(
    ada: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete_unheard(ada, monkeypatch)
    ada.pay_legacy()

    ada.set_email("ada@example.org")
    ada.decline()

    assert announced(ada) == [(TOTAL, False), (TICKETS, True)]
    order = ada.complete()
    assert (order.total, charged(order.id)) == (TICKETS, TICKETS)


def test_a_line_that_went_unheard_up_to_the_order_is_told_to_staff(
    ada: Shopper,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is looked at inside Saleor's own transaction: the order tells what to give back."""
    delete_unheard(ada, monkeypatch)

    order = ada.complete()
    work()

    assert (order.total, charged(order.id)) == (TICKETS, TOTAL)
    (note,) = staff.order(order.id).notes
    assert "6.66 USD more than the order costs: refund it" in note
    assert bookings(simulator) == []


@pytest.fixture
def bob(store: Store, shopper: SendShopper, simulator: SimulatorProcess) -> Shopper:
    """A buyer who said yes to the dearer of two plans and announced its payment of 209.99."""
    simulator.settings(products="alternatives")
    buyer = shopper(store.usd_legacy)
    buyer.create_checkout({store.concert: 2})
    offer = buyer.offer()
    buyer.accept(offer, offer.quotes[1].id)
    buyer.pay_legacy()
    assert announced(buyer) == [(DEARER, True)]
    return buyer


DEARER = TICKETS + Decimal("9.99")


@pytest.mark.parametrize("is_heard", [True, False, None], ids=["heard", "unheard", "not deleted"])
def test_a_cheaper_yes_is_not_charged_as_the_dearer(
    bob: Shopper,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
    is_heard: bool | None,
) -> None:
    """209.99 was charged for an order of 206.66, and nobody was told."""
    # given the line of the dearer plan, which the buyer deleted or not
    if is_heard:
        delete_line(bob)
    elif is_heard is False:
        delete_unheard(bob, monkeypatch)
    # when she takes the cheaper one
    offer = bob.offer()
    bob.accept(offer, offer.quotes[0].id)
    # then the payment must be created again
    assert announced(bob) == [(DEARER, False)]
    assert refusal_of_order(bob) == ("checkout_not_fully_paid",)
    bob.pay_legacy()
    order = bob.complete()
    work()
    assert (order.total, charged(order.id)) == (TOTAL, TOTAL)
    assert [booking["total_price"] for booking in bookings(simulator)] == [PREMIUM]


def test_a_line_deleted_in_one_step_with_more_tickets_is_never_charged(
    ada: Shopper, driver: Driver, work: Work, simulator: SimulatorProcess
) -> None:
    """206.66 was charged for an order of 100.00: the checkout cost more for a moment."""
    checkout = ada.checkout()
    (tickets,), (cover,) = checkout.ticket_lines, checkout.cover_lines
    wanted = [{"lineId": cover.id, "quantity": 0}, {"lineId": tickets.id, "quantity": 3}]
    driver.mutate(LINES_UPDATE, {"id": checkout.id, "lines": wanted})
    ada.set_quantity(tickets, 1)

    assert announced(ada) == [(TOTAL, False)]
    assert refusal_of_order(ada) == ("checkout_not_fully_paid",)
    ada.pay_legacy()
    order = ada.complete()
    work()

    assert (order.total, charged(order.id)) == (TICKETS / 2, TICKETS / 2)
    assert bookings(simulator) == []


LINES_UPDATE = """
mutation checkoutLinesUpdate($id: ID!, $lines: [CheckoutLineUpdateInput!]!) {
  checkoutLinesUpdate(id: $id, lines: $lines) { errors { field message code } } }"""


def sell_as_announced(buyer: Shopper, work: Work, simulator: SimulatorProcess) -> None:
    """The payment is active, the order is charged once, and its policy is made."""
    assert announced(buyer) == [(TOTAL, True)]
    order = buyer.complete()
    work()
    assert (order.total, charged(order.id)) == (TOTAL, TOTAL)
    assert [booking["total_price"] for booking in bookings(simulator)] == [PREMIUM]


def test_a_yes_kept_after_it_expired_keeps_its_payment(
    ada: Shopper, work: Work, simulator: SimulatorProcess
) -> None:
    """The page looked when its tab became visible, and the order was refused."""
    let_the_offer_expire()

    assert ada.offer().answer == "accepted"

    sell_as_announced(ada, work, simulator)


def test_an_expired_yes_nobody_looks_at_keeps_its_payment(
    ada: Shopper, work: Work, simulator: SimulatorProcess
) -> None:
    let_the_offer_expire()
    work()

    sell_as_announced(ada, work, simulator)


def test_an_expired_yes_that_xcover_cannot_renew_is_never_charged(
    ada: Shopper, work: Work, simulator: SimulatorProcess
) -> None:
    let_the_offer_expire()
    simulator.fault("create_offer", "status", times=1, status=500)
    with pytest.raises(Refused):
        ada.offer()

    assert announced(ada) == [(TOTAL, False)]
    assert refusal_of_order(ada) == ("checkout_not_fully_paid",)


def leave_and_return(buyer: Shopper) -> None:
    line = buyer.checkout().ticket_lines[0]
    buyer.set_quantity(line, 3)
    buyer.set_quantity(line, 2)
    buyer.offer()


def change_the_language_and_return(buyer: Shopper) -> None:
    buyer.set_language("DE")
    buyer.set_language("EN")
    buyer.offer()


def change_their_mind_twice(buyer: Shopper) -> None:
    buyer.decline()
    buyer.accept(buyer.offer())


def delete_and_say_yes(buyer: Shopper) -> None:
    delete_line(buyer)
    buyer.accept(buyer.offer())


@pytest.mark.parametrize(
    "and_back",
    [
        leave_and_return,
        change_the_language_and_return,
        change_their_mind_twice,
        delete_and_say_yes,
    ],
    ids=lambda f: f.__name__,
)
def test_a_checkout_that_costs_the_same_again_keeps_its_payment(
    ada: Shopper,
    work: Work,
    simulator: SimulatorProcess,
    and_back: Callable[[Shopper], None],
) -> None:
    and_back(ada)

    assert ada.checkout().total == TOTAL
    sell_as_announced(ada, work, simulator)


@pytest.mark.parametrize("price", ["0.01", "66.60"])
def test_a_line_that_is_put_right_keeps_its_payment(
    ada: Shopper,
    store: Store,
    driver: Driver,
    work: Work,
    simulator: SimulatorProcess,
    price: str,
) -> None:
    (line,) = ada.checkout().cover_lines

    price_by_app(driver, store, ada, line.id, price)

    sell_as_announced(ada, work, simulator)


def test_a_payment_of_the_tickets_outlives_a_yes_taken_back(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    ada = shopper(store.usd_legacy)
    ada.create_checkout({store.concert: 2})
    ada.pay_legacy()
    ada.accept(ada.offer())
    assert refusal_of_order(ada) == ("checkout_not_fully_paid",)

    ada.decline()

    assert announced(ada) == [(TICKETS, True)]
    order = ada.complete()
    assert (order.total, charged(order.id)) == (TICKETS, TICKETS)


def test_only_the_last_payment_comes_back(ada: Shopper) -> None:
    # given a payment with the cover, and one without it after a no
    ada.decline()
    ada.pay_legacy()
    assert announced(ada) == [(TOTAL, False), (TICKETS, True)]
    # when the cover is in again
    ada.accept(ada.offer())
    # then neither is charged
    assert announced(ada) == [(TOTAL, False), (TICKETS, False)]
    assert refusal_of_order(ada) == ("checkout_not_fully_paid",)
    # and the one without it, once it is out again
    ada.decline()
    assert announced(ada) == [(TOTAL, False), (TICKETS, True)]


def test_a_payment_that_somebody_else_cancelled_does_not_come_back(ada: Shopper) -> None:
    from saleor.payment.models import Payment

    Payment.objects.filter(checkout_id=key(ada.checkout_id)).update(is_active=False)

    change_their_mind_twice(ada)

    assert announced(ada) == [(TOTAL, False)]


def test_a_gift_card_is_no_part_of_what_a_payment_announces(
    store: Store, shopper: SendShopper, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given a gift card of 50.00, and a payment of the rest
    ada = shopper(store.usd_legacy)
    ada.create_checkout({store.concert: 2})
    ada.add_promo_code(staff.create_gift_card(Decimal("50.00")))
    ada.accept(ada.offer())
    ada.pay_legacy()
    rest = TOTAL - 50
    assert announced(ada) == [(rest, True)]
    # when the yes expires and is kept
    let_the_offer_expire()
    assert ada.offer().answer == "accepted"
    # then the payment stays, and it goes with the line
    assert announced(ada) == [(rest, True)]
    delete_line(ada)
    assert announced(ada) == [(rest, False)]


def test_a_voucher_that_ends_the_yes_cancels_the_payment(
    ada: Shopper, store: Store, staff: Staff
) -> None:
    code = f"ANNOUNCED-{store.usd_legacy.slug}"
    staff.create_voucher(code, [store.usd_legacy], Decimal(10), value_type="FIXED")

    changed = ada.add_promo_code(code)

    assert changed.cover_lines == ()
    assert announced(ada) == [(TOTAL, False)]
    assert refusal_of_order(ada) == ("checkout_not_fully_paid",)


def test_a_payment_stays_with_its_yes_where_an_app_is_asked(ada: Shopper, store: Store) -> None:
    """No hook asks the app; Saleor itself compares payment and total when the order is made."""
    from saleor.tax.models import TaxConfiguration

    taxes = TaxConfiguration.objects.filter(channel_id=key(store.usd_legacy.id))
    before = taxes.values("tax_calculation_strategy", "tax_app_id").get()
    taxes.update(tax_calculation_strategy="TAX_APP", tax_app_id=None)
    try:
        change_email(ada)

        assert announced(ada) == [(TOTAL, True)]
        assert ada.checkout().total == TOTAL
    finally:
        taxes.update(**before)


def test_a_checkout_that_is_emptied_is_charged_nothing(ada: Shopper) -> None:
    ada.delete(*ada.checkout().lines)

    assert announced(ada) == [(TOTAL, False)]
    assert ada.checkout().total == 0


def test_a_line_deleted_beside_money_of_another_payment_is_not_charged(
    ada: Shopper, payments: PaymentApp
) -> None:
    """Money set aside elsewhere keeps the plugin from repairing, not from cancelling."""
    payments.authorize(ada.checkout_id, Decimal("10.00"))

    delete_line(ada)

    assert announced(ada) == [(TOTAL, False)]


def test_a_payment_is_left_alone_while_the_order_is_being_made(
    ada: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.utils import timezone
    from saleor.checkout.models import Checkout

    checkout = Checkout.objects.filter(pk=key(ada.checkout_id))
    checkout.update(completing_started_at=timezone.now())

    delete_line(ada)

    assert announced(ada) == [(TOTAL, True)]


def test_a_line_deleted_with_other_tickets_is_an_answer_that_is_kept(
    ada: Shopper, store: Store, driver: Driver, work: Work
) -> None:
    # given one step that takes the line out and changes the tickets
    checkout = ada.checkout()
    (tickets,), (cover,) = checkout.ticket_lines, checkout.cover_lines
    wanted = [{"lineId": cover.id, "quantity": 0}, {"lineId": tickets.id, "quantity": 3}]
    driver.mutate(LINES_UPDATE, {"id": checkout.id, "lines": wanted})
    # when the offer is asked for with the tickets it was for
    ada.set_quantity(tickets, 2)
    # then no yes of before comes back
    assert ada.offer().answer is None
    assert ada.checkout().cover_lines == ()
    assert announced(ada) == [(TOTAL, False)]
