"""Intentions of staff the miniature does not note: odd grants, vouchers, metadata of orders."""

from decimal import Decimal

import pytest

from testkit.client.driver import Refused

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


@pytest.mark.parametrize(
    ("amount", "quantity", "code"),
    [
        (None, None, "required"),
        ("100.01", 1, "amount_greater_than_available"),
        ("100.01", None, "amount_greater_than_available"),
        (None, 0, "invalid"),
        (None, -1, "invalid"),
        (None, 2, "invalid"),
    ],
)
def test_a_grant_it_does_not_make(sale, ada, staff, amount, quantity, code):
    from saleor.order.models import OrderGrantedRefund

    # given
    (line,) = staff.order(ada.order_id).lines
    before = OrderGrantedRefund.objects.count()
    # when
    with pytest.raises(Refused) as refused:
        staff.grant_refund(
            ada.order_id,
            sale,
            lines=None if quantity is None else {line.id: quantity},
            amount=None if amount is None else Decimal(amount),
        )
    # then
    assert refused.value.codes == (code,)
    assert OrderGrantedRefund.objects.count() == before


def test_lines_are_granted_once(sale, ada, staff):
    # given
    (line,) = staff.order(ada.order_id).lines
    staff.grant_refund(ada.order_id, sale, lines={line.id: 1})
    # when
    with pytest.raises(Refused) as refused:
        staff.grant_refund(ada.order_id, sale, lines={line.id: 1})
    # then
    assert SENTENCE in str(refused.value)


def test_metadata_of_an_order(sale, ada, staff):
    # when
    with pytest.raises(Refused) as refused:
        ada.write_metadata({"seat": "12"}, on=ada.order_id)
    # then
    assert SENTENCE in str(refused.value)
    assert "seat" not in staff.order(ada.order_id).metadata


def test_a_voucher_of_more_than_everything(store, staff):
    # when
    with pytest.raises(Refused) as refused:
        staff.create_voucher("TOO MUCH", [store.usd], Decimal("100.01"))
    # then
    assert SENTENCE in str(refused.value)


def test_a_voucher_listed_twice_in_a_channel(store, staff):
    from saleor.discount.models import VoucherChannelListing

    # given
    before = VoucherChannelListing.objects.count()
    # when
    with pytest.raises(Refused) as refused:
        staff.create_voucher("TWICE", [store.usd, store.usd], Decimal(10))
    # then
    assert SENTENCE in str(refused.value)
    assert VoucherChannelListing.objects.count() == before
