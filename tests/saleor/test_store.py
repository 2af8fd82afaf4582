"""The store the flows play in: found by Saleor itself, seeded, and selling tickets."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import BERLIN
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store

SendShopper = Callable[[Channel], Shopper]


def test_saleor_finds_the_plugin_by_its_entry_point() -> None:
    from django.conf import settings

    assert settings.SETTINGS_MODULE == "saleor.settings"
    found = settings.EXTERNAL_PLUGINS  # type: ignore[misc]  # a setting of Saleor's own
    assert found == ["saleor_xcover_plugin.plugin.XCoverPlugin"]
    assert settings.INSTALLED_APPS.count("saleor_xcover_plugin") == 1


def test_tickets_are_sold_once_paid(
    store: Store, shopper: SendShopper, payments: PaymentApp, staff: Staff
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout = buyer.create_checkout({store.concert: 2, store.shirt: 1})
    assert checkout.total == Decimal("225.00")
    # when
    with pytest.raises(Refused) as refused:
        buyer.complete()
    payments.charge(checkout.id, checkout.total)
    order = staff.order(buyer.complete().id)
    # then
    assert refused.value.codes == ("checkout_not_fully_paid",)
    assert (order.status, order.charge_status) == ("UNFULFILLED", "FULL")
    assert (order.total, order.charged, order.refunded) == (
        Decimal("225.00"),
        Decimal("225.00"),
        Decimal(0),
    )
    assert not buyer.has_checkout()


def test_unpaid_orders_are_made_and_marked_as_paid(
    store: Store, shopper: SendShopper, staff: Staff
) -> None:
    # given
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 1})
    # when
    order_id = buyer.complete().id
    before = staff.order(order_id)
    staff.mark_as_paid(order_id)
    # then
    assert (before.status, before.charge_status) == ("UNCONFIRMED", "NONE")
    assert staff.order(order_id).charge_status == "FULL"


def test_legacy_payments_are_taken_and_given_back(
    store: Store, shopper: SendShopper, staff: Staff
) -> None:
    # given
    buyer = shopper(store.usd_legacy)
    buyer.create_checkout({store.concert: 1})
    buyer.pay_legacy()
    # when
    order_id = buyer.complete().id
    paid = staff.order(order_id)
    staff.refund_legacy(order_id, Decimal("100.00"))
    # then
    assert (paid.charge_status, paid.charged) == ("FULL", Decimal("100.00"))
    assert staff.order(order_id).charged == 0


def test_a_checkout_changes_step_by_step(store: Store, shopper: SendShopper, staff: Staff) -> None:
    # given
    staff.create_voucher("TEN-" + store.eur.slug, [store.eur], Decimal(10))
    card = staff.create_gift_card(Decimal("20.00"), "EUR")
    buyer = shopper(store.eur)
    # when
    buyer.create_checkout({store.concert: 1}, email=None, billing=None)
    checkout = buyer.add(store.shirt, 2)
    checkout = buyer.set_quantity(checkout.lines[0], 3)
    checkout = buyer.delete(checkout.lines[1])
    buyer.set_email("grace@example.com")
    buyer.set_billing(BERLIN)
    buyer.set_language("DE")
    buyer.write_metadata({"seat": "A1"})
    discounted = buyer.add_promo_code("TEN-" + store.eur.slug)
    plain = buyer.remove_promo_code("TEN-" + store.eur.slug)
    with_card = buyer.add_promo_code(card)
    buyer.set_shipping(BERLIN)
    # then
    assert [line.quantity for line in checkout.lines] == [3]
    assert discounted.total == Decimal("270.00")
    assert plain.total == Decimal("300.00")
    assert with_card.total == Decimal("280.00")
    assert buyer.checkout().email == "grace@example.com"
    assert buyer.checkout().metadata == {"seat": "A1"}
    assert buyer.checkout().currency == "EUR"
