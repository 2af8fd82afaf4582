"""Payments, refunds and cancellations the flows do not go through."""

from decimal import Decimal

import pytest

from testkit.client import documents as docs
from testkit.client.driver import Refused

TOTAL = Decimal("100.00")
SENTENCE = "use a real Saleor"


@pytest.fixture
def ada(store, shopper):
    return shopper(store.usd)


@pytest.fixture
def sale(store, ada, payments):
    """Sell one ticket for 100.00, charged before the order; return the payment."""
    checkout = ada.create_checkout({store.concert: 1})
    payment = payments.charge(checkout.id, checkout.total)
    ada.complete()
    return payment


@pytest.fixture
def unpaid(store, shopper):
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 1})
    buyer.complete()
    return buyer


def test_money_of_another_currency(store, ada, payments):
    from saleor.payment.models import TransactionItem

    # given
    checkout = ada.create_checkout({store.concert: 1})
    # when
    with pytest.raises(Refused) as refused:
        payments.charge(checkout.id, TOTAL, "EUR")
    # then
    assert refused.value.codes == ("incorrect_currency",)
    assert TransactionItem.objects.filter(checkout=checkout.token).count() == 0


def test_an_event_without_an_amount(sale, driver, store):
    # given
    event = {"id": sale.id, "type": "REFUND_SUCCESS", "pspReference": "r-1", "amount": None}
    # when
    with pytest.raises(Refused) as refused:
        driver.mutate(docs.TRANSACTION_EVENT_REPORT, event, token=store.payment_app_token())
    # then
    assert refused.value.codes == ("required",)
    assert SENTENCE in str(refused.value)


def test_the_same_event_with_another_amount(sale, payments, staff, ada):
    # given
    payments.refund(sale, Decimal("10.00"), psp_reference="r-1")
    # when
    with pytest.raises(Refused) as refused:
        payments.refund(sale, Decimal("20.00"), psp_reference="r-1")
    # then
    assert refused.value.codes == ("incorrect_details",)
    assert staff.order(ada.order_id).refunded == Decimal("10.00")


def test_a_second_authorization(unpaid, payments):
    # given
    payment = payments.authorize(unpaid.order_id, TOTAL)
    # when
    with pytest.raises(Refused) as refused:
        payments.report(payment, "AUTHORIZATION_SUCCESS", TOTAL)
    # then
    assert refused.value.codes == ("already_exists",)
    assert payment.authorized == TOTAL


@pytest.mark.parametrize(
    ("given", "stored"), [("10.005", "10.00"), ("10.015", "10.02"), ("10.019", "10.02")]
)
def test_amounts_are_rounded_to_the_currency(sale, payments, given, stored):
    # when
    refunded = payments.refund(sale, Decimal(given))
    # then
    assert refunded.refunded == Decimal(stored)


def test_an_event_before_the_order(store, ada, payments):
    from saleor.payment.models import TransactionItem

    # given
    checkout = ada.create_checkout({store.concert: 1})
    payment = payments.authorize(checkout.id, TOTAL)
    # when
    with pytest.raises(Refused) as refused:
        payments.capture(payment, TOTAL)
    # then
    assert SENTENCE in str(refused.value)
    item = TransactionItem.objects.get(checkout=checkout.token)
    assert (item.charged_value, item.authorized_value) == (0, TOTAL)


@pytest.mark.parametrize("event", ["REFUND_SUCCESS", "REFUND_REVERSE"])
def test_more_money_back_than_there_is(sale, payments, staff, ada, event):
    # when
    with pytest.raises(Refused) as refused:
        payments.report(sale, event, TOTAL + Decimal("0.01"))
    # then
    assert SENTENCE in str(refused.value)
    order = staff.order(ada.order_id)
    assert (order.charged, order.refunded) == (TOTAL, Decimal(0))


def test_an_order_is_cancelled_once(staff, unpaid):
    # given
    staff.cancel(unpaid.order_id)
    # when
    with pytest.raises(Refused) as refused:
        staff.cancel(unpaid.order_id)
    # then
    assert refused.value.codes == ("cannot_cancel_order",)


@pytest.mark.parametrize("state", ["cancelled", "marked"])
def test_marked_as_paid_when_it_may_not_be(staff, unpaid, state):
    from saleor.payment.models import TransactionItem

    # given
    staff.cancel(unpaid.order_id) if state == "cancelled" else staff.mark_as_paid(unpaid.order_id)
    before = TransactionItem.objects.count()
    # when
    with pytest.raises(Refused) as refused:
        staff.mark_as_paid(unpaid.order_id)
    # then
    assert refused.value.codes == ("transaction_error",)
    assert TransactionItem.objects.count() == before


def test_marked_as_paid_in_the_payment_flow(store, shopper, staff):
    # given
    buyer = shopper(store.usd_legacy)
    checkout = buyer.create_checkout({store.concert: 1})
    placed = staff.order_from_checkout(checkout.id)
    # when
    with pytest.raises(Refused) as refused:
        staff.mark_as_paid(placed.id)
    # then
    assert SENTENCE in str(refused.value)


@pytest.mark.parametrize(
    ("amount", "code"), [("0.00", "zero_quantity"), ("100.01", "cannot_refund")]
)
def test_a_legacy_refund_out_of_range(store, shopper, staff, amount, code):
    # given
    buyer = shopper(store.usd_legacy)
    buyer.create_checkout({store.concert: 1})
    buyer.pay_legacy()
    buyer.complete()
    # when
    with pytest.raises(Refused) as refused:
        staff.refund_legacy(buyer.order_id, Decimal(amount))
    # then
    assert refused.value.codes == (code,)
    order = staff.order(buyer.order_id)
    assert (order.charged, order.refunded) == (TOTAL, Decimal(0))
