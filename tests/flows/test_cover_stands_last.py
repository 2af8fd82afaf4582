"""The protection stands after what it protects: in checkout and order, whatever comes later."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store, Variant
from testkit.client.values import COVER_SKU, Checkout, Order, PlacedOrder
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TOTAL, accept_cover, asked, bookings
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]


def order_of(seen: Checkout | PlacedOrder | Order) -> list[str]:
    """Name what a buyer reads, from above."""
    return [line.sku for line in seen.lines]


def test_a_buyer_meets_the_tickets_first(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given tickets and a shirt
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2, store.shirt: 1})
    # when the buyer says yes, pays and orders
    buyer.accept(buyer.offer())
    checkout = buyer.checkout()
    payments.charge(checkout.id, checkout.total)
    placed = buyer.complete()
    work()
    # then the cover is the last line for the buyer, the box office and whoever reads lines[0]
    expected = [store.concert.sku, store.shirt.sku, COVER_SKU]
    assert order_of(checkout) == order_of(placed) == order_of(staff.order(placed.id)) == expected
    assert checkout.total == placed.total == TOTAL + Decimal("25.00")
    assert [b["total_price"] for b in bookings(simulator)] == [PREMIUM]


def test_what_is_added_after_the_yes_stands_before_the_cover(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    # given
    buyer = shopper(store.usd)
    accept_cover(buyer, store)
    # when
    with_shirt = buyer.add(store.shirt)
    # then the yes stands, and nobody asked XCover again
    assert order_of(with_shirt) == [store.concert.sku, store.shirt.sku, COVER_SKU]
    assert with_shirt.total == TOTAL + Decimal("25.00")
    assert asked(simulator) == {"create_offer": 1}


def test_what_is_added_once_money_has_begun_stands_before_the_cover_too(
    store: Store, shopper: SendShopper, payments: PaymentApp
) -> None:
    # given a yes and money set aside: from here on the plugin touches nothing
    buyer = shopper(store.usd)
    accept_cover(buyer, store)
    payments.authorize(buyer.checkout_id, Decimal("1.00"))
    # when
    with_shirt = buyer.add(store.shirt)
    # then
    assert order_of(with_shirt) == [store.concert.sku, store.shirt.sku, COVER_SKU]
    assert [line.total for line in with_shirt.cover_lines] == [PREMIUM]


def test_a_percentage_off_one_kind_of_ticket_leaves_the_cover_last(
    store: Store, shopper: SendShopper, staff: Staff, payments: PaymentApp
) -> None:
    # given
    code = f"LAST-TEN-{store.usd.slug}"
    staff.create_voucher(code, [store.usd], Decimal(10))
    buyer = shopper(store.usd)
    accept_cover(buyer, store)
    # when
    checkout = buyer.add_promo_code(code)
    payments.charge(checkout.id, checkout.total)
    placed = buyer.complete()
    # then
    assert order_of(checkout) == order_of(placed) == [store.concert.sku, COVER_SKU]
    assert checkout.total == placed.total == Decimal("180.00") + PREMIUM


def test_where_rounding_leaves_a_cent_over_the_cover_stands_before_the_last_line(
    store: Store, shopper: SendShopper, staff: Staff
) -> None:
    # given 31 % off three lines, whose shares do not add up: the last line takes the cent
    code = f"CENT-{store.usd.slug}"
    staff.create_voucher(code, [store.usd], Decimal(31))
    balcony, stalls = _two_events(store)
    buyer = shopper(store.usd)
    buyer.create_checkout({balcony: 1})
    buyer.add(stalls)
    buyer.add(store.shirt)
    alone = buyer.add_promo_code(code)
    # when
    premium = buyer.accept(buyer.offer()).premium
    discounted = buyer.checkout()
    # then every other line costs what it costs alone, the premium is whole, a ticket leads
    assert order_of(discounted) == [balcony.sku, stalls.sku, COVER_SKU, store.shirt.sku]
    assert [line.total for line in discounted.ticket_lines] == [
        line.total for line in alone.ticket_lines
    ]
    assert [line.total for line in discounted.cover_lines] == [premium]
    # and when the discount goes the cover goes to its place; and back when it comes again
    plain = buyer.remove_promo_code(code)
    assert order_of(plain) == [balcony.sku, stalls.sku, store.shirt.sku, COVER_SKU]
    again = buyer.add_promo_code(code)
    assert order_of(again) == order_of(discounted)
    assert again.total == alone.total + premium


def test_a_line_put_first_by_an_older_version_moves_without_a_word(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    # given a checkout as the version before left it: the cover's line dated before all others
    from saleor.checkout.models import CheckoutLine

    buyer = shopper(store.usd_unpaid)
    checkout, _ = accept_cover(buyer, store)
    long_ago = datetime.now(UTC) - timedelta(days=1)
    ours = CheckoutLine.objects.filter(checkout_id=checkout.token, price_override=PREMIUM)
    assert ours.update(created_at=long_ago) == 1
    assert order_of(buyer.checkout()) == [COVER_SKU, store.concert.sku]
    # when the buyer orders: nothing they agreed to has changed, so nothing is said
    placed = buyer.complete()
    # then
    assert order_of(placed) == [store.concert.sku, COVER_SKU]
    assert placed.total == TOTAL
    assert asked(simulator) == {"create_offer": 1}


def _two_events(store: Store) -> tuple[Variant, Variant]:
    in_sixty_days = datetime.now(UTC) + timedelta(days=60)
    return (
        store.new_event(price="12.47", starts_at=in_sixty_days),
        store.new_event(price="19.99", starts_at=in_sixty_days),
    )
