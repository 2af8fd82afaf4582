"""Whatever is done to a checkout with a yes: an exact line, none, or an amount due back."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from testkit.client import documents as docs
from testkit.client.driver import Driver, Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, accept_cover, bookings
from testkit.work import Work

from ..flows.together import together

SendShopper = Callable[[Channel], Shopper]

CREATE_FROM_ORDER = """
mutation checkoutCreateFromOrder($id: ID!) {
  checkoutCreateFromOrder(id: $id) {
    checkout { id }
    errors { field message code }
  }
}"""
DRAFT_ORDER_CREATE = """
mutation draftOrderCreate($input: DraftOrderCreateInput!) {
  draftOrderCreate(input: $input) { order { id } errors { field message code } }
}"""
DRAFT_ORDER_COMPLETE = """
mutation draftOrderComplete($id: ID!) {
  draftOrderComplete(id: $id) { order { id } errors { field message code } }
}"""


def price_by_app(driver: Driver, store: Store, buyer: Shopper, line_id: str, price: str) -> None:
    """Have the store's app set its own price on a line, as it may."""
    driver.mutate(
        docs.CHECKOUT_LINES_UPDATE,
        {"id": buyer.checkout_id, "lines": [{"lineId": line_id, "price": price}]},
        token=store.store_app_token(),
    )


