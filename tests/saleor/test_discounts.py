"""Discounts the miniature does not know."""

from decimal import Decimal

import pytest

from testkit.client.driver import Refused
from testkit.client.people import NEW_YORK

from ..flows.test_nothing_forgotten import rows

pytestmark = pytest.mark.usefixtures("no_objection_is_missed")

ORDER_DISCOUNT_ADD = """
mutation orderDiscountAdd($id: ID!, $input: OrderDiscountCommonInput!) {
  orderDiscountAdd(orderId: $id, input: $input) { order { id } errors { field message code } }
}"""


def test_an_amount_off_the_whole_order_withholds_the_offer(store, shopper, staff, simulator):
    # given
    code = f"FIFTY-{store.usd_unpaid.slug}"
    staff.create_voucher(code, [store.usd_unpaid], Decimal("50"), value_type="FIXED")
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    # when
    discounted = ada.add_promo_code(code)
    # then
    assert discounted.total == Decimal("150.00")
    assert discounted.cover_lines == ()
    with pytest.raises(Refused) as refused:
        ada.offer()
    assert refused.value.codes == ("discount_not_supported",)
    ada.remove_promo_code(code)
    assert ada.accept(ada.offer()).answer == "accepted"
    assert ada.checkout().total == Decimal("206.66")


def test_a_correction_left_behind_by_a_removed_voucher_is_given_back(
    store, shopper, staff, payments, work, simulator
):
    # given a corrected line, money begun, and then the voucher taken out: nothing may be touched
    code = f"LEFT-{store.usd.slug}"
    staff.create_voucher(code, [store.usd], Decimal("10"))
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    ada.add_promo_code(code)
    ada.accept(ada.offer())
    payment = payments.authorize(ada.checkout_id, Decimal("1.00"))
    without = ada.remove_promo_code(code)
    payments.capture(payment, without.total)
    # when
    order = ada.complete()
    work()
    # then the policy holds at the premium, and what was paid too much is due to the buyer
    assert (without.total, order.total) == (Decimal("207.40"), Decimal("207.40"))
    assert [b["total_price"] for b in simulator.state()["bookings"]] == [Decimal("6.66")]
    cover = ada.cover()
    assert (cover.status, cover.premium) == ("confirmed", Decimal("6.66"))
    assert cover.amount_due_back == Decimal("0.74")
    assert staff.order(order.id).has_note("refund 0.74 USD")


@pytest.mark.parametrize(
    ("xcover_pays", "given_back", "due"),
    [
        (False, "", "7.40"),
        (False, "in Saleor", "6.66"),
        (False, "by bank", "6.66"),
        (True, "", "0.74"),
        (True, "in Saleor", "0"),
        (True, "by bank", "0"),
    ],
)
def test_what_was_charged_beyond_the_premium_stays_due_after_the_policy_ended(
    store, shopper, staff, payments, work, simulator, xcover_pays, given_back, due
):
    # given a policy whose line cost the buyer 7.40: 0.74 are due
    simulator.settings(xpay_refund_enabled=xcover_pays)
    code = f"END-{xcover_pays}-{given_back}".replace(" ", "-")
    staff.create_voucher(code, [store.usd], Decimal("10"))
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    ada.add_promo_code(code)
    ada.accept(ada.offer())
    payment = payments.authorize(ada.checkout_id, Decimal("1.00"))
    payments.capture(payment, ada.remove_promo_code(code).total)
    order = ada.complete()
    work()
    assert ada.cover().amount_due_back == Decimal("0.74")
    if given_back == "in Saleor":
        payments.refund(payment, Decimal("0.74"))
    elif given_back == "by bank":
        store.command("xcover_policy", order.number, "--given-back", "0.74", "USD")
    if given_back:
        work()
        assert ada.cover().amount_due_back == 0
    # when staff have XCover cancel the policy, which refunds the premium
    store.command("xcover_cancellation", "ask", order.number)
    work()
    waiting = rows("Cancellation").filter(status="parked").latest("pk")
    store.command("xcover_cancellation", "approve", str(waiting.pk), "6.66", "USD")
    work()
    # then both are due, as far as the store has to pay them
    cover = ada.cover()
    assert (cover.status, cover.amount_due_back) == ("cancelled", Decimal(due))
    owes = "the store owes nothing" if due == "0" else f"{due} USD"
    assert staff.order(order.id).has_note(owes)


