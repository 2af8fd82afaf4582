"""Everything a shopper may do to a checkout: the host's hooks, and a premium that stays exact."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, TOTAL, accept_cover, asked, bookings
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]


@pytest.mark.trace
def test_a_checkout_step_by_step(
    store: Store, shopper: SendShopper, staff: Staff, simulator: SimulatorProcess
) -> None:
    # given
    voucher = f"TEN-{store.usd.slug}"
    staff.create_voucher(voucher, [store.usd], Decimal(10))
    buyer = shopper(store.usd)
    # when
    buyer.create_checkout({store.concert: 1}, email=None, billing=None)
    checkout = buyer.add(store.shirt, 2)
    checkout = buyer.set_quantity(checkout.lines[0], 3)
    checkout = buyer.delete(checkout.lines[1])
    buyer.set_email("grace@example.com")
    buyer.set_billing(NEW_YORK)
    buyer.set_language("EN_US")
    buyer.write_metadata({"seat": "A1"})
    discounted = buyer.add_promo_code(voucher)
    plain = buyer.remove_promo_code(voucher)
    # then
    assert [line.quantity for line in checkout.lines] == [3]
    assert discounted.total == Decimal("270.00")
    assert plain.total == Decimal("300.00")
    assert asked(simulator) == {}


@pytest.mark.trace
def test_a_discounted_order_without_cover(
    store: Store, shopper: SendShopper, staff: Staff, payments: PaymentApp
) -> None:
    # given
    voucher = f"FIFTEEN-{store.usd.slug}"
    staff.create_voucher(voucher, [store.usd], Decimal(15))
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2, store.shirt: 1})
    checkout = buyer.add_promo_code(voucher)
    # when
    payments.charge(checkout.id, checkout.total)
    order = buyer.complete()
    # then
    assert order.total == Decimal("191.25")


@pytest.mark.trace
def test_a_tampered_cover_line_is_repaired(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    # when the shopper asks for five covers and writes on the line
    with pytest.raises(Refused) as refused:
        buyer.set_quantity(checkout.cover_lines[0], 5)
    buyer.write_metadata({"premium": "0.01"}, on=checkout.cover_lines[0].id)
    buyer.write_metadata({"xcover": "accepted for nothing"})
    after = buyer.checkout()
    payments.charge(after.id, after.total)
    order = buyer.complete()
    work()
    # then
    assert refused.value.codes == ("quantity_greater_than_limit",)
    assert after.total == order.total == TOTAL
    assert [b["total_price"] for b in bookings(simulator)] == [PREMIUM]


@pytest.mark.trace
def test_another_number_of_tickets_needs_another_yes(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    buyer = shopper(store.usd)
    checkout, first = accept_cover(buyer, store)
    # when
    changed = buyer.set_quantity(checkout.ticket_lines[0], 3)
    second = buyer.offer()
    buyer.accept(second)
    final = buyer.checkout()
    payments.charge(final.id, final.total)
    buyer.complete()
    work()
    # then the old price was never charged for the new tickets
    assert changed.total == Decimal("300.00")
    assert second.answer is None
    assert (first.premium, second.premium) == (PREMIUM, Decimal("9.99"))
    assert final.total == Decimal("309.99")
    assert asked(simulator) == {"create_offer": 2, "confirm": 1}
    assert [b["total_price"] for b in bookings(simulator)] == [Decimal("9.99")]


@pytest.mark.trace
def test_a_cover_variant_put_in_by_hand_is_taken_out(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    # given a yes, whose line the shopper removes and replaces by a line of their own
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    removed = buyer.delete(checkout.cover_lines[0])
    # when
    tampered = buyer.add(store.cover_variant())
    # then
    assert removed.total == tampered.total == TICKETS
    assert tampered.cover_lines == ()


def test_tickets_of_the_same_price_keep_the_yes(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a yes for two tickets, and the same event on another day at the same price
    buyer = shopper(store.usd)
    checkout, first = accept_cover(buyer, store)
    later = store.new_event(price="100.00", starts_at=datetime.now(UTC) + timedelta(days=61))
    buyer.add(later, 2)
    # when the shopper changes over to it and looks at the offer again
    without = buyer.delete(*[line for line in buyer.checkout().lines if line.sku != later.sku])
    second = buyer.offer()
    final = buyer.checkout()
    payments.charge(final.id, final.total)
    buyer.complete()
    work()
    # then premium and terms are those of the yes, so it still holds
    assert checkout.total == final.total == TOTAL
    assert without.total == TICKETS
    assert (second.answer, second.premium) == ("accepted", first.premium)
    assert [b["total_price"] for b in bookings(simulator)] == [PREMIUM]
