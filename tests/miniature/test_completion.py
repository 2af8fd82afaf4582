"""From checkout to order on the miniature: as in Saleor's source, or not at all."""

from decimal import Decimal

import pytest

from testkit.client.driver import Refused
from testkit.client.people import EMAIL
from testkit.steps import PREMIUM, TOTAL, accept_cover

HUNDRED = Decimal("100.00")
HOOK = "saleor_xcover_plugin.plugin.XCoverPlugin.preprocess_order_creation"


def orders_of(checkout_id: str) -> list:
    """Return the orders made of a checkout."""
    import base64

    from saleor.order.models import Order

    token = base64.b64decode(checkout_id).decode().partition(":")[2]
    return list(Order.objects.filter(checkout_token=token))


@pytest.mark.parametrize(
    ("people", "code"),
    [
        ({"email": None}, "email_not_set"),
        ({"billing": None}, "billing_address_not_set"),
    ],
)
@pytest.mark.parametrize("is_by_app", [False, True])
def test_no_order_without_a_buyer(store, shopper, payments, staff, people, code, is_by_app):
    # given
    ada = shopper(store.usd)
    checkout = ada.create_checkout({store.concert: 1}, **{"email": EMAIL, **people})
    payments.charge(checkout.id, checkout.total)
    # when
    with pytest.raises(Refused) as refused:
        staff.order_from_checkout(checkout.id) if is_by_app else ada.complete()
    # then
    assert refused.value.codes == (code,)
    assert len(orders_of(checkout.id)) == 0


def test_no_order_without_lines(store, shopper):
    # given
    ada = shopper(store.usd_unpaid)
    checkout = ada.create_checkout({store.concert: 1})
    ada.delete(*checkout.lines)
    # when
    with pytest.raises(Refused) as refused:
        ada.complete()
    # then
    assert refused.value.codes == ("no_lines",)
    assert len(orders_of(checkout.id)) == 0


def test_completed_again_shows_the_order_there_is(store, shopper):
    # given
    ada = shopper(store.usd_unpaid)
    checkout = ada.create_checkout({store.concert: 1})
    placed = ada.complete()
    # when
    again = ada.complete()
    # then
    assert again == placed
    assert len(orders_of(checkout.id)) == 1


def test_a_legacy_payment_made_before_the_cover_pays_too_little(store, shopper):
    # given
    ada = shopper(store.usd_legacy)
    ada.create_checkout({store.concert: 2})
    ada.pay_legacy()
    ada.accept(ada.offer())
    # when
    with pytest.raises(Refused) as refused:
        ada.complete()
    # then
    assert refused.value.codes == ("checkout_not_fully_paid",)
    assert len(orders_of(ada.checkout_id)) == 0
    assert ada.checkout().total == TOTAL


def test_a_legacy_payment_elsewhere(store, shopper):
    # given
    ada = shopper(store.usd_legacy)
    ada.create_checkout({store.concert: 1})
    # when
    with pytest.raises(Refused) as refused:
        ada.pay_legacy(gateway="example.payments.stripe")
    # then
    assert refused.value.codes == ("not_supported_gateway",)
    assert "use a real Saleor" in str(refused.value)


def test_a_second_legacy_payment(store, shopper):
    from saleor.payment.models import Payment

    # given
    ada = shopper(store.usd_legacy)
    checkout = ada.create_checkout({store.concert: 1})
    ada.pay_legacy()
    # when
    with pytest.raises(Refused) as refused:
        ada.pay_legacy()
    # then
    assert "use a real Saleor" in str(refused.value)
    assert Payment.objects.filter(checkout=checkout.token).count() == 1


@pytest.mark.parametrize(
    ("charged", "authorized", "is_enough"),
    [
        ("0.00", "100.00", True),
        ("40.00", "60.00", True),
        ("40.00", "59.99", False),
        ("0.00", "99.99", False),
    ],
)
def test_authorized_money_is_enough(store, shopper, payments, charged, authorized, is_enough):
    # given
    ada = shopper(store.usd)
    checkout = ada.create_checkout({store.concert: 1})
    for pay, amount in ((payments.charge, charged), (payments.authorize, authorized)):
        if Decimal(amount):
            pay(checkout.id, Decimal(amount))
    # when
    if is_enough:
        ada.complete()
    else:
        with pytest.raises(Refused) as refused:
            ada.complete()
        assert refused.value.codes == ("checkout_not_fully_paid",)
    # then
    assert len(orders_of(checkout.id)) == int(is_enough)


def test_what_changed_while_the_hook_ran_is_sold(store, shopper, monkeypatch):
    # given a shopper who changes the checkout while the order is being prepared
    ada = shopper(store.usd_unpaid)
    checkout = ada.create_checkout({store.concert: 1})

    def meanwhile(*_args: object, **_kwargs: object) -> None:
        ada.set_quantity(checkout.lines[0], 3)
        ada.write_metadata({"seat": "12"})

    monkeypatch.setattr(HOOK, meanwhile)
    # when
    placed = ada.complete()
    # then
    assert [(line.quantity, line.total) for line in placed.lines] == [(3, Decimal("300.00"))]
    assert placed.total == Decimal("300.00")
    (order,) = orders_of(checkout.id)
    assert order.metadata == {"seat": "12"}


def test_metadata_is_added_to_what_others_wrote(store, shopper):
    from saleor.checkout.models import CheckoutMetadata

    # given
    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    before = ada.checkout().metadata
    # when
    ada.write_metadata({"seat": "12"})
    # then
    assert checkout.total == Decimal("200.00") + PREMIUM
    row = CheckoutMetadata.objects.get(checkout=checkout.token)
    assert row.metadata == {**before, "seat": "12"}
    assert len(before) == 1
