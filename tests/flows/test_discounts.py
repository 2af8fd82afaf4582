"""A percentage off the whole order: tickets are reduced, the premium never is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, accept_cover, asked, bookings
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]
DISCOUNTED = Decimal("180.00") + PREMIUM
"""Two tickets at 100.00 less 10 %, and their cover."""


@pytest.fixture
def ten_percent(store: Store, staff: Staff, request: pytest.FixtureRequest) -> str:
    code = f"TEN-{request.node.name}-{store.usd.slug}"
    staff.create_voucher(code, [store.usd], Decimal(10))
    return code


@pytest.mark.trace
def test_a_percentage_off_the_order_leaves_the_premium_whole(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    ten_percent: str,
) -> None:
    # given a yes, and a voucher after it
    buyer = shopper(store.usd)
    accept_cover(buyer, store)
    checkout = buyer.add_promo_code(ten_percent)
    # when
    payments.charge(checkout.id, checkout.total)
    order = buyer.complete()
    work()
    # then checkout, order and booking show the premium itself, as price and as undiscounted price
    assert checkout.total == order.total == DISCOUNTED
    for line in (*checkout.cover_lines, *order.cover_lines):
        assert (line.unit_price, line.undiscounted_unit_price, line.total) == (PREMIUM,) * 3
    assert [line.total for line in order.ticket_lines] == [Decimal("180.00")]
    assert [b["total_price"] for b in bookings(simulator)] == [PREMIUM]
    assert asked(simulator) == {"create_offer": 1, "confirm": 1}


@pytest.mark.trace
def test_a_voucher_that_comes_and_goes_around_the_yes(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess, ten_percent: str
) -> None:
    # given a voucher before the yes
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    alone = buyer.add_promo_code(ten_percent)
    buyer.accept(buyer.offer())
    discounted = buyer.checkout()
    # when it goes again, and comes back
    plain = buyer.remove_promo_code(ten_percent)
    again = buyer.add_promo_code(ten_percent)
    # then
    assert alone.total == Decimal("180.00")
    assert [seen.total for seen in (discounted, plain, again)] == [
        DISCOUNTED,
        Decimal("206.66"),
        DISCOUNTED,
    ]
    for seen in (discounted, plain, again):
        assert [line.total for line in seen.cover_lines] == [PREMIUM]
    assert asked(simulator) == {"create_offer": 1}


def test_merchandise_beside_discounted_tickets(
    store: Store, shopper: SendShopper, ten_percent: str
) -> None:
    # given
    buyer = shopper(store.usd)
    accept_cover(buyer, store)
    buyer.add_promo_code(ten_percent)
    # when
    with_shirts = buyer.add(store.shirt, 3)
    # then
    assert with_shirts.total == Decimal("247.50") + PREMIUM
    assert [line.total for line in with_shirts.cover_lines] == [PREMIUM]


@pytest.mark.trace
def test_what_rounding_leaves_over_falls_on_a_ticket(
    store: Store, shopper: SendShopper, staff: Staff, payments: PaymentApp
) -> None:
    # given 31 % off three lines, whose shares do not add up by themselves
    code = f"LEFTOVER-{store.usd.slug}"
    staff.create_voucher(code, [store.usd], Decimal("31"))
    buyer = shopper(store.usd)
    in_sixty_days = datetime.now(UTC) + timedelta(days=60)
    balcony = store.new_event(price="12.47", starts_at=in_sixty_days)
    stalls = store.new_event(price="19.99", starts_at=in_sixty_days)
    buyer.create_checkout({balcony: 1})
    buyer.add(stalls)
    buyer.add(store.shirt)
    alone = buyer.add_promo_code(code)
    # when
    premium = buyer.accept(buyer.offer()).premium
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total)
    order = buyer.complete()
    # then
    assert alone.total == Decimal("39.65")
    assert checkout.total == order.total == alone.total + premium
    for seen in (checkout, order):
        assert [line.total for line in seen.cover_lines] == [premium]
        assert sum(line.total for line in seen.lines) == seen.total
        by_sku = {line.sku: line.total for line in seen.lines}
        assert by_sku[store.shirt.sku] == Decimal("17.26")  # 17.25 by itself
