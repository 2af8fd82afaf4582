"""Staff give back an own amount, in parts, or for something else: what counts is the money.

Two tickets at 100.00 and their cover of 6.66, with two shirts at 25.00 beside them where named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from saleor_xcover_plugin.clock import utc_now
from saleor_xcover_plugin.models import Cancellation, Cover
from saleor_xcover_plugin.staff.decisions import approve, ask
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder, Transaction
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, accept_cover, asked, bookings
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]


@dataclass
class Sold:
    """One paid order, and what went back of it."""

    order: PlacedOrder
    payment: Transaction
    staff: Staff
    payments: PaymentApp
    work: Work

    @property
    def tickets(self) -> str:
        return self.order.ticket_lines[0].id

    @property
    def cover(self) -> str:
        return self.order.cover_lines[0].id

    @property
    def shirts(self) -> str:
        (line,) = (line for line in self.order.lines if line.unit_price == 25)
        return line.id

    def grant(self, pieces: dict[str, int] | None = None, **how: Any) -> str:
        return self.staff.grant_refund(self.order.id, self.payment, lines=pieces, **how)

    def refund(self, amount: str) -> None:
        self.payments.refund(self.payment, Decimal(amount))

    def settle(self) -> Cover:
        for _ in range(3):
            self.work()
        return Cover.objects.get()

    def told(self, *parts: str) -> int:
        notes = self.staff.order(self.order.id).notes
        return len([note for note in notes if all(part in note for part in parts)])


@pytest.fixture
def sell(
    store: Store, shopper: SendShopper, staff: Staff, payments: PaymentApp, work: Work
) -> Callable[..., Sold]:
    """Return a function that sells two tickets with cover, and shirts; nobody worked on it yet."""

    def sold(shirts: int = 0) -> Sold:
        ada = shopper(store.usd)
        accept_cover(ada, store)
        if shirts:
            ada.add(store.shirt, shirts)
        payment = payments.charge(ada.checkout_id, ada.checkout().total)
        return Sold(ada.complete(), payment, staff, payments, work)

    return sold


def test_less_than_the_named_pieces_cost_asks_a_person_with_both_sums(
    sell: Callable[..., Sold], simulator: SimulatorProcess
) -> None:
    # given a policy
    sold = sell()
    sold.settle()
    # when staff tick everything and type 10.00
    sold.grant({sold.tickets: 2, sold.cover: 1}, amount=Decimal(10))
    sold.refund("10.00")
    # then nothing is cancelled by itself
    cover = sold.settle()
    assert (cover.status, cover.amount_due_back) == ("confirmed", 0)
    assert [row.status for row in Cancellation.objects.all()] == ["parked"]
    assert asked(simulator).keys() == {"create_offer", "confirm"}
    assert sold.told("206.66 USD were named", "only 10.00 USD went back") == 1


def test_what_is_due_falls_by_what_went_back_for_the_cover(
    sell: Callable[..., Sold], simulator: SimulatorProcess
) -> None:
    # given 2.00 of the premium given back, and the policy then cancelled by staff
    sold = sell()
    sold.settle()
    sold.grant({sold.cover: 1}, amount=Decimal(2))
    sold.refund("2.00")
    cover = sold.settle()
    ask(cover.order_id, utc_now())
    sold.settle()
    shown = Cancellation.objects.get(status="parked", refund__gt=0)
    approve(shown.pk, shown.refund_money, utc_now())
    # then the rest is due
    cover = sold.settle()
    assert (cover.status, cover.amount_due_back) == ("cancelled", Decimal("4.66"))
    assert sold.told("cancelled, XCover refunds 6.66 USD", "Refund 4.66 USD to the buyer") == 1
    # and is settled by just that much
    sold.refund("4.66")
    assert sold.settle().amount_due_back == 0
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]


def test_what_is_due_for_a_cover_without_policy_falls_in_parts(
    sell: Callable[..., Sold], simulator: SimulatorProcess
) -> None:
    # given a cover that insures nothing, because its tickets were changed
    sold = sell()
    Cover.objects.filter(order_id=sold.settle().order_id).update(
        status="parked", reason_code="line_changed", amount_due_back=PREMIUM
    )
    # when staff name its line with 2.00
    sold.grant({sold.cover: 1}, amount=Decimal(2))
    sold.refund("2.00")
    # then 4.66 is left
    assert sold.settle().amount_due_back == Decimal("4.66")
    assert sold.told("2.00 USD went back to the buyer; 4.66 USD is still due") == 1
    # and the rest by hand ends it
    sold.refund("4.66")
    assert sold.settle().amount_due_back == 0
    assert sold.told("4.66 USD went back to the buyer; nothing is due any more") == 1


def test_a_grant_that_was_never_sent_is_not_credited_with_other_money(
    sell: Callable[..., Sold], simulator: SimulatorProcess
) -> None:
    # given a policy, and a grant for its cover that nobody sent
    sold = sell(shirts=2)
    sold.settle()
    sold.grant({sold.cover: 1})
    # when the money of a shirt goes back by hand
    sold.refund("25.00")
    # then the policy stays, and a person is asked what it was for
    cover = sold.settle()
    assert (cover.status, cover.amount_due_back) == ("confirmed", 0)
    assert [(row.rule, row.status) for row in Cancellation.objects.all()] == [("money", "parked")]
    # and once just its money goes back, it was for the cover
    sold.refund("6.66")
    assert sold.settle().status == "cancelled"


def of_shirts(sold: Sold) -> None:
    sold.grant({sold.shirts: 2})
    sold.refund("50.00")


def of_one_shirt(sold: Sold) -> None:
    sold.grant({sold.shirts: 1})
    sold.refund("25.00")


def of_one_shirt_in_part(sold: Sold) -> None:
    sold.grant({sold.shirts: 1}, amount=Decimal(9))
    sold.refund("9.00")


@pytest.mark.parametrize("give_back", [of_shirts, of_one_shirt, of_one_shirt_in_part])
@pytest.mark.parametrize("is_waiting", [True, False], ids=["before", "after"])
def test_other_goods_are_none_of_the_policys_business(
    sell: Callable[..., Sold],
    simulator: SimulatorProcess,
    give_back: Callable[[Sold], None],
    is_waiting: bool,
) -> None:
    # given tickets, cover and shirts that are paid
    sold = sell(shirts=2)
    if not is_waiting:
        sold.settle()
    # when shirts are given back, before or after the policy is confirmed
    give_back(sold)
    # then tickets and cover are paid: there is a policy, and nothing to decide
    cover = sold.settle()
    assert (cover.status, cover.reason_code, cover.amount_due_back) == ("confirmed", "", 0)
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    assert Cancellation.objects.count() == 0
    assert sold.told("refund") == 0


def test_money_for_nothing_named_before_the_policy_asks_a_person(
    sell: Callable[..., Sold], simulator: SimulatorProcess
) -> None:
    # given a paid order whose confirmation still waits
    sold = sell(shirts=2)
    # when money goes back and nobody says what for
    sold.refund("25.00")
    # then no policy is made by guess
    cover = sold.settle()
    assert (cover.status, cover.reason_code) == ("parked", "refunded_in_part")
    assert cover.amount_due_back == PREMIUM
    assert bookings(simulator) == []
