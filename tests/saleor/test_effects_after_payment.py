"""What the cover does to the rest of a checkout once money has begun is kept, and told to staff.

Nothing may be repriced or taken out then: Saleor would refund or block. Two tickets at 100.00, a
hoodie at 25.00 that is shipped, premium 6.66. Beside each buyer a twin buys the same without a yes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from testkit.client.driver import Driver
from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel
from testkit.client.values import Order
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, bookings
from testkit.work import Work

from .pricing.shop import Shelf, Shop, key, make_app

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

    from .pricing.rest import Rest

SendShopper = Callable[[Channel], Shopper]


@pytest.fixture
def shop(store: SaleorStore, driver: Driver) -> Iterator[Shop]:
    """The channel that is paid before the order."""
    opened = Shop(driver, store, Shelf(store), make_app(), store.usd)
    yield opened
    opened.close()


class Twins:
    """Two buyers of the same basket, one with a yes; both have set money aside."""

    def __init__(
        self, shop: Shop, shopper: SendShopper, payments: PaymentApp, work: Work, staff: Staff
    ) -> None:
        self._payments, self._work, self._staff = payments, work, staff
        basket = {shop.variant("taxed"): 2, shop.variant("hoodie"): 1}
        self.insured, self.alone = shopper(shop.channel), shopper(shop.channel)
        for buyer in (self.insured, self.alone):
            buyer.create_checkout(basket, shipping=NEW_YORK)
        self.insured.accept(self.insured.offer())
        self._money = {
            buyer.checkout_id: payments.authorize(buyer.checkout_id, Decimal("1.00"))
            for buyer in (self.insured, self.alone)
        }

    def do(self, step: Callable[[Shopper], object]) -> None:
        for buyer in (self.insured, self.alone):
            step(buyer)

    def order(self) -> tuple[Order, Order]:
        """Capture all and order; return the order with the cover and the one without."""
        for buyer in (self.insured, self.alone):
            checkout = buyer.checkout()
            self._payments.capture(self._money[checkout.id], checkout.total)
            buyer.complete()
        self._work()
        self._work()
        return self._staff.order(self.insured.order_id), self._staff.order(self.alone.order_id)


@pytest.fixture
def twins(
    shop: Shop,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    staff: Staff,
    simulator: SimulatorProcess,
) -> Callable[[], Twins]:
    return lambda: Twins(shop, shopper, payments, work, staff)


def rest(order: Order) -> Rest:
    from .pricing.rest import rest_of_order

    return rest_of_order(order.id)


def effect_of(order: Order) -> tuple[str, str]:
    """Return the code that is kept with the offer of an order, and the state of its cover."""
    from saleor_xcover_plugin.models import Cover

    cover = Cover.objects.select_related("offer").get(order_id=key(order.id))
    return (cover.offer.effect or {}).get("code", ""), cover.status


def told(order: Order) -> list[str]:
    """Return what staff were told of what the protection did, beside the policy's own note."""
    return [note for note in order.notes if "confirmed, premium" not in note]


@pytest.mark.parametrize("is_included", [True, False])
def test_a_tax_on_shipping_that_the_cover_changed_is_told_with_its_sums(
    shop: Shop, twins: Callable[[], Twins], simulator: SimulatorProcess, is_included: bool
) -> None:
    # given a channel that weights the tax on shipping by the lines, and money set aside
    shop.shipping_method("standard", "10.00")
    shop.flat_taxes(included=is_included)
    shop.weight_shipping_tax()
    both = twins()
    # when the buyers choose how it is shipped only then
    both.do(lambda buyer: shop.ship_by(buyer, "standard"))
    order, alone = both.order()
    # then nothing was repriced, the policy is made, and the code is kept
    assert len(order.cover_lines) == 1
    assert [b["total_price"] for b in bookings(simulator)] == [PREMIUM]
    assert effect_of(order) == ("shipping_tax_not_exact", "confirmed")
    # and staff are told once what the tax is and would be, and what the cover cost in all
    (note,) = told(order)
    with_cover, without = rest(order).shipping, rest(alone).shipping
    tax, tax_alone = with_cover.gross - with_cover.net, without.gross - without.net
    assert tax < tax_alone
    assert f"{tax:.2f} USD instead of {tax_alone:.2f} USD" in note
    assert f"{with_cover.net:.2f} USD instead of {without.net:.2f} USD" in note
    assert "useWeightedTaxForShipping" in note
    paid = order.total - alone.total
    if is_included:
        assert paid == PREMIUM
        assert "cost the buyer exactly the premium of 6.66 USD" in note
    else:
        assert paid < PREMIUM
        assert f"cost the buyer {paid:.2f} USD, {PREMIUM - paid:.2f} USD less than" in note
    # and the twin's order says nothing
    assert told(alone) == []


