"""What shops do to prices: one row per kind of discount, tax and basket, a module per part.

Two tickets at 100.00 and a premium of 6.66, unless a row says otherwise. Expected numbers follow
from one rule: tickets alone plus the premium, or no cover.
"""

from . import (
    absorbing,
    baskets,
    gift_cards,
    named_products,
    once_per_order,
    promotions,
    shipping,
    staff_discounts,
    taxes,
    thresholds,
    whole_order,
)
from .case import PARTS, Case

__all__ = ["CASES", "PARTS", "Case"]

CASES: tuple[Case, ...] = (
    *whole_order.CASES,
    *once_per_order.CASES,
    *named_products.CASES,
    *promotions.CASES,
    *thresholds.CASES,
    *gift_cards.CASES,
    *staff_discounts.CASES,
    *taxes.CASES,
    *shipping.CASES,
    *baskets.CASES,
    *absorbing.CASES,
)
"""Every case by its order in the page."""
