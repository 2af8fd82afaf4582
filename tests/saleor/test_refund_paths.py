"""Every way Saleor gives money back, and what the policy makes of it.

One row per path; what each verdict then does is told by tests/flows/test_cancellation_rules.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from saleor_xcover_plugin.models import Cancellation
from testkit.client.driver import Driver
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder, Transaction
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, accept_cover, asked
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]
Json = dict[str, Any]

REFUND_PRODUCTS = """
mutation orderFulfillmentRefundProducts($order: ID!, $input: OrderRefundProductsInput!) {
  orderFulfillmentRefundProducts(order: $order, input: $input) {
    fulfillment { id status } errors { field message code }
  }
}"""
RETURN_PRODUCTS = """
mutation orderFulfillmentReturnProducts($order: ID!, $input: OrderReturnProductsInput!) {
  orderFulfillmentReturnProducts(order: $order, input: $input) {
    returnFulfillment { id status } errors { field message code }
  }
}"""
TRANSACTION_UPDATE = """
mutation transactionUpdate($id: ID!, $transaction: TransactionUpdateInput!) {
  transactionUpdate(id: $id, transaction: $transaction) {
    transaction { id } errors { field message code }
  }
}"""


@dataclass
class Case:
    """One sold policy and the hands that may give its money back."""

    driver: Driver
    store: Store
    staff: Staff
    payments: PaymentApp
    order: PlacedOrder
    payment: Transaction | None = None

    def as_staff(self, document: str, **variables: Any) -> Json:
        return self.driver.mutate(document, variables, token=self.store.staff_token())

    @property
    def tickets(self) -> str:
        return self.order.ticket_lines[0].id

    @property
    def cover(self) -> str:
        return self.order.cover_lines[0].id

    @property
    def whole(self) -> dict[str, int]:
        return {self.tickets: 2, self.cover: 1}

    def grant(self, pieces: dict[str, int] | None = None, amount: Decimal | None = None) -> str:
        assert self.payment
        return self.staff.grant_refund(self.order.id, self.payment, lines=pieces, amount=amount)

    def refund(self, amount: Decimal) -> None:
        assert self.payment
        self.payments.refund(self.payment, amount)

    def report(self, event: str, amount: Decimal) -> None:
        assert self.payment
        self.payments.report(self.payment, event, amount)

    def fulfill(self) -> dict[str, str]:
        """Ship everything; return the fulfillment line of each order line."""
        made = self.staff.fulfill(self.order.id, self.whole, self.store.warehouse)
        return {line: handed for each in made for line, handed in each.lines.items()}


@pytest.fixture
def sell(
    driver: Driver,
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> Callable[[bool], Case]:
    """Return a function that sells a policy, in the legacy payment flow or with transactions."""

    def sold(is_legacy: bool) -> Case:
        buyer = shopper(store.usd_legacy if is_legacy else store.usd)
        accept_cover(buyer, store)
        payment = None
        if is_legacy:
            buyer.pay_legacy()
        else:
            payment = payments.charge(buyer.checkout_id, TOTAL)
        order = buyer.complete()
        work()
        assert asked(simulator)["confirm"] == 1
        return Case(driver, store, staff, payments, order, payment)

    return sold


def grant_all_lines(case: Case) -> None:
    case.grant(case.whole)
    case.refund(TOTAL)


def grant_tickets(case: Case) -> None:
    case.grant({case.tickets: 2})
    case.refund(TICKETS)


def grant_a_ticket(case: Case) -> None:
    case.grant({case.tickets: 1})
    case.refund(Decimal(100))


def grant_cover(case: Case) -> None:
    case.grant({case.cover: 1})
    case.refund(PREMIUM)


def grant_in_two_steps(case: Case) -> None:
    grant_tickets(case)
    grant_cover(case)


def grant_an_amount(case: Case) -> None:
    case.grant(amount=Decimal(30))
    case.refund(Decimal(30))


def grant_and_pay_less(case: Case) -> None:
    case.grant({case.tickets: 2})
    case.refund(Decimal("199.99"))


def grant_all_lines_at_an_own_amount(case: Case) -> None:
    case.grant(case.whole, Decimal(10))
    case.refund(Decimal(10))


def grant_all_lines_and_keep_a_fee(case: Case) -> None:
    case.grant(case.whole, TOTAL - 20)
    case.refund(TOTAL - 20)


def grant_cover_at_an_own_amount(case: Case) -> None:
    case.grant({case.cover: 1}, Decimal(2))
    case.refund(Decimal(2))


def grant_cover_and_refund_something_else(case: Case) -> None:
    case.grant({case.cover: 1})
    case.refund(Decimal(30))


def grant_a_ticket_and_refund_all_the_rest(case: Case) -> None:
    """Leave a plan of half the money unsent: what goes back may be for the other half."""
    case.grant({case.tickets: 1}, TOTAL / 2)
    case.refund(TOTAL / 2)


def grant_only(case: Case) -> None:
    case.grant({case.tickets: 2})


def refund_by_hand(case: Case) -> None:
    case.refund(TOTAL)


def refund_and_reverse(case: Case) -> None:
    case.refund(Decimal(50))
    case.report("REFUND_REVERSE", Decimal(50))


def refund_in_instalments(case: Case) -> None:
    case.refund(Decimal(100))
    case.refund(TOTAL - 100)


def refund_requested_only(case: Case) -> None:
    case.report("REFUND_REQUEST", TOTAL)


def refund_that_failed(case: Case) -> None:
    case.report("REFUND_FAILURE", TOTAL)


def charge_back(case: Case) -> None:
    case.report("CHARGE_BACK", TOTAL)


def charge_back_a_part(case: Case) -> None:
    case.report("CHARGE_BACK", Decimal(50))


def transaction_updated(case: Case) -> None:
    """Report the refund by setting the transaction's amounts, as older payment apps do."""
    assert case.payment
    given = {"amountRefunded": {"amount": TOTAL, "currency": "USD"}}
    given["amountCharged"] = {"amount": Decimal(0), "currency": "USD"}
    case.driver.mutate(
        TRANSACTION_UPDATE,
        {"id": case.payment.id, "transaction": given},
        token=case.store.payment_app_token(),
    )