def test_shipping_chosen_late_where_the_cover_changes_nothing_is_not_mentioned(
    shop: Shop, twins: Callable[[], Twins], simulator: SimulatorProcess
) -> None:
    shop.shipping_method("standard", "10.00", is_taxed=True)
    shop.flat_taxes(included=True)
    both = twins()
    both.do(lambda buyer: shop.ship_by(buyer, "standard"))
    order, alone = both.order()

    assert rest(order) == rest(alone)
    assert (effect_of(order), told(order)) == (("", "confirmed"), [])


def test_what_is_exact_again_before_the_order_is_not_told(
    shop: Shop, twins: Callable[[], Twins], simulator: SimulatorProcess
) -> None:
    # given shipping whose tax the cover changed
    shop.shipping_method("standard", "10.00")
    shop.shipping_method("free", "0.00")
    shop.flat_taxes(included=True)
    shop.weight_shipping_tax()
    both = twins()
    both.do(lambda buyer: shop.ship_by(buyer, "standard"))
    # when another way of shipping is chosen, which costs nothing
    both.do(lambda buyer: shop.ship_by(buyer, "free"))
    order, _ = both.order()
    # then
    assert (effect_of(order), told(order)) == (("", "confirmed"), [])


def test_a_way_of_shipping_only_the_premium_opened_is_told(
    shop: Shop, twins: Callable[[], Twins], simulator: SimulatorProcess
) -> None:
    # given a way of shipping for orders from 230.00 that came after the payment began: 225.00
    # alone, 231.66 with the premium
    both = twins()
    shop.shipping_method("standard", "10.00")
    shop.shipping_method("free from 230", "0.00", minimum="230")
    shop.ship_by(both.insured, "free from 230")
    shop.ship_by(both.alone, "standard")
    order, alone = both.order()
    # then the order stands, and staff know
    assert (order.total, alone.total) == (Decimal("231.66"), Decimal("235.00"))
    assert effect_of(order) == ("price_not_exact", "confirmed")
    (note,) = told(order)
    assert "other ways of shipping" in note


def test_a_voucher_on_shipping_only_the_premium_reached_is_told(
    shop: Shop, staff: Staff, twins: Callable[[], Twins], simulator: SimulatorProcess
) -> None:
    # given 100 % off shipping from 230.00, tickets and hoodie at 225.00
    shop.shipping_method("standard", "10.00")
    shop.voucher("100", kind="SHIPPING", minimum=Decimal(230))
    both = twins()
    both.do(lambda buyer: shop.ship_by(buyer, "standard"))
    both.insured.add_promo_code(shop.code)
    order, alone = both.order()
    # then the premium earned the buyer free shipping, and staff know
    assert (order.total, alone.total) == (Decimal("231.66"), Decimal("235.00"))
    assert effect_of(order) == ("price_not_exact", "confirmed")
    (note,) = told(order)
    assert "10.00 USD less than the premium of 6.66 USD" in note


def test_a_premium_that_is_taxed_meanwhile_is_told(
    store: SaleorStore, shop: Shop, twins: Callable[[], Twins], simulator: SimulatorProcess
) -> None:
    # given somebody gives the cover product a tax class after the payment began
    from saleor.product.models import Product, ProductVariant

    shop.shipping_method("standard", "10.00")
    shop.flat_taxes(included=True)
    both = twins()
    cover = Product.objects.filter(variants__pk=key(store.cover_variant().id))
    taxed = ProductVariant.objects.get(pk=key(shop.variant("taxed").id)).product
    before = cover.values_list("tax_class_id", flat=True).get()
    cover.update(tax_class=taxed.tax_class)
    try:
        both.do(lambda buyer: shop.ship_by(buyer, "standard"))
        order, _ = both.order()
    finally:
        cover.update(tax_class=before)
    # then the buyer paid the premium, of which the order calls a part tax: staff know how much
    assert effect_of(order) == ("price_not_exact", "confirmed")
    (note,) = told(order)
    assert "cost the buyer exactly the premium of 6.66 USD" in note
    assert "1.25 USD of it as tax" in note
