"""Discounts the miniature does not know."""

from decimal import Decimal

import pytest

from demo.client.driver import Refused


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