def test_a_percentage_beside_a_legacy_payment_leaves_the_premium_whole(
    store, shopper, staff, work, simulator
):
    # given a yes beside 10 % off, in a channel that pays in the legacy flow
    code = f"OLD-{store.usd_legacy.slug}"
    staff.create_voucher(code, [store.usd_legacy], Decimal("10"))
    ada = shopper(store.usd_legacy)
    ada.create_checkout({store.concert: 2})
    ada.add_promo_code(code)
    ada.accept(ada.offer())
    ada.pay_legacy()
    # when
    order = ada.complete()
    work()
    # then
    placed = staff.order(order.id)
    assert (order.total, placed.total) == (Decimal("186.66"), Decimal("186.66"))
    assert placed.charge_status == "FULL"
    assert [b["total_price"] for b in simulator.state()["bookings"]] == [Decimal("6.66")]
    assert (ada.cover().status, ada.cover().amount_due_back) == ("confirmed", Decimal("0.00"))


def test_a_staff_discount_on_an_unpaid_order_parks_the_cover(
    store, shopper, staff, driver, work, simulator
):
    # given an unpaid order with cover, on which staff take 10 % off everything
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    order = ada.complete()
    driver.mutate(
        ORDER_DISCOUNT_ADD,
        {"id": order.id, "input": {"valueType": "PERCENTAGE", "value": 10, "reason": "Regular"}},
        token=store.staff_token(),
    )
    # when
    staff.mark_as_paid(order.id)
    work()
    # then nothing is confirmed at a reduced premium; what was paid for it is due
    assert staff.order(order.id).total == Decimal("185.99")
    assert simulator.calls("confirm") == []
    cover = ada.cover()
    assert (cover.status, cover.amount_due_back) == ("parked", Decimal("5.99"))
    assert staff.order(order.id).has_note("not one piece at the offered premium of 6.66 USD.")


@pytest.mark.parametrize(
    ("value", "total", "line", "absorbed"),
    [("50", "156.66", "5.05", "0.00"), ("500", "0.00", "0.00", "6.66")],
)
def test_a_store_may_absorb_what_a_fixed_amount_takes(
    store, shopper, staff, payments, work, simulator, value, total, line, absorbed
):
    # given a store that chose to
    code = f"ABSORB-{value}-{store.usd_unpaid.slug}"
    staff.create_voucher(code, [store.usd_unpaid], Decimal(value), value_type="FIXED")
    staff.configure_plugin(store.usd_unpaid, {"absorb_discounts": "true"})
    try:
        ada = shopper(store.usd_unpaid)
        ada.create_checkout({store.concert: 2})
        ada.add_promo_code(code)
        # when
        ada.accept(ada.offer())
        checkout = ada.checkout()
        order = ada.complete()
        if checkout.total:
            staff.mark_as_paid(order.id)
        work()
    finally:
        staff.configure_plugin(store.usd_unpaid, {"absorb_discounts": "false"})
    # then the total never exceeds tickets plus premium, and the difference is on record
    assert (checkout.total, order.total) == (Decimal(total), Decimal(total))
    assert [x.total for x in order.cover_lines] == [Decimal(line)]
    assert [b["total_price"] for b in simulator.state()["bookings"]] == [Decimal("6.66")]
    from saleor_xcover_plugin.models import Cover

    (cover,) = Cover.objects.all()
    assert (cover.status, cover.absorbed) == ("confirmed", Decimal(absorbed))
    assert cover.amount_due_back == 0


def test_the_last_ticket_goes_beside_a_voucher_once_per_order_after_money_had_begun(
    store, shopper, staff, payments
):
    # given a yes, a payment under way, and then a voucher for the cheapest piece
    code = f"ONCE-{store.usd.slug}"
    staff.create_voucher(code, [store.usd], Decimal("50"), applyOncePerOrder=True)
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    payments.authorize(ada.checkout_id, Decimal("1.00"))
    with_voucher = ada.add_promo_code(code)
    # when: what the cover costs is asked with and without it, and Saleor fails on no lines
    left = ada.delete(with_voucher.ticket_lines[0])
    # then
    assert [line.total for line in left.cover_lines] == [Decimal("3.33")]
    assert left.ticket_lines == ()


