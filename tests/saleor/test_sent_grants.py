"""Granted refunds that are sent to a payment provider: what counts is what it gave back, and kept.

Two tickets at 100.00 and their cover of 6.66, with two shirts at 25.00.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from saleor_xcover_plugin.models import Cancellation, Cover
from testkit.client.driver import Driver
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, bookings

from .apps import answering
from .test_money_back_in_parts import Sold, sell

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

__all__ = ["sell"]

SEND = """
mutation send($payment: ID!, $grant: ID!) {
  transactionRequestRefundForGrantedRefund(id: $payment, grantedRefundId: $grant) {
    transaction { id } errors { field message code }
  }
}"""
Sell = Callable[..., Sold]
Send = Callable[..., str]


@pytest.fixture
def send(driver: Driver, store: SaleorStore) -> Iterator[Send]:
    """Return a function that sends a grant; the provider gives back an amount, or what is asked.

    It returns the provider's reference of the refund.
    """
    answers: list[dict[str, Any]] = []
    numbers = count(1)

    def answer(request: Any) -> dict[str, Any]:
        amount = answers[-1]["amount"] or Decimal(str(request["action"]["value"]))
        return answers[-1] | {"amount": float(amount)}

    def sent(sold: Sold, grant: str, gives: str | None = None) -> str:
        reference = f"provider-{sold.order.id}-{next(numbers)}"
        amount = Decimal(gives) if gives else None
        answers.append({"pspReference": reference, "result": "REFUND_SUCCESS", "amount": amount})
        driver.mutate(SEND, {"payment": sold.payment.id, "grant": grant}, token=store.staff_token())
        return reference

    with answering(store.payment_app, "transaction_refund_requested", answer) as asked:
        yield sent
    assert len(asked) == len(answers) > 0


def verdicts() -> list[tuple[str, str]]:
    return [(row.rule, row.status) for row in Cancellation.objects.order_by("pk")]


def test_what_was_given_back_as_granted_counts(
    sell: Sell, send: Send, simulator: SimulatorProcess
) -> None:
    # given a policy
    sold = sell(shirts=2)
    sold.settle()
    # when a grant for its cover is sent, and other goods are paid back by hand
    send(sold, sold.grant({sold.cover: 1}))
    sold.refund("50.00")
    # then it is cancelled
    assert sold.settle().status == "cancelled"
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]


def test_a_provider_that_gives_back_less_is_not_helped_out_with_other_money(
    sell: Sell, send: Send, simulator: SimulatorProcess
) -> None:
    sold = sell(shirts=2)
    sold.settle()
    # given 2.00 of the granted 6.66
    send(sold, sold.grant({sold.cover: 1}), gives="2.00")
    # when other goods are paid back by hand
    sold.refund("50.00")
    # then a person decides, with both sums before them
    cover = sold.settle()
    assert (cover.status, cover.amount_due_back) == ("confirmed", 0)
    assert verdicts()[-1] == ("short", "parked")
    assert sold.told("worth 6.66 USD were named", "only 2.00 USD went back") >= 1
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


@pytest.mark.parametrize("is_same_reference", [True, False], ids=["its own", "another"])
def test_a_refund_that_was_taken_back_is_not_replaced_by_other_money(
    sell: Sell, send: Send, simulator: SimulatorProcess, is_same_reference: bool
) -> None:
    sold = sell(shirts=2)
    # given, before the policy is made, a refund of the cover that the bank took back
    reference = send(sold, sold.grant({sold.cover: 1}))
    sold.payments.report(
        sold.payment,
        "REFUND_REVERSE",
        PREMIUM,
        psp_reference=reference if is_same_reference else None,
    )
    # when other goods are paid back by hand
    sold.refund("50.00")
    # then no policy the buyer pays for is cancelled
    cover = sold.settle()
    assert (cover.status, cover.reason_code) == ("parked", "refunded_in_part")
    assert cover.amount_due_back == PREMIUM
    assert bookings(simulator) == []


def test_tickets_whose_refund_was_taken_back_are_not_refunded(
    sell: Sell, send: Send, simulator: SimulatorProcess
) -> None:
    sold = sell(shirts=2)
    sold.settle()
    # given a refund of the tickets that was taken back under a reference of its own
    send(sold, sold.grant({sold.tickets: 2}))
    sold.payments.reverse_refund(sold.payment, Decimal(200))
    # when the same sum goes back by hand, in parts
    sold.refund("150.00")
    sold.refund("50.00")
    # then nobody says for what
    cover = sold.settle()
    assert cover.status == "confirmed"
    assert verdicts()[-1] == ("money", "parked")
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


def test_money_named_for_other_goods_settles_no_debt(
    sell: Sell, send: Send, simulator: SimulatorProcess
) -> None:
    # given 6.66 due for a cover that insures nothing
    sold = sell(shirts=2)
    order_id = sold.settle().order_id
    Cover.objects.filter(order_id=order_id).update(
        status="parked", reason_code="line_changed", amount_due_back=PREMIUM
    )
    # when just that much goes back for a shirt
    send(sold, sold.grant({sold.shirts: 1}, amount=PREMIUM))
    # then it is still due
    assert sold.settle().amount_due_back == PREMIUM
    assert sold.told("nothing is due any more") == 0
