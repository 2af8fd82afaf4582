"""How much anonymous clients may ask for, and which address of a header is theirs."""

from datetime import timedelta
from decimal import Decimal

import pytest

from saleor_xcover_plugin.domain.allowances import (
    Allowance,
    client_address,
    first_offers,
    first_questions,
    offers_ahead,
    repeated_offers,
)
from saleor_xcover_plugin.domain.rates import Rates


def test_an_allowance_fills_again_evenly():
    twelve = Allowance.per_minute(12)

    assert (twelve.count, twelve.step, twelve.reach) == (
        12,
        timedelta(seconds=5),
        timedelta(minutes=1),
    )


@pytest.mark.parametrize(
    ("selling", "first", "first_step", "repeated", "ahead", "repeated_step"),
    [
        # 2 x 0.94 x 0.6 = 1.128 calls for offers per second
        ("2", 67, 0.886525, 2, 1, 1.773050),
        ("50", 1692, 0.035461, 70, 35, 0.070922),
        ("4", 135, 0.443262, 5, 2, 0.886525),
        ("1", 33, 1.773050, 1, 1, 3.546099),
    ],
)
def test_all_together_stay_below_the_calls_per_second(
    selling, first, first_step, repeated, ahead, repeated_step
):
    rates = Rates.agreed(Decimal(selling))

    assert first_offers(rates) == Allowance(first, timedelta(seconds=first_step))
    assert repeated_offers(rates) == Allowance(repeated, timedelta(seconds=repeated_step))
    assert offers_ahead(rates) == Allowance(ahead, timedelta(seconds=repeated_step))


@pytest.mark.parametrize("selling", ["1", "1000"])
def test_nothing_is_kept_for_longer_than_that_a_checkout_has_asked(selling):
    """The statement cuts off there what is used up, and believes nothing beyond an hour."""
    rates = Rates.agreed(Decimal(selling))
    others = [first_offers(rates), repeated_offers(rates), Allowance.per_minute(1)]

    assert first_questions() == Allowance(3, timedelta(minutes=15))
    assert max(one.reach for one in others) < first_questions().reach < timedelta(hours=1)


@pytest.mark.parametrize(
    ("header", "proxies", "address"),
    [
        ("203.0.113.7", 1, "203.0.113.7"),
        # What a client writes itself stands to the left of what proxies append.
        ("10.9.8.7, 203.0.113.7", 1, "203.0.113.7"),
        ("10.9.8.7, 203.0.113.7, 198.51.100.1", 2, "203.0.113.7"),
        ("203.0.113.7", 2, None),
        ("", 1, None),
        ("unknown", 1, None),
        ("203.0.113.7:4711", 1, "203.0.113.7"),
        ("[2001:db8:1:2:3:4:5:6]:4711", 1, "2001:db8:1:2::/64"),
        # The address ends with its bracket, whatever follows.
        ("[2001:db8:1:2:3:4:5:6]:[4711]", 1, "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", 1, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", 1, "203.0.113.7"),
        ("[", 1, None),
        ("\u00b2", 1, None),
        ("203.0.113.\u0667", 1, None),
        ("x" * 10_000, 1, None),
    ],
)
def test_the_address_a_trusted_proxy_saw(header, proxies, address):
    assert client_address(header, proxies) == address
