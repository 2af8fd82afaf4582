"""A store that absorbs what a discount takes from the premium."""

from .case import ABSORB, Case
from .steps import (
    FIXED,
    ONCE_PER_ORDER,
    TOO_MUCH,
    absorbing,
    either_way,
    voucher,
)

CASES = (
    *either_way(
        "absorbing, 10 % off",
        ABSORB,
        "10 % off the order: made exact, nothing to absorb",
        prepare=absorbing(voucher("10")),
        alone="180.00",
        total="186.66",
    ),
    # 206.66 less 80 % is 41.33, the tickets 40.00: 1.33 are left of the premium
    *either_way(
        "absorbing, 80 % off",
        ABSORB,
        "80 % off the order",
        prepare=absorbing(voucher("80")),
        alone="40.00",
        total="41.33",
        line="1.33",
        outcome="absorbed(5.33)",
    ),
    # 50.00 x 6.66 / 206.66 = 1.61 fall on the premium and as much less on the tickets
    *either_way(
        "absorbing, 50.00 off",
        ABSORB,
        "50.00 off the order: the sum is right, the lines share it otherwise",
        prepare=absorbing(voucher("50", **FIXED)),
        alone="150.00",
        total="156.66",
        line="5.05",
        outcome="absorbed(0.00)",
    ),
    *either_way(
        "absorbing, 500.00 off",
        ABSORB,
        "500.00 off the order: the premium costs the buyer nothing",
        prepare=absorbing(voucher("500", **FIXED)),
        alone="0.00",
        total="0.00",
        line="0.00",
        outcome="absorbed(6.66)",
    ),
    # The voucher would fall on the premium instead of a ticket: the buyer would pay more
    *either_way(
        "absorbing, 50 % off once",
        ABSORB,
        "50 % off the cheapest piece: the buyer would pay more than tickets and premium",
        prepare=absorbing(voucher("50", **ONCE_PER_ORDER)),
        alone="150.00",
        total="",
        **TOO_MUCH,
    ),
    *either_way(
        "absorbing, 20.00 off once",
        ABSORB,
        "20.00 off the cheapest piece: the buyer would pay more than tickets and premium",
        prepare=absorbing(voucher("20", **ONCE_PER_ORDER, **FIXED)),
        alone="180.00",
        total="",
        **TOO_MUCH,
    ),
    Case(
        "absorbing, order promotion 50.00",
        ABSORB,
        "Order promotion, 50.00 off",
        prepare=absorbing(lambda shop: shop.order_promotion({"from_subtotal": 100, "fixed": 50})),
        alone="150.00",
        total="156.66",
        line="5.05",
        outcome="absorbed(0.00)",
    ),
    Case(
        "absorbing, gift from 205.00",
        ABSORB,
        "Order promotion, a gift from 205.00: no difference to absorb but a gift",
        prepare=absorbing(
            lambda shop: shop.order_promotion({"from_subtotal": 205, "gift": "shirt"})
        ),
        alone="200.00",
        total="200.00",
        premium=None,
        outcome="refused(price_not_exact)",
    ),
)
