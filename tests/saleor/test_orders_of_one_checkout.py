"""Several orders made from one checkout, which an app may keep (``removeCheckout: false``)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from demo.client.driver import Driver
from demo.client.shopper import Shopper
from demo.client.staff import Staff
from demo.client.store import Channel, Store
from demo.simulator import SimulatorProcess

from ..flows.steps import accept_cover, bookings
from ..flows.work import Work
from .pricing.shop import key

KEEPING_THE_CHECKOUT = """
mutation orderCreateFromCheckout($id: ID!) {
  orderCreateFromCheckout(id: $id, removeCheckout: false) {
    order { id number } errors { field message code }
  }
}"""


def test_two_orders_of_one_yes_are_one_policy_and_one_premium_due_back(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    driver: Driver,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given an app that makes two orders of one checkout with a yes
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    app = store.store_app_token()
    first, second = (
        driver.mutate(KEEPING_THE_CHECKOUT, {"id": checkout.id}, token=app)["order"]
        for _ in range(2)
    )
    # when both are paid
    for order in (first, second):
        staff.mark_as_paid(order["id"])
    work()
    # then the first is insured, and the premium of the second is due back and staff are told
    assert [b["partner_transaction_id"] for b in bookings(simulator)] == [first["number"]]
    insured, parked = (Cover.objects.get(order_id=key(order["id"])) for order in (first, second))
    assert (insured.status, insured.amount_due_back) == ("confirmed", Decimal(0))
    assert (parked.status, parked.reason_code) == ("parked", "bought_already")
    assert parked.amount_due_back == Decimal("6.66")
    notes = [note for note in staff.order(second["id"]).notes if "same checkout" in note]
    assert len(notes) == 1
