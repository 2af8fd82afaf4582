"""Gift cards."""

from .case import GIFT_CARDS, Case
from .steps import (
    use_code,
)

CASES = (
    # A card is money: 206.66 less what it pays
    Case(
        "gift card 50.00",
        GIFT_CARDS,
        "A gift card over 50.00",
        since="3.22",  # 3.21 asks the card payment for what the gift card pays, too
        prepare=lambda shop: shop.gift_card("50"),
        before=use_code,
        alone="200.00",
        total="156.66",
        by_card="50.00",
    ),
    Case(
        "gift card 500.00",
        GIFT_CARDS,
        "A gift card over 500.00, used after the yes; it pays 206.66",
        prepare=lambda shop: shop.gift_card("500"),
        after=use_code,
        alone="200.00",
        total="0.00",
        by_card="206.66",
    ),
)
