"""A price per ticket is told only where the cover of each ticket costs exactly the same."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store

SendShopper = Callable[[Channel], Shopper]

STARTS_AT = datetime.fromisoformat("2031-05-01T20:00:00+00:00")


def shares(buyer: Shopper) -> list[Decimal | None]:
    return [quote.premium_per_ticket for quote in buyer.offer().quotes]


def test_tickets_at_one_price_share_the_premium(store: Store, shopper: SendShopper) -> None:
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})

    assert shares(buyer) == [Decimal("3.33")]


def test_tickets_at_two_prices_do_not_even_where_the_premium_divides(
    store: Store, shopper: SendShopper
) -> None:
    dear = store.new_event(price="100.00", starts_at=STARTS_AT)
    cheap = store.new_event(price="50.10", starts_at=STARTS_AT)
    buyer = shopper(store.usd)

    buyer.create_checkout({dear: 1, cheap: 1})

    assert [quote.premium for quote in buyer.offer().quotes] == [Decimal("5.00")]
    assert shares(buyer) == [None]


def test_a_premium_that_cannot_be_divided_is_not(store: Store, shopper: SendShopper) -> None:
    event = store.new_event(price="33.40", starts_at=STARTS_AT)
    buyer = shopper(store.usd)

    buyer.create_checkout({event: 3})

    assert [quote.premium for quote in buyer.offer().quotes] == [Decimal("3.34")]
    assert shares(buyer) == [None]


def test_tickets_of_two_events_are_not_told_apart(store: Store, shopper: SendShopper) -> None:
    # given two events whose tickets cost the same
    other = store.new_event(price="100.00", starts_at=STARTS_AT)
    buyer = shopper(store.usd)

    buyer.create_checkout({store.concert: 1, other: 1})

    assert shares(buyer) == [None, None]


def test_one_ticket_has_no_price_per_ticket(store: Store, shopper: SendShopper) -> None:
    buyer = shopper(store.usd)

    buyer.create_checkout({store.concert: 1})

    assert shares(buyer) == [None]
