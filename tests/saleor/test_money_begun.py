"""Once a payment has begun nothing is touched; what the cover then costs is known to the cent.

Found by a reviewer who read and tried, each told by name. Two tickets at 100.00, premium 6.66.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from testkit.client.driver import Driver, Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.saleor.store import SaleorStore
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, accept_cover, bookings
from testkit.work import Work

from .pricing.shop import Shelf, Shop, make_app

SendShopper = Callable[[Channel], Shopper]
NOTHING = Decimal("0.00")


@pytest.fixture
def shop(store: SaleorStore, driver: Driver) -> Iterator[Shop]:
    """The channel that is paid before the order, with promotions to come and go."""
    opened = Shop(driver, store, Shelf(store), make_app(), store.usd)
    yield opened
    opened.close()


def code_of(staff: Staff, channel: Channel, value: str, **fields: object) -> str:
    code = f"CODE-{value}-{len(fields)}-{channel.slug}"
    staff.create_voucher(code, [channel], Decimal(value), **fields)
    return code


def judged(buyer: Shopper) -> tuple[str, Decimal, Decimal]:
    """Return what became of the cover, what is due back, and what the store absorbs."""
    from saleor_xcover_plugin.models import Cover

    cover = Cover.objects.get()
    assert buyer.cover() is not None
    return cover.status, cover.amount_due_back, cover.absorbed


@pytest.mark.parametrize("is_paid_later", [False, True])
def test_a_voucher_used_and_removed_meanwhile_leaves_nothing_due(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    is_paid_later: bool,
) -> None:
    # given money set aside, and a voucher used and removed: what the cover cost with it is over
    channel = store.usd_unpaid if is_paid_later else store.usd
    code = code_of(staff, channel, "20", value_type="FIXED", applyOncePerOrder=True)
    ada = shopper(channel)
    checkout, _ = accept_cover(ada, store)
    payment = payments.authorize(checkout.id, TOTAL)
    assert ada.add_promo_code(code).total != TOTAL
    assert ada.remove_promo_code(code).total == TOTAL
    # when
    if is_paid_later:
        payments.report(payment, "CANCEL_SUCCESS", TOTAL)
        payments.charge(ada.complete().id, TOTAL)
    else:
        payments.capture(payment, TOTAL)
        ada.complete()
    work()
    # then
    assert judged(ada) == ("confirmed", NOTHING, NOTHING)
    assert staff.order(ada.order_id).total == TOTAL


def test_a_cover_for_other_tickets_is_due_in_full_whatever_a_voucher_made_of_it(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    code = code_of(staff, store.usd, "500", value_type="FIXED")
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payment = payments.authorize(checkout.id, TOTAL)
    ada.add_promo_code(code)
    without = ada.remove_promo_code(code)
    three = ada.set_quantity(without.ticket_lines[0], 3)
    payments.capture(payment, three.total)
    ada.complete()
    work()

    assert judged(ada) == ("parked", PREMIUM, NOTHING)
    assert bookings(simulator) == []


def test_a_promotion_that_begins_after_the_price_was_seen_hides_no_overcharge(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    shop: Shop,
) -> None:
    # given a line corrected for a voucher that was removed while money was set aside
    code = code_of(staff, store.usd, "10")
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    ada.add_promo_code(code)
    ada.accept(ada.offer())
    payment = payments.authorize(ada.checkout_id, Decimal("1.00"))
    seen = ada.remove_promo_code(code)
    assert seen.total == Decimal("207.40")
    payments.capture(payment, seen.total)
    # when the order is made at the prices that were seen
    shop.order_promotion({"from_subtotal": 100, "percentage": 10})
    assert ada.complete().total == Decimal("207.40")
    work()
    # then
    assert judged(ada) == ("confirmed", Decimal("0.74"), NOTHING)


def test_a_promotion_that_ends_after_the_price_was_seen_makes_nothing_due(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    shop: Shop,
) -> None:
    # given a promotion, and a buyer who has seen and paid its price
    shop.order_promotion({"from_subtotal": 100, "percentage": 10})
    ada = shopper(store.usd)
    accept_cover(ada, store)
    seen = ada.checkout()
    payments.charge(seen.id, seen.total)
    # when it ends while Saleor's prices still hold
    shop._set_promotions_end(datetime.now(UTC) - timedelta(minutes=1))
    order = ada.complete()
    work()
    # then the order is what was paid, premium and all
    assert seen.total == order.total == Decimal("186.66")
    assert judged(ada) == ("confirmed", NOTHING, NOTHING)


def test_a_premium_that_earned_the_buyer_a_discount_owes_nothing(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given 50.00 off from 205.00, which only the premium reaches, used once money had begun
    code = code_of(staff, store.usd, "50", value_type="FIXED", minimum=Decimal(205))
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    payment = payments.authorize(checkout.id, Decimal("1.00"))
    cheaper = ada.add_promo_code(code)
    payments.capture(payment, cheaper.total)
    ada.complete()
    work()

    assert cheaper.total == Decimal("156.66")
    assert judged(ada) == ("parked", NOTHING, NOTHING)


@pytest.mark.parametrize("answer", ["charge_failure", "authorization_failure"])
def test_a_payment_that_failed_without_a_reference_is_over(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess, answer: str
) -> None:
    from saleor.payment.models import TransactionEvent, TransactionItem

    # given a payment app that timed out: Saleor writes request and failure without reference
    ada = shopper(store.usd_unpaid)
    checkout, _ = accept_cover(ada, store)
    item = TransactionItem.objects.create(checkout_id=checkout.token, currency="USD")
    event = {"transaction": item, "currency": "USD", "amount_value": TOTAL}
    TransactionEvent.objects.create(type=answer.replace("failure", "request"), **event)
    with pytest.raises(AssertionError, match="payment_started"):
        ada.decline()
    TransactionEvent.objects.create(type=answer, **event)
    # when, then: the shopper may change her mind, and the line follows the tickets
    three = ada.set_quantity(checkout.ticket_lines[0], 3)
    assert three.cover_lines == ()
    assert ada.accept(ada.offer()).premium == Decimal("9.99")
    assert ada.decline().answer == "declined"


def test_a_payment_nobody_ever_answered_is_given_up_after_an_hour(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    from saleor.payment.models import TransactionEvent, TransactionItem

    ada = shopper(store.usd_unpaid)
    checkout, _ = accept_cover(ada, store)
    item = TransactionItem.objects.create(checkout_id=checkout.token, currency="USD")
    event = TransactionEvent.objects.create(
        type="charge_request", transaction=item, currency="USD", amount_value=TOTAL
    )
    with pytest.raises(AssertionError, match="payment_started"):
        ada.decline()
    TransactionEvent.objects.filter(pk=event.pk).update(
        created_at=datetime.now(UTC) - timedelta(minutes=61)
    )

    assert ada.decline().answer == "declined"


@pytest.mark.parametrize("kind", ["charge", "authorization"])
def test_a_bank_page_that_ended_under_another_reference_is_over(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess, kind: str
) -> None:
    from saleor.payment.models import TransactionEvent, TransactionItem

    # given a payment app that gives each step a reference of its own, and an open bank page
    ada = shopper(store.usd_unpaid)
    checkout, _ = accept_cover(ada, store)
    item = TransactionItem.objects.create(checkout_id=checkout.token, currency="USD")
    event = {"transaction": item, "currency": "USD", "amount_value": TOTAL}
    TransactionEvent.objects.create(type=f"{kind}_action_required", psp_reference="step-1", **event)
    with pytest.raises(AssertionError, match="payment_started"):
        ada.decline()
    # when the bank refuses
    TransactionEvent.objects.create(type=f"{kind}_failure", psp_reference="step-2", **event)
    # then the shopper may change her mind
    assert ada.decline().answer == "declined"
    # and a new page starts counting again
    ada.accept(ada.offer())
    TransactionEvent.objects.create(type=f"{kind}_action_required", psp_reference="step-3", **event)
    with pytest.raises(AssertionError, match="payment_started"):
        ada.decline()


def test_a_bank_page_nobody_came_back_from_is_given_up_after_a_day(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    from saleor.payment.models import TransactionEvent, TransactionItem

    ada = shopper(store.usd_unpaid)
    checkout, _ = accept_cover(ada, store)
    item = TransactionItem.objects.create(checkout_id=checkout.token, currency="USD")
    event = TransactionEvent.objects.create(
        type="charge_action_required",
        psp_reference="step-1",
        transaction=item,
        currency="USD",
        amount_value=TOTAL,
    )
    for hours, is_open in ((23, True), (25, False)):
        TransactionEvent.objects.filter(pk=event.pk).update(
            created_at=datetime.now(UTC) - timedelta(hours=hours)
        )
        if is_open:
            with pytest.raises(AssertionError, match="payment_started"):
                ada.decline()
    assert ada.decline().answer == "declined"


@pytest.fixture
def absorbing(store: Store, staff: Staff) -> Iterator[Channel]:
    staff.configure_plugin(store.usd, {"absorb_discounts": "true"})
    yield store.usd
    staff.configure_plugin(store.usd, {"absorb_discounts": "false"})


def test_what_a_store_absorbs_is_what_was_not_paid_in_the_end(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    absorbing: Channel,
) -> None:
    # given 80 % off, the premium with it, and the voucher removed once money had begun
    code = code_of(staff, absorbing, "80")
    ada = shopper(absorbing)
    ada.create_checkout({store.concert: 2})
    ada.add_promo_code(code)
    ada.accept(ada.offer())
    payment = payments.authorize(ada.checkout_id, Decimal("1.00"))
    payments.capture(payment, ada.remove_promo_code(code).total)
    ada.complete()
    work()

    assert staff.order(ada.order_id).total == TOTAL
    assert judged(ada) == ("confirmed", NOTHING, NOTHING)


def test_an_absorbing_store_sells_what_still_costs_the_premium_in_all(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    absorbing: Channel,
) -> None:
    # given 50.00 off tickets, cover and shirts, and the shirts deleted once money had begun
    code = code_of(staff, absorbing, "50", value_type="FIXED")
    ada = shopper(absorbing)
    ada.create_checkout({store.concert: 2, store.shirt: 3})
    ada.add_promo_code(code)
    ada.accept(ada.offer())
    seen = ada.checkout()
    payment = payments.authorize(seen.id, Decimal("1.00"))
    shirts = [line for line in seen.ticket_lines if line.sku == store.shirt.sku]
    left = ada.delete(*shirts)
    payments.capture(payment, left.total)
    ada.complete()
    work()

    assert left.total == TICKETS - 50 + PREMIUM
    assert judged(ada) == ("confirmed", NOTHING, NOTHING)


def test_a_voucher_that_ran_out_stops_the_order_with_cover_as_without(
    store: Store, shopper: SendShopper, staff: Staff, simulator: SimulatorProcess
) -> None:
    from saleor.discount.models import Voucher

    # given a yes beside a voucher that then runs out
    code = code_of(staff, store.usd_unpaid, "10")
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.add_promo_code(code)
    ada.accept(ada.offer())
    past = datetime.now(UTC) - timedelta(minutes=1)
    Voucher.objects.filter(codes__code=code).update(end_date=past)
    # when anything makes the plugin look
    assert ada.set_email("grace@example.com").voucher_code == code
    # then Saleor stops the order, and the buyer knows why
    with pytest.raises(Refused, match="VOUCHER_NOT_APPLICABLE"):
        ada.complete()
    assert ada.remove_promo_code(code).total == TOTAL
    assert ada.complete().total == TOTAL


def test_a_voucher_lost_to_the_plugins_own_look_is_told_once(
    store: Store, shopper: SendShopper, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given a voucher once per customer, already used by one, and a yes of somebody new
    code = code_of(staff, store.usd_unpaid, "10", applyOncePerCustomer=True)
    grace = shopper(store.usd_unpaid)
    grace.create_checkout({store.concert: 2}, email="grace@example.com")
    grace.add_promo_code(code)
    grace.complete()
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2}, email="new@example.com")
    ada.add_promo_code(code)
    ada.accept(ada.offer())
    # when it turns out to be the same customer
    changed = ada.set_email("grace@example.com")
    # then nobody pays the full price without a word
    assert (changed.voucher_code, changed.total) == (None, TOTAL)
    with pytest.raises(AssertionError, match="Your ticket protection has changed"):
        ada.complete()
    assert ada.complete().total == TOTAL


@pytest.mark.parametrize("is_earned_alone_first", [False, True])
def test_a_gift_only_the_premium_reaches_ends_the_yes(
    store: Store,
    shopper: SendShopper,
    simulator: SimulatorProcess,
    shop: Shop,
    is_earned_alone_first: bool,
) -> None:
    # given a gift from 230.00, tickets at 200.00, shirts at 25.00
    shop.order_promotion({"from_subtotal": 230, "gift": "festival"})
    ada = shopper(store.usd)
    shirts = 2 if is_earned_alone_first else 0
    ada.create_checkout({store.concert: 2, **({store.shirt: shirts} if shirts else {})})
    ada.accept(ada.offer())
    # when there is one shirt: 225.00 alone, 231.66 with the premium
    if is_earned_alone_first:
        seen = ada.checkout()
        (line,) = [line for line in seen.lines if line.sku == store.shirt.sku]
        changed = ada.set_quantity(line, 1)
    else:
        changed = ada.add(store.shirt)
    # then
    assert changed.cover_lines == ()
    assert changed.total == Decimal("225.00")
    assert ada.checkout().total == Decimal("225.00")


def test_free_shipping_the_premium_would_open_is_seen_before_taxes(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess, shop: Shop
) -> None:
    # given untaxed sales at prices entered with tax: Saleor compares the price before it is taken
    from testkit.client.people import NEW_YORK

    shop._configure_taxes(charge_taxes=False, prices_entered_with_tax=True)
    shop.shipping_method("Letter", "0.00", minimum="230")
    ada = shopper(store.usd)
    ada.create_checkout({shop.variant("taxed"): 2, shop.variant("hoodie"): 1}, shipping=NEW_YORK)
    # when, then: 225.00 alone, 231.66 with the premium
    with pytest.raises(Refused) as refused:
        ada.offer()
    assert refused.value.codes == ("price_not_exact",)


def test_an_offer_follows_the_vouchers_that_come_and_go(
    store: Store, shopper: SendShopper, staff: Staff, simulator: SimulatorProcess
) -> None:
    # given an offer that can be accepted
    code = code_of(staff, store.usd_unpaid, "80")
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    assert ada.offer().premium == PREMIUM
    # when a voucher stands against it, it is not shown
    ada.add_promo_code(code)
    with pytest.raises(Refused) as refused:
        ada.offer()
    assert refused.value.codes == ("price_not_exact",)
    # when the voucher is gone it is there again, at once and without asking XCover again
    ada.remove_promo_code(code)
    assert ada.accept(ada.offer()).premium == PREMIUM
    assert len(simulator.calls("create_offer")) == 1
    assert ada.checkout().total == TOTAL