def void_a_second_authorization(case: Case) -> None:
    """Money that was set aside beside the payment is let go: nothing was ever taken."""
    second = case.payments.authorize(case.order.id, Decimal(50))
    case.payments.report(second, "CANCEL_SUCCESS", Decimal(50))


def cancel_order(case: Case) -> None:
    case.staff.cancel(case.order.id)


def cancel_and_refund(case: Case) -> None:
    case.staff.cancel(case.order.id)
    case.refund(TOTAL)


def legacy_amount(case: Case) -> None:
    case.staff.refund_legacy(case.order.id, Decimal(30))


def legacy_everything(case: Case) -> None:
    case.staff.refund_legacy(case.order.id, TOTAL)


def legacy_unshipped_tickets(case: Case) -> None:
    lines = [{"orderLineId": case.tickets, "quantity": 2}]
    case.as_staff(REFUND_PRODUCTS, order=case.order.id, input={"orderLines": lines})


def legacy_shipped_ticket(case: Case) -> None:
    shipped = case.fulfill()
    lines = [{"fulfillmentLineId": shipped[case.tickets], "quantity": 1}]
    case.as_staff(REFUND_PRODUCTS, order=case.order.id, input={"fulfillmentLines": lines})


def legacy_cover_line(case: Case) -> None:
    lines = [{"orderLineId": case.cover, "quantity": 1}]
    case.as_staff(REFUND_PRODUCTS, order=case.order.id, input={"orderLines": lines})


def legacy_lines_at_another_amount(case: Case) -> None:
    lines = [{"orderLineId": case.tickets, "quantity": 2}]
    wanted = {"orderLines": lines, "amountToRefund": Decimal(150)}
    case.as_staff(REFUND_PRODUCTS, order=case.order.id, input=wanted)


def legacy_everything_at_another_amount(case: Case) -> None:
    lines = [{"orderLineId": line, "quantity": n} for line, n in case.whole.items()]
    wanted = {"orderLines": lines, "amountToRefund": Decimal(5)}
    case.as_staff(REFUND_PRODUCTS, order=case.order.id, input=wanted)


def legacy_cover_at_another_amount(case: Case) -> None:
    lines = [{"orderLineId": case.cover, "quantity": 1}]
    wanted = {"orderLines": lines, "amountToRefund": Decimal(2)}
    case.as_staff(REFUND_PRODUCTS, order=case.order.id, input=wanted)


