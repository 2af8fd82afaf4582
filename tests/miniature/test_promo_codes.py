"""Gift cards and vouchers on the miniature: one card, never beside a voucher."""

from decimal import Decimal

import pytest

from testkit.client.driver import Refused
from testkit.client.people import NEW_YORK
from testkit.steps import TOTAL, accept_cover

from .test_completion import HUNDRED, orders_of


def card_of(code: str):
    from saleor.giftcard.models import GiftCard

    return GiftCard.objects.get(code=code)


def test_a_gift_card_is_debited_what_it_pays(store, shopper, payments, staff):
    # given
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store, tickets=2)
    code = staff.create_gift_card(Decimal("500.00"))
    # when
    ada.add_promo_code(code)
    ada.complete()
    # then
    assert checkout.total == TOTAL
    assert card_of(code).current_balance_amount == Decimal("500.00") - TOTAL


def test_a_gift_card_that_pays_a_part_is_emptied(store, shopper, payments, staff):
    # given
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 1})
    code = staff.create_gift_card(Decimal("30.00"))
    checkout = ada.add_promo_code(code)
    payments.charge(checkout.id, checkout.total)
    # when
    placed = ada.complete()
    # then
    assert placed.total == Decimal("70.00")
    assert card_of(code).current_balance_amount == 0


@pytest.mark.parametrize(
    "meanwhile", [{"current_balance_amount": Decimal("29.99")}, {"is_active": False}]
)
def test_a_gift_card_spent_meanwhile(store, shopper, payments, staff, meanwhile):
    from saleor.giftcard.models import GiftCard

    # given
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 1})
    code = staff.create_gift_card(Decimal("30.00"))
    checkout = ada.add_promo_code(code)
    payments.charge(checkout.id, checkout.total)
    GiftCard.objects.filter(code=code).update(**meanwhile)
    before = card_of(code).current_balance_amount
    # when
    with pytest.raises(Refused) as refused:
        ada.complete()
    # then
    assert refused.value.codes == ("gift_card_not_applicable",)
    assert "use a real Saleor" in str(refused.value)
    assert len(orders_of(checkout.id)) == 0
    assert card_of(code).current_balance_amount == before


@pytest.mark.parametrize("case", ["second card", "empty", "voucher first", "voucher after"])
def test_gift_cards_it_does_not_know(store, shopper, staff, case):
    # given
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 1}, billing=NEW_YORK)
    staff.create_voucher(f"HALF {case}", [store.usd], Decimal(50))
    card = staff.create_gift_card(Decimal("0.00" if case == "empty" else "10.00"))
    steps = {
        "second card": (staff.create_gift_card(Decimal("10.00")), card),
        "empty": (card,),
        "voucher first": (f"HALF {case}", card),
        "voucher after": (card, f"HALF {case}"),
    }[case]
    for code in steps[:-1]:
        ada.add_promo_code(code)
    before = ada.checkout()
    # when
    with pytest.raises(Refused) as refused:
        ada.add_promo_code(steps[-1])
    # then
    assert "use a real Saleor" in str(refused.value)
    assert ada.checkout() == before


def test_a_gift_card_of_another_currency_is_an_unknown_code(store, shopper, staff):
    # given
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 1})
    code = staff.create_gift_card(Decimal("10.00"), "EUR")
    # when
    with pytest.raises(Refused) as refused:
        ada.add_promo_code(code)
    # then
    assert refused.value.codes == ("invalid",)
    assert ada.checkout().total == HUNDRED


@pytest.mark.parametrize(
    ("is_known", "code"), [(False, "not_found"), (True, "invalid")], ids=["unknown", "unused"]
)
def test_a_promo_code_that_is_not_there_is_not_removed(store, shopper, staff, is_known, code):
    # given
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 1})
    promo = staff.create_gift_card(Decimal("10.00")) if is_known else "NOBODY"
    # when
    with pytest.raises(Refused) as refused:
        ada.remove_promo_code(promo)
    # then
    assert refused.value.codes == (code,)