def test_a_premium_no_price_keeps_whole_is_not_offered(store, shopper, staff, simulator):
    # given four fifths off: the line would need five times its price
    code = f"EIGHTY-{store.usd_unpaid.slug}"
    staff.create_voucher(code, [store.usd_unpaid], Decimal("80"))
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.add_promo_code(code)
    # when
    with pytest.raises(Refused) as refused:
        ada.offer()
    # then tickets sell as they would without us
    assert refused.value.codes == ("price_not_exact",)
    checkout = ada.checkout()
    assert (checkout.total, checkout.cover_lines) == (Decimal("40.00"), ())
    assert checkout.voucher_code == code
    assert ada.complete().total == Decimal("40.00")
    assert len(simulator.calls("create_offer")) == 1


@pytest.mark.parametrize(
    ("bounds", "is_sold"),
    [
        ({"minimum_order_price_amount": "230"}, False),  # 225.00 alone, 231.66 with the cover
        ({"maximum_order_price_amount": "230"}, False),
        ({"minimum_order_price_amount": "200"}, True),
        ({"maximum_order_price_amount": "500"}, True),
    ],
)
def test_a_premium_that_opens_or_closes_a_way_of_shipping_is_not_sold(
    store, shopper, sell_insurance, bounds, is_sold
):
    # given a poster that is shipped beside two tickets, by a method with bounds on the price
    channel = sell_insurance(store.new_channel(allow_unpaid_orders=True))
    ada = buy_tickets_and_a_poster(store, shopper, channel, bounds)
    # when
    if is_sold:
        ada.accept(ada.offer())
        # then
        assert ada.checkout().total == Decimal("231.66")
        return
    with pytest.raises(Refused) as refused:
        ada.offer()
    assert refused.value.codes == ("price_not_exact",)
    assert ada.checkout().total == Decimal("225.00")


def buy_tickets_and_a_poster(store, shopper, channel, bounds):
    """Put 225.00 into a checkout whose poster may be shipped within bounds on the price."""
    from saleor.channel.models import Channel
    from saleor.shipping.models import (
        ShippingMethod,
        ShippingMethodChannelListing,
        ShippingZone,
    )

    zone = ShippingZone.objects.filter(channels__slug=channel.slug).first()
    method = ShippingMethod.objects.create(name="Letter", type="price", shipping_zone=zone)
    ShippingMethodChannelListing.objects.create(
        shipping_method=method,
        channel=Channel.objects.get(slug=channel.slug),
        currency="USD",
        price_amount=Decimal(5),
        **{name: Decimal(bound) for name, bound in bounds.items()},
    )
    poster = store.new_merchandise(price="25.00", is_shipped=True)
    ada = shopper(channel)
    ada.create_checkout({store.concert: 2, poster: 1}, shipping=NEW_YORK)
    return ada


@pytest.mark.parametrize(
    ("minimum", "is_offered"),
    [
        ("231", False),  # the cheaper plan makes it 231.66
        ("233", False),  # only the dearer one, 234.99, goes beyond
        ("240", True),  # neither
    ],
)
def test_no_plan_is_offered_at_a_price_that_would_be_refused(
    store, shopper, simulator, sell_insurance, minimum, is_offered
):
    # given two plans, 6.66 and 9.99, of which one may be taken
    channel = sell_insurance(store.new_channel(allow_unpaid_orders=True))
    simulator.settings(products="alternatives")
    bounds = {"minimum_order_price_amount": minimum}
    ada = buy_tickets_and_a_poster(store, shopper, channel, bounds)
    # when
    if not is_offered:
        with pytest.raises(Refused) as refused:
            ada.offer()
        # then
        assert refused.value.codes == ("price_not_exact",)
        assert ada.checkout().total == Decimal("225.00")
        return
    offer = ada.offer()
    # then each of them is sold at its price, and trying them left nothing behind
    assert ada.checkout().cover_lines == ()
    for quote in offer.quotes:
        ada.accept(offer, quote.id)
        assert ada.checkout().total == Decimal("225.00") + quote.premium


def test_nothing_is_offered_while_one_choice_of_several_would_cost_more(
    store, shopper, simulator, sell_insurance
):
    # given two plans that may be taken together, for 6.66, 9.99 or 16.65, and a way of shipping
    # that is open at 234.99 only: with the dearer plan alone
    channel = sell_insurance(store.new_channel(allow_unpaid_orders=True))
    simulator.settings(products="add_ons")
    bounds = {"minimum_order_price_amount": "233", "maximum_order_price_amount": "236"}
    ada = buy_tickets_and_a_poster(store, shopper, channel, bounds)
    # when
    with pytest.raises(Refused) as refused:
        ada.offer()
    # then
    assert refused.value.codes == ("price_not_exact",)
    assert ada.checkout().total == Decimal("225.00")
