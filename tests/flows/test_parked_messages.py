"""Staff see and send again, by GraphQL, whatever is parked about an order with protection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from testkit.client.driver import Driver, Refused
from testkit.client.insurance_desk import InsuranceDesk
from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, Sale, accept_cover, bookings, opt_outs
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]
PHONE = "+12125550177"


@pytest.fixture
def desk(store: Store, driver: Driver, simulator: SimulatorProcess) -> InsuranceDesk:
    return InsuranceDesk(driver, store.usd, store.staff_token())


def _insured_phone(simulator: SimulatorProcess) -> Any:
    (booking,) = bookings(simulator)
    return booking["policyholder"]["phone"]


@pytest.mark.parametrize("operation", ["preview_modification", "confirm_modification"])
def test_a_refused_change_of_the_buyers_details_is_found_and_sent_again(
    sale: Sale,
    desk: InsuranceDesk,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    operation: str,
) -> None:
    # given a corrected phone that XCover refuses once
    simulator.fault(operation, "status", status=404)
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": PHONE})
    work()
    work()
    # when
    (cover,) = desk.covers(needsDecision=True)["covers"]
    # then the policy is in force, and what waits is told
    assert (cover["orderNumber"], cover["status"]) == (sale.order.number, "confirmed")
    (message,) = cover["parkedMessages"]
    assert (message["kind"], message["reasonCode"]) == (operation, "refused")
    assert message["sending"] == "definitely_refused"
    assert cover["history"][-1]["what"].startswith("XCover did not change the buyer's phone")
    assert _insured_phone(simulator) == NEW_YORK["phone"]
    # when
    desk.retry(sale.order.id, message["id"])
    work()
    work()
    # then it began with a preview of its own, and nothing waits any more
    assert _insured_phone(simulator) == PHONE
    assert len(simulator.calls("preview_modification")) == 2
    assert desk.covers(needsDecision=True)["covers"] == []
    done = desk.cover(sale.order.number)
    assert done["parkedMessages"] == []
    assert done["history"][-1]["what"] == (
        f"the buyer's phone was changed in policy {sale.booking_id}."
    )
    with pytest.raises(Refused) as twice:
        desk.retry(sale.order.id, message["id"])
    assert twice.value.codes == ("not_waiting",)


def test_a_change_that_would_cost_something_waits_without_a_message(
    sale: Sale, desk: InsuranceDesk, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    simulator.fault("preview_modification", "price_drift", amount=Decimal("2.00"))
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": PHONE})
    work()

    (cover,) = desk.covers(needsDecision=True)["covers"]

    assert cover["parkedMessages"] == []
    assert "in all by 2.00 USD" in cover["history"][-1]["what"]


def test_the_opt_out_of_an_order_whose_protection_was_taken_out_is_sent_again(
    shopper: SendShopper,
    store: Store,
    desk: InsuranceDesk,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a cover line that was deleted once money was there, and workers that died telling XCover
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payments.charge(checkout.id, checkout.total)
    ada.delete(checkout.cover_lines[0])
    order = ada.complete()
    kill_workers()
    work()
    assert opt_outs(simulator) == []
    # when
    (cover,) = desk.covers(needsDecision=True)["covers"]
    # then
    assert (cover["orderNumber"], cover["status"]) == (order.number, "void")
    assert cover["reasonCode"] == "line_removed"
    assert Decimal(cover["amountDueBack"]["amount"]) == PREMIUM
    (message,) = cover["parkedMessages"]
    assert (message["kind"], message["reasonCode"]) == ("opt_out", "poison")
    # when
    desk.retry(order.id, message["id"])
    work()
    # then
    assert len(opt_outs(simulator)) == 1
    assert desk.covers(needsDecision=True)["covers"] == []


def test_the_opt_out_of_an_order_without_protection_is_no_covers_business(
    shopper: SendShopper, store: Store, desk: InsuranceDesk, work: Work, sale: Sale
) -> None:
    from saleor_xcover_plugin.models import OutboxMessage

    # given an order without protection, and workers that died telling XCover
    plain = shopper(store.usd_unpaid)
    plain.create_checkout({store.concert: 2})
    plain.offer()
    declined = plain.complete()
    kill_workers()
    work()
    (parked,) = OutboxMessage.objects.filter(status="parked")
    # when somebody tries to send it by its order, or by another one's
    unpaid = InsuranceDesk(desk.driver, store.usd_unpaid, store.staff_token())
    with pytest.raises(Refused) as none:
        unpaid.retry(declined.id, str(parked.pk))
    with pytest.raises(Refused) as other:
        desk.retry(sale.order.id, str(parked.pk))
    # then
    assert none.value.codes == ("cover_not_found",)
    assert other.value.codes == ("not_waiting",)
    assert unpaid.covers()["covers"] == desk.covers(needsDecision=True)["covers"] == []
    parked.refresh_from_db()
    assert parked.status == "parked"


def kill_workers() -> None:
    """Have all that is pending seem to have killed every worker that sent it."""
    from saleor_xcover_plugin.models import OutboxMessage
    from saleor_xcover_plugin.outbox.message_queue import MAX_CRASHES

    OutboxMessage.objects.filter(status="pending").update(
        crash_count=MAX_CRASHES - 1, leased_until=datetime.now(UTC)
    )
