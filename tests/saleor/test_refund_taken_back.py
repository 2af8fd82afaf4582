"""A policy cancelled for good cannot come back, so the refund is looked at once more before."""

from collections.abc import Callable

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import TOTAL, bookings, sell_with_cover
from testkit.work import Work


def test_a_refund_taken_back_after_the_preview_keeps_the_policy(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.outbox.dispatcher import deliver_due

    # given a full refund whose cancellation has been previewed and not yet confirmed
    buyer = shopper(store.usd)
    sale = sell_with_cover(buyer, store, payments, work, simulator)
    payments.refund(sale.payment, TOTAL)
    deliver_due(utc_now, limit=1)
    assert len(simulator.calls("cancel")) == 1
    # when the refund is taken back
    payments.reverse_refund(sale.payment, TOTAL)
    work()
    # then nothing is cancelled, and staff know why
    assert simulator.calls("confirm_cancellation") == []
    assert [b["status"] for b in bookings(simulator)] == ["CONFIRMED"]
    assert (cover := buyer.cover()) is not None
    assert cover.status == "confirmed"
    assert staff.order(buyer.order_id).has_note("refund was taken back", "stays in force")
