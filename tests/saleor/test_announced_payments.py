"""A payment of the legacy flow that took no money yet (`checkoutPaymentCreate`), and a new answer.

Saleor charges the whole of it when the order is made, also where the order costs less by then. What
the plugin takes out of a checkout is never charged. Two tickets at 100.00, premium 6.66.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from demo.client.driver import Refused
from demo.client.shopper import Shopper
from demo.client.staff import Staff
from demo.client.store import Channel, Store
from demo.simulator import SimulatorProcess

from ..flows.rows import key
from ..flows.steps import PREMIUM, TICKETS, TOTAL, bookings
from ..flows.work import Work

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
