"""Staff give back in another way what is due for the protection, and say so once and for all.

Saleor knows nothing of a bank transfer: it goes on to count the money as charged.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from testkit.client.desk import Desk
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, Sale, accept_cover, bookings
from testkit.work import Work

from .desk_cases import DO_NOT_MAKE, actions, approve, listed
from .desk_staff import desk_of, new_user

SendShopper = Callable[[Channel], Shopper]

DUE = {"amount": "6.66", "currency": "USD"}
NONE = {"amount": "0.00", "currency": "USD"}
SETTLED = " What was due went back to the buyer."

SETTLE = """
mutation Settle($orderId: ID!, $due: InsuranceMoneyInput!) {
  insuranceMarkGivenBack(orderId: $orderId, due: $due) {
    cover { amountDueBack { amount currency } reason history { at what } }
    errors { code message }
  }
}"""


@pytest.fixture
def desk(store: Store, simulator: SimulatorProcess) -> Desk:
    return desk_of(new_user())


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["code"] for error in answer["errors"]]


def settle(desk: Desk, order_id: str, due: dict[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = desk.ask(SETTLE, orderId=order_id, due=due)
    return answer


def sweep(order_id: str, work: Work) -> None:
    """Sync the order as every hook and sweep does, more than once."""
    from saleor_xcover_plugin.policies.order_sync import sync_order

    work()
    for days in (0, 1):
        sync_order(uuid.UUID(order_id), datetime.now(UTC) + timedelta(days=days))
    work()


@pytest.fixture
def taken_out(shopper: SendShopper, store: Store, payments: PaymentApp, work: Work) -> Shopper:
    """A buyer who paid for the protection and took it out before the order was made."""
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payments.charge(checkout.id, TOTAL)
    ada.delete(*checkout.cover_lines)
    ada.complete()
    work()
    return ada


def test_nothing_is_given_back_before_it_is_decided_whether_the_order_is_insured(
    gone: Any, desk: Desk, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given a confirmation that waits for a person; the premium is due unless it is made after all
    (case,) = listed(desk)
    assert actions(case) == ["RETRY", "DO_NOT_MAKE", "TAKE_OVER"]
    order_id = case["orderId"]
    # when somebody says that it went back
    early = settle(desk, order_id, case["cover"]["amountDueBack"])
    # then it is refused, and nothing was changed
    assert codes(early) == ["UNDECIDED"]
    assert listed(desk) == [case]
    assert not staff.order(gone.id).has_note("gave")
    # when it is decided that no policy is made
    assert codes(desk.ask(DO_NOT_MAKE, orderId=order_id)) == []
    (case,) = listed(desk)
    assert (case["kind"], actions(case), case["money"]) == ("DUE", ["GIVEN_BACK"], DUE)
    # then another amount is refused
    assert codes(settle(desk, order_id, {**DUE, "amount": "6.65"})) == ["DUE_CHANGED"]
    # and the right one counts once
    right, again = settle(desk, order_id, DUE), settle(desk, order_id, DUE)
    assert right["cover"]["amountDueBack"] == NONE
    assert codes(again) == ["NOT_WAITING"]
    assert staff.order(gone.id).has_note("staff gave 6.66 USD back to the buyer")
    # and it stays so
    sweep(order_id, work)
    assert listed(desk) == []
    assert bookings(simulator) == []


def test_the_price_of_a_line_that_was_taken_out_is_given_back_once_and_for_all(
    taken_out: Shopper, desk: Desk, work: Work
) -> None:
    # given the order was charged more than it costs
    (case,) = listed(desk)
    assert (case["kind"], actions(case), case["money"]) == ("DUE", ["GIVEN_BACK"], DUE)
    # when the difference goes back by bank transfer
    answer = settle(desk, case["orderId"], DUE)
    # then the reason no longer asks for a refund alone, and the history tells of it
    assert answer["cover"]["reason"].endswith("refund it." + SETTLED)
    assert answer["cover"]["history"][-1]["what"] == (
        "6.66 USD given back without a refund in Saleor"
    )
    # and Saleor's counting it as charged makes nothing due again
    sweep(case["orderId"], work)
    assert listed(desk) == []
    cover = taken_out.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("void", 0)


def test_a_further_charge_is_due_beside_what_was_given_back(
    taken_out: Shopper, desk: Desk, staff: Staff, payments: PaymentApp, work: Work
) -> None:
    (case,) = listed(desk)
    settle(desk, case["orderId"], DUE)
    # when the order is charged once more
    payments.charge(taken_out.order_id, Decimal("1.00"))
    work()
    # then that alone is due
    (case,) = listed(desk)
    assert (case["kind"], case["money"]) == ("DUE", {"amount": "1.00", "currency": "USD"})
    assert staff.order(taken_out.order_id).has_note("1.00 USD was charged")


def test_a_refund_in_saleor_after_the_premium_was_given_back_makes_nothing_due(
    sale: Sale, desk: Desk, payments: PaymentApp, work: Work, simulator: SimulatorProcess
) -> None:
    # given a policy that ended with a refund of everything, which was then taken back
    payments.refund(sale.payment, TOTAL)
    work()
    assert bookings(simulator)[0]["status"] == "CANCELLED"
    payments.reverse_refund(sale.payment, TOTAL)
    work()
    (case,) = listed(desk)
    assert (case["kind"], case["money"]) == ("DUE", DUE)
    # when the premium goes back by bank transfer
    assert codes(settle(desk, case["orderId"], DUE)) == []
    # and everything is refunded in Saleor and that is taken back once more
    payments.refund(sale.payment, TOTAL)
    work()
    payments.reverse_refund(sale.payment, TOTAL)
    work()
    # then the buyer has the premium already
    assert listed(desk) == []


def test_a_refund_of_the_premium_to_the_store_is_passed_on_in_another_way(
    sale: Sale, desk: Desk, staff: Staff, payments: PaymentApp, work: Work
) -> None:
    # given only the tickets went back, and XCover refunded the premium to the store
    (line,) = sale.order.ticket_lines
    staff.grant_refund(sale.order.id, sale.payment, lines={line.id: 2})
    payments.refund(sale.payment, TICKETS)
    work()
    (case,) = listed(desk)
    approve(desk, case)
    work()
    (case,) = listed(desk)
    assert (case["kind"], actions(case), case["money"]) == ("DUE", ["GIVEN_BACK"], DUE)
    # when
    answer = settle(desk, case["orderId"], DUE)
    # then
    assert answer["cover"]["amountDueBack"] == NONE
    told = [step["what"] for step in answer["cover"]["history"]]
    assert told[-1] == "6.66 USD given back without a refund in Saleor"
    sweep(case["orderId"], work)
    assert listed(desk) == []


def test_money_given_back_is_marked_on_the_command_line(taken_out: Shopper, store: Store) -> None:
    from django.core.management.base import CommandError

    from saleor_xcover_plugin.models import Cover

    number = Cover.objects.get().order_number
    with pytest.raises(CommandError, match="due_changed"):
        store.command("xcover_policy", number, "--given-back", "6.65", "USD")

    told = store.command("xcover_policy", number, "--given-back", "6.66", "USD")

    assert "Nothing is due" in told
    cover = taken_out.cover()
    assert cover is not None
    assert (cover.premium, cover.amount_due_back) == (PREMIUM, 0)