def legacy_return(case: Case, *, refund: bool) -> None:
    shipped = case.fulfill()
    lines = [
        {"fulfillmentLineId": shipped[case.tickets], "quantity": 2, "replace": False},
        {"fulfillmentLineId": shipped[case.cover], "quantity": 1, "replace": False},
    ]
    wanted = {"fulfillmentLines": lines, "refund": refund}
    case.as_staff(RETURN_PRODUCTS, order=case.order.id, input=wanted)


def legacy_return_with_refund(case: Case) -> None:
    legacy_return(case, refund=True)


def legacy_return_without_refund(case: Case) -> None:
    legacy_return(case, refund=False)


ENDS = {"cancel": 1, "confirm_cancellation": 1}
ASKS = {"cancel": 1}
NOTHING: dict[str, int] = {}

# How the money goes back, the row of the table that decides last, and what XCover is asked.
TRANSACTIONS: tuple[tuple[Callable[[Case], None], str | None, dict[str, int]], ...] = (
    (grant_all_lines, "everything", ENDS),
    (grant_tickets, "tickets", ASKS),
    (grant_a_ticket, "some_tickets", NOTHING),
    (grant_cover, "cover", ENDS),
    (grant_in_two_steps, "everything", ENDS),
    (grant_an_amount, "money", NOTHING),
    (grant_and_pay_less, "money", NOTHING),
    (grant_all_lines_at_an_own_amount, "short", NOTHING),
    (grant_all_lines_and_keep_a_fee, "short", NOTHING),
    (grant_cover_at_an_own_amount, "short", NOTHING),
    (grant_cover_and_refund_something_else, "money", NOTHING),
    (grant_a_ticket_and_refund_all_the_rest, "money", NOTHING),
    (grant_only, None, NOTHING),
    (refund_by_hand, "everything", ENDS),
    (refund_and_reverse, "money", NOTHING),
    (refund_in_instalments, "everything", ENDS),
    (refund_requested_only, None, NOTHING),
    (refund_that_failed, None, NOTHING),
    (charge_back, "chargeback", NOTHING),
    (charge_back_a_part, "chargeback", NOTHING),
    (transaction_updated, "everything", ENDS),
    (void_a_second_authorization, None, NOTHING),
    (cancel_order, "order_cancelled", ASKS),
    (cancel_and_refund, "everything", ENDS),
)
LEGACY: tuple[tuple[Callable[[Case], None], str | None, dict[str, int]], ...] = (
    (legacy_amount, "money", NOTHING),
    (legacy_everything, "everything", ENDS),
    (legacy_unshipped_tickets, "tickets", ASKS),
    (legacy_shipped_ticket, "some_tickets", NOTHING),
    (legacy_cover_line, "cover", ENDS),
    (legacy_lines_at_another_amount, "short", NOTHING),
    (legacy_everything_at_another_amount, "short", NOTHING),
    (legacy_cover_at_another_amount, "short", NOTHING),
    (legacy_return_with_refund, "everything", ENDS),
    (legacy_return_without_refund, None, NOTHING),
    (cancel_order, "order_cancelled", ASKS),
)


@pytest.mark.parametrize(
    ("act", "rule", "calls", "is_legacy"),
    [
        pytest.param(*row, is_legacy, id=f"{flow}-{row[0].__name__}")
        for rows, is_legacy, flow in (
            (TRANSACTIONS, False, "transactions"),
            (LEGACY, True, "payments"),
        )
        for row in rows
    ],
)
def test_a_way_money_goes_back(
    sell: Callable[[bool], Case],
    work: Work,
    simulator: SimulatorProcess,
    act: Callable[[Case], None],
    rule: str | None,
    calls: dict[str, int],
    is_legacy: bool,
) -> None:
    # given
    case = sell(is_legacy)
    before = asked(simulator)
    # when
    act(case)
    for _ in range(3):
        work()
    # then
    last = Cancellation.objects.order_by("-pk").first()
    assert (last.rule if last else None) == rule
    found = asked(simulator)
    made = {name: count - before.get(name, 0) for name, count in found.items()}
    assert {name: count for name, count in made.items() if count} == calls
    # and nothing of it is said twice
    told = [note for note in case.staff.order(case.order.id).notes if "XCover" in note]
    assert len(told) == len(set(told))
    assert any("taken back" in note for note in told) == (act is refund_and_reverse)
    assert Cancellation.objects.filter(status="cancelled").count() == int(
        "confirm_cancellation" in calls
    )
