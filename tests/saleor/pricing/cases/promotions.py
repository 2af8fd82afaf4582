"""Promotions: of the catalogue, of the order, and gifts."""

from .case import PROMOTIONS, Case

CASES = (
    # Tickets at 90.00: 3.33 % of 180.00 is 5.99
    Case(
        "catalogue promotion",
        PROMOTIONS,
        "Catalogue promotion, 10 % off everything: tickets cost 90.00, and so the premium is less",
        prepare=lambda shop: shop.catalogue_promotion("10", "concert"),
        alone="180.00",
        premium="5.99",
        total="185.99",
    ),
    Case(
        "order promotion 10 %",
        PROMOTIONS,
        "Order promotion, 10 % off",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 100, "percentage": 10}),
        alone="180.00",
        total="186.66",
    ),
    Case(
        "order promotion 50.00",
        PROMOTIONS,
        "Order promotion, 50.00 off",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 100, "fixed": 50}),
        alone="150.00",
        total="150.00",
        premium=None,
        outcome="refused(discount_not_supported)",
    ),
    Case(
        "order promotion gift",
        PROMOTIONS,
        "Order promotion, a gift from 100.00, which the tickets reach",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 100, "gift": "shirt"}),
        alone="200.00",
        total="206.66",
        place="before the last",
        order_place="last",
    ),
    # 200.00 + 25.00; the gift is a line Saleor adds by itself
    Case(
        "gift after the yes",
        PROMOTIONS,
        "Order promotion, a gift from 210.00, which a shirt put in after the yes reaches",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 210, "gift": "festival"}),
        after=lambda shop, buyer: buyer.add(shop.variant("shirt")),
        alone="225.00",
        total="231.66",
    ),
    # The line was made 7.40 so that 6.66 were left; without the promotion 0.74 are too much
    Case(
        "order promotion ends, then pay",
        PROMOTIONS,
        "Order promotion, 10 % off, over after the yes and before the payment",
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 100, "percentage": 10}),
        before=lambda shop, buyer: shop.run_promotions(buyer),
        after=lambda shop, buyer: shop.end_promotions(buyer),
        alone="200.00",
        total="207.40",
        line="7.40",
        outcome="owed(0.74)",
        due_back="0.74",
    ),
    Case(
        "order promotion ends, then order",
        PROMOTIONS,
        "The same in a channel with unpaid orders: completing is held once, the line repaired",
        channel={"allow_unpaid_orders": True},
        prepare=lambda shop: shop.order_promotion({"from_subtotal": 100, "percentage": 10}),
        before=lambda shop, buyer: shop.run_promotions(buyer),
        after=lambda shop, buyer: shop.end_promotions(buyer),
        is_paid_later=True,
        alone="200.00",
        total="207.40",
        order_total="206.66",
        line="7.40",
        outcome="held(cover_changed)",
    ),
)