@pytest.mark.parametrize("price", ["0.01", "66.60"])
def test_an_apps_price_on_the_cover_line_is_put_right(
    store: Store, shopper: SendShopper, driver: Driver, price: str
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    # when
    price_by_app(driver, store, buyer, checkout.cover_lines[0].id, price)
    # then
    assert buyer.checkout() == checkout
    assert checkout.total == TOTAL


def test_an_apps_price_on_the_tickets_ends_the_yes(
    store: Store, shopper: SendShopper, driver: Driver
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    # when tickets get dearer than what was quoted
    price_by_app(driver, store, buyer, checkout.ticket_lines[0].id, "120.00")
    # then
    assert buyer.checkout().total == Decimal("240.00")
    assert buyer.checkout().cover_lines == ()
    assert buyer.offer().premium == Decimal("7.99")


def test_tickets_changed_between_the_check_and_the_order_are_not_insured(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given another tab that is quicker than the order, after the last check
    from saleor.checkout.models import CheckoutLine

    from saleor_xcover_plugin.plugin import XCoverPlugin

    check = XCoverPlugin.preprocess_order_creation

    def late(plugin, info, lines, *arguments, **keywords):  # type: ignore[no-untyped-def]
        answer = check(plugin, info, lines, *arguments, **keywords)
        tickets = CheckoutLine.objects.filter(checkout=info.checkout, price_override=None)
        tickets.update(quantity=3)
        return answer

    monkeypatch.setattr(XCoverPlugin, "preprocess_order_creation", late)
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    # when
    order = buyer.complete()
    staff.mark_as_paid(order.id)
    work()
    # then
    assert [line.quantity for line in order.ticket_lines] == [3]
    assert [line.total for line in order.cover_lines] == [PREMIUM]
    assert bookings(simulator) == []
    cover = buyer.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("parked", PREMIUM)
    assert staff.order(order.id).has_note("The tickets changed after the shopper accepted")


def test_completing_twice_at_once_makes_one_order_and_one_policy(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    payments.charge(checkout.id, TOTAL)
    # when
    together(buyer.complete, buyer.complete, buyer.complete)
    work()
    # then
    assert [b["total_price"] for b in bookings(simulator)] == [PREMIUM]
    assert len(simulator.calls("confirm")) == 1


def test_a_yes_after_the_payment_began_is_refused(
    store: Store, shopper: SendShopper, payments: PaymentApp
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout = buyer.create_checkout({store.concert: 2})
    offer = buyer.offer()
    payments.authorize(checkout.id, TICKETS)
    # when
    with pytest.raises(Refused) as refused:
        buyer.accept(offer)
    # then the payment still fits
    assert refused.value.codes == ("payment_started",)
    assert buyer.checkout().total == TICKETS
    assert buyer.complete().total == TICKETS


def test_a_legacy_payment_announced_before_the_yes_is_announced_again(
    store: Store, shopper: SendShopper, work: Work, simulator: SimulatorProcess
) -> None:
    # given a payment of the tickets alone that took no money yet
    buyer = shopper(store.usd_legacy)
    buyer.create_checkout({store.concert: 2})
    offer = buyer.offer()
    buyer.pay_legacy()
    buyer.accept(offer)
    # when
    with pytest.raises(Refused) as refused:
        buyer.complete()
    buyer.pay_legacy()
    order = buyer.complete()
    work()
    # then the host refused the old sum and nobody is stuck
    assert refused.value.codes == ("checkout_not_fully_paid",)
    assert order.total == TOTAL
    assert [b["total_price"] for b in bookings(simulator)] == [PREMIUM]


def test_a_checkout_made_from_an_order_brings_no_cover_along(
    store: Store,
    shopper: SendShopper,
    driver: Driver,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given an order with cover, and a checkout Saleor copies from it without calling any hook
    first = shopper(store.usd_unpaid)
    accept_cover(first, store)
    placed = first.complete()
    root = driver.mutate(CREATE_FROM_ORDER, {"id": placed.id})
    again = shopper(store.usd_unpaid)
    again.checkout_id = root["checkout"]["id"]
    copied = again.checkout()
    # when
    again.set_billing(NEW_YORK)
    cleaned = again.checkout()
    # then the copied line, which nobody quoted, is gone; a new offer is asked for as usual
    assert [line.total for line in copied.cover_lines] == [Decimal(0)]
    assert cleaned.cover_lines == ()
    assert cleaned.total == TICKETS
    assert again.offer().answer is None


def test_a_copied_cover_line_is_told_once_when_nothing_else_happened(
    store: Store, shopper: SendShopper, driver: Driver, work: Work, simulator: SimulatorProcess
) -> None:
    # given a copied checkout whose shopper goes straight to the order
    from saleor.account.models import Address
    from saleor.checkout.models import Checkout

    first = shopper(store.usd_unpaid)
    accept_cover(first, store)
    root = driver.mutate(CREATE_FROM_ORDER, {"id": first.complete().id})
    again = shopper(store.usd_unpaid)
    again.checkout_id = root["checkout"]["id"]
    Checkout.objects.filter(pk=again.checkout().token).update(
        email="ada@example.com", billing_address=Address.objects.latest("pk")
    )
    # when
    with pytest.raises(Refused) as refused:
        again.complete()
    order = again.complete()
    work()
    # then
    assert refused.value.codes == ("graphql_error",)
    assert order.cover_lines == ()
    assert order.total == TICKETS
    assert bookings(simulator) == []


def test_automatic_completion_sells_the_cover_that_was_accepted(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    sell_insurance: Callable[[Channel], Channel],
) -> None:
    # given a channel that completes paid checkouts by itself
    from saleor.checkout import tasks
    from saleor.order.models import Order

    trigger = getattr(tasks, "trigger_automatic_checkout_completion_task", None)
    # 3.21 has no such task: there the payment itself completes the checkout.
    delay = {"automatic_completion_delay": 0} if trigger else {}
    channel = sell_insurance(
        store.new_channel(automatically_complete_fully_paid_checkouts=True, **delay)
    )
    buyer = shopper(channel)
    checkout, _ = accept_cover(buyer, store)
    payments.charge(checkout.id, TOTAL)
    # when
    if trigger:
        trigger()
    work()
    # then
    (order,) = Order.objects.filter(channel__slug=channel.slug)
    assert order.total_gross_amount == TOTAL
    assert [b["partner_transaction_id"] for b in bookings(simulator)] == [str(order.number)]
    assert [b["total_price"] for b in bookings(simulator)] == [PREMIUM]


def test_a_draft_order_with_the_cover_variant_is_none_of_our_business(
    store: Store,
    driver: Driver,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given staff who put the cover product into a draft by hand
    lines = [{"variantId": v.id, "quantity": 1} for v in (store.concert, store.cover_variant())]
    address = {"firstName": "Ada", "lastName": "Example", "streetAddress1": "1 Example Street"}
    address |= {"city": "New York", "postalCode": "10001", "country": "US", "countryArea": "NY"}
    token = store.staff_token()
    wanted = {
        "channelId": store.usd_unpaid.id,
        "lines": lines,
        "userEmail": "ada@example.com",
        "billingAddress": address,
        "shippingAddress": address,
    }
    draft = driver.mutate(DRAFT_ORDER_CREATE, {"input": wanted}, token=token)["order"]["id"]
    # when
    driver.mutate(DRAFT_ORDER_COMPLETE, {"id": draft}, token=token)
    staff.mark_as_paid(draft)
    work()
    # then nothing is charged for it and nothing is claimed at XCover
    assert staff.order(draft).total == Decimal("100.00")
    assert simulator.calls("confirm") == []
    assert simulator.calls("opt_out") == []


def test_another_language_asks_for_the_texts_again(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    # given
    buyer = shopper(store.eur)
    buyer.create_checkout({store.concert: 2}, language="EN")
    buyer.accept(buyer.offer())
    # when
    changed = buyer.set_language("DE")
    offer = buyer.offer()
    # then a yes to other words is no yes, a yes to the same ones is
    assert changed.cover_lines == ()
    assert len(simulator.calls("create_offer")) == 2
    expected = TICKETS + (offer.premium if offer.answer == "accepted" else 0)
    assert buyer.checkout().total == expected
