"""Discounts staff give on an order that waits for confirmation."""

from .case import STAFF, Case
from .steps import (
    UNCONFIRMED,
    use_code,
    voucher,
)

CASES = (
    # 10 % of 206.66 is 20.67: of it 0.67 from the premium, 5.99 are left of it and owed
    Case(
        "staff 10 % off the order",
        STAFF,
        "10 % off the order: it takes from the premium, so nothing is insured",
        channel=UNCONFIRMED,
        staff=lambda shop, order: shop.discount_order(order, "10", "PERCENTAGE"),
        is_paid_later=True,
        alone="180.00",
        total="206.66",
        order_total="185.99",
        outcome="parked(line_changed)",
        due_back="5.99",
    ),
    Case(
        "staff discount taken back",
        STAFF,
        "10 % off the order, taken back before the order is paid",
        channel=UNCONFIRMED,
        staff=lambda shop, order: shop.take_discount_back(
            shop.discount_order(order, "10", "PERCENTAGE")
        ),
        is_paid_later=True,
        alone="200.00",
        total="206.66",
    ),
    Case(
        "staff 10 % off tickets",
        STAFF,
        "10 % off the ticket lines, the way that keeps the cover",
        channel=UNCONFIRMED,
        staff=lambda shop, order: shop.discount_tickets(order, "10"),
        is_paid_later=True,
        alone="180.00",
        total="206.66",
        order_total="186.66",
    ),
    Case(
        "10 % off, order priced anew",
        STAFF,
        "10 % off by voucher; then staff have Saleor price the order anew",
        channel=UNCONFIRMED,
        prepare=voucher("10"),
        before=use_code,
        staff=lambda shop, order: shop.exempt(order),
        is_paid_later=True,
        alone="180.00",
        total="186.66",
    ),
)
