"""Stories a reviewer broke the plugin with; each was red once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from testkit.client.payment_app import PaymentApp
from testkit.client.people import BERLIN
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TOTAL, accept_cover, bookings, opt_outs, sell_with_cover
from testkit.work import Work

from ..flows.waits import let_waits_pass

SendShopper = Callable[[Channel], Shopper]


def cover_of(shopper: Shopper) -> tuple[str, Decimal]:
    cover = shopper.cover()
    assert cover is not None
    return cover.status, cover.amount_due_back


def test_a_duplicate_payment_given_back_is_no_refund_of_the_order(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given an order paid twice by mistake
    buyer = shopper(store.usd)
    sell_with_cover(buyer, store, payments, work, simulator)
    duplicate = payments.charge(buyer.order_id, TOTAL)
    # when the second payment is given back
    payments.refund(duplicate, TOTAL)
    work()
    # then the policy stays and nobody is bothered
    assert [b["status"] for b in bookings(simulator)] == ["CONFIRMED"]
    assert simulator.calls("cancel") == []
    assert cover_of(buyer) == ("confirmed", Decimal(0))


def test_another_card_after_a_refund_still_buys_the_policy(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given the first card is refunded before XCover was asked
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    first = payments.charge(checkout.id, TOTAL)
    order = buyer.complete()
    payments.refund(first, TOTAL)
    work()
    assert cover_of(buyer)[0] == "void"
    # when a second one pays
    payments.charge(order.id, TOTAL)
    work()
    # then
    assert cover_of(buyer) == ("confirmed", Decimal(0))
    assert len(bookings(simulator)) == 1


def test_a_refund_while_xcover_is_down_cancels_the_policy_made_after(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a confirmation whose answer is lost, and a refund before the next attempt
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    payment = payments.charge(checkout.id, TOTAL)
    buyer.complete()
    simulator.fault("confirm", "reset_after", times=1)
    work()
    payments.refund(payment, TOTAL)
    # when XCover is back, long after the sweep has passed the refund
    let_waits_pass()
    work()
    work()
    # then
    assert [b["status"] for b in bookings(simulator)] == ["CANCELLED"]
    assert cover_of(buyer) == ("cancelled", Decimal(0))


def test_a_refused_phone_can_be_corrected_and_replayed(
    store: Store, shopper: SendShopper, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    from saleor.order.models import Order

    from saleor_xcover_plugin.models import OutboxMessage

    # given XCover refuses the buyer's data
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    order = buyer.complete()
    simulator.fault("confirm", "status", times=1, status=422)
    staff.mark_as_paid(order.id)
    work()
    assert cover_of(buyer)[0] == "parked"
    # when staff correct it and replay
    address = Order.objects.get(number=order.number).billing_address
    assert address is not None
    address.phone = "+12125550199"
    address.save()
    store.command("xcover_replay", "--all")
    work()
    # then the corrected data was sent, under a key of its own
    (booking,) = bookings(simulator)
    assert booking["policyholder"]["phone"] == "+12125550199"
    assert cover_of(buyer) == ("confirmed", Decimal(0))
    assert len({call["idempotency_key"] for call in simulator.calls("confirm")}) == 2
    assert OutboxMessage.objects.filter(status="parked").count() == 0


def test_a_payment_in_3d_secure_keeps_the_line_it_pays_for(
    store: Store, shopper: SendShopper, payments: PaymentApp, simulator: SimulatorProcess
) -> None:
    from saleor.payment.models import TransactionEvent, TransactionItem

    from saleor_xcover_plugin.models import Offer

    # given a shopper at the bank's page
    buyer = shopper(store.usd_unpaid)
    checkout, _ = accept_cover(buyer, store)
    item = TransactionItem.objects.create(checkout_id=checkout.token, currency="USD")
    event = {"transaction": item, "currency": "USD", "amount_value": TOTAL, "psp_reference": "p"}
    TransactionEvent.objects.create(type="charge_action_required", **event)
    Offer.objects.update(valid_until=datetime.now(UTC) - timedelta(seconds=1))
    # when a second tab looks at the expired offer and changes the address
    with pytest.raises(AssertionError, match="payment_started"):
        buyer.offer()
    buyer.set_billing(BERLIN)
    # then the line that is being paid stays
    assert buyer.checkout().total == TOTAL
    # and once the payment failed the plugin may act again
    TransactionEvent.objects.create(type="charge_failure", **event)
    buyer.set_email("ada@example.org")
    assert buyer.checkout().total == TOTAL - PREMIUM


def test_a_declined_offer_never_holds_up_a_sale(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Offer

    # given the event data changed after the no, without any hook
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    buyer.decline()
    Offer.objects.update(fingerprint="changed")

    assert buyer.complete().total == Decimal("200.00")


def test_a_yes_lost_with_a_new_country_is_told_once(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    assert buyer.set_billing(BERLIN).cover_lines == ()

    with pytest.raises(AssertionError, match="Your ticket protection has changed"):
        buyer.complete()
    assert buyer.complete().total == Decimal("200.00")


@pytest.mark.parametrize("change", ["country", "event"])
def test_what_no_longer_fits_the_quote_is_not_bought(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    change: str,
) -> None:
    from saleor.order.models import Order

    from saleor_xcover_plugin.models import Offer

    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    order = buyer.complete()
    if change == "country":
        address = Order.objects.get(number=order.number).billing_address
        assert address is not None
        address.country = "CA"
        address.save()
    else:
        Offer.objects.update(event_starts_at=datetime.now(UTC) - timedelta(days=1))
    # when it is paid
    staff.mark_as_paid(order.id)
    work()
    # then
    assert bookings(simulator) == []
    assert cover_of(buyer) == ("parked", PREMIUM)
    assert opt_outs(simulator) == []


def test_a_wrong_path_does_not_pass_for_working_credentials(
    store: Store, staff: Staff, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.xcover.errors import XCoverMisconfigured
    from saleor_xcover_plugin.xcover.responses import parse_response
    from saleor_xcover_plugin.xcover.transport import Response

    with pytest.raises(XCoverMisconfigured):
        parse_response("probe", Response(404, {}, b'{"detail": "Not found."}'))
