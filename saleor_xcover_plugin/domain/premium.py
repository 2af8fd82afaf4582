"""What a discount on the order does to the premium, and the price that leaves it whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from uuid import UUID

from .money import Money, quantum

MAX_CORRECTION = 3
"""Times the premium; beyond it (three quarters off) the order is no place for a correction."""


class OrderDiscount(StrEnum):
    """What reaches every line of a checkout, the cover line included."""

    NONE = "none"
    PERCENTAGE = "percentage"
    """A voucher or promotion that takes a percentage off the whole order: can be made exact."""
    OTHER = "other"
    """A fixed amount, once per order, an empty catalogue: no price of the line makes it exact."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What the shopper would pay now, gross, and which part of it the cover lines are."""

    total: Decimal
    cover: Decimal
    other_line_count: int
    voucher_code: str | None
    shipping_methods: frozenset[int] = frozenset()
    """Price-based shipping methods this sum allows; empty when nothing is shipped."""
    pick_up_points: frozenset[UUID] = frozenset()
    """Warehouses the shopper may pick up at; empty when nothing is shipped."""

    def is_exact_beside(self, alone: Totals, premium: Decimal) -> bool:
        """Whether this is ``alone`` (the tickets by themselves) plus the premium, to the cent.

        Nor may the premium bring or take a gift, a voucher, a way of shipping or a pick-up point.
        """
        return (
            self.keeps_the_rest_of(alone) and self.costs_more_than(alone) == premium == self.cover
        )

    def keeps_the_rest_of(self, alone: Totals) -> bool:
        """Whether everything but the sum is as it is in ``alone``."""
        return (
            self.other_line_count == alone.other_line_count
            and self.voucher_code == alone.voucher_code
            and self.shipping_methods == alone.shipping_methods
            and self.pick_up_points == alone.pick_up_points
        )

    def costs_more_than(self, alone: Totals) -> Decimal:
        return self.total - alone.total


def corrections(premium: Money, left_over: Decimal) -> Iterator[Decimal]:
    """Yield what to add to the line's price so that ``premium`` is left after the discount.

    ``left_over`` is what an uncorrected line costs after it. Most likely first; none beyond
    ``MAX_CORRECTION`` times the premium, none when the discount leaves nothing.
    """
    if not 0 < left_over < premium.amount:
        return
    step = quantum(premium.currency)
    price = (premium.amount * premium.amount / left_over).quantize(step, ROUND_HALF_EVEN)
    # ``left_over`` is rounded: half a step of it is this many steps of the price.
    reach = int(price / (2 * left_over)) + 3
    most = MAX_CORRECTION * premium.amount
    if price - reach * step - premium.amount > most:
        return  # all of them are beyond it, and there may be millions
    for distance in range(reach + 1):
        for steps in (-distance, distance) if distance else (0,):
            correction = price + steps * step - premium.amount
            if 0 < correction <= most:
                yield correction
