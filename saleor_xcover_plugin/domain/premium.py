"""Correct the price of the cover line so that a discount on the order leaves the premium whole."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from uuid import UUID

from .money import Money, quantum

MAX_CORRECTION = 3
"""Largest correction as a multiple of the premium; a discount of more than 75 % exceeds it."""


class OrderDiscount(StrEnum):
    """The kind of a discount that applies to every line of a checkout, the cover line included."""

    NONE = "none"
    PERCENTAGE = "percentage"
    """A percentage off the whole order, which a correction of the line's price can undo."""
    OTHER = "other"
    """Any other, such as a fixed amount, which no price of the line can undo."""


@dataclass(frozen=True, slots=True)
class TaxedPrice:
    """The price of a line or of shipping after all discounts, in the checkout's currency."""

    net: Decimal
    gross: Decimal
    tax_rate: Decimal | None = None
    """The tax rate as a fraction (0.23 for 23 %); None if nothing is charged."""


NOTHING = TaxedPrice(Decimal(0), Decimal(0))
"""A price of zero."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The prices of a checkout as the shopper would pay them now, in its currency."""

    total: Decimal
    """Gross total."""
    cover: TaxedPrice
    """Sum of the cover lines."""
    others: tuple[TaxedPrice, ...]
    """Prices of all other lines, in Saleor's order."""
    discount: Decimal = Decimal(0)
    """Reduction by a voucher or promotion, before taxes, on all lines or on some."""
    voucher_code: str | None = None
    shipping: TaxedPrice = NOTHING
    """``NOTHING`` if no shipping is charged."""
    shipping_methods: frozenset[int] = frozenset()
    """Keys of the price-based shipping methods the total allows; empty without shipping."""
    pick_up_points: frozenset[UUID] = frozenset()
    """Keys of the warehouses the shopper may pick up at; empty without shipping."""

    def is_exact_beside(
        self, alone: Totals, premium: Decimal, *, net: Decimal | None = None
    ) -> bool:
        """Return True if this is ``alone`` (the checkout without a cover line) plus the premium.

        Every other line and shipping must have the same price and tax, to the cent, and gifts,
        voucher, shipping methods and pick-up points must be the same. ``net`` is the premium
        without tax, where the line carries it; None: the line must be free of tax.
        """
        return (
            self.keeps_the_rest_of(alone)
            and self.others == alone.others
            and self.costs_more_than(alone) == premium == self.cover.gross
            and self.cover.net == (premium if net is None else net)
        )

    def keeps_the_rest_of(self, alone: Totals) -> bool:
        """Return True if voucher, shipping and number of lines are what they are in ``alone``."""
        return (
            len(self.others) == len(alone.others)
            and self.voucher_code == alone.voucher_code
            and self.shipping == alone.shipping
            and self.shipping_methods == alone.shipping_methods
            and self.pick_up_points == alone.pick_up_points
        )

    def has_other_shipping_tax_than(self, alone: Totals) -> bool:
        """Return True if shipping is charged in both and taxed at another rate here."""
        rates = (self.shipping.tax_rate, alone.shipping.tax_rate)
        return None not in rates and rates[0] != rates[1]

    def costs_more_than(self, alone: Totals) -> Decimal:
        """Return the difference of the gross totals."""
        return self.total - alone.total

    @property
    def digest(self) -> str:
        """A short hash of the amounts; 6.660 and 6.66 give the same."""
        prices = [(p.net, p.gross, p.tax_rate or Decimal(0)) for p in (*self.others, self.shipping)]
        amounts = [self.total, self.discount, *itertools.chain.from_iterable(prices)]
        written = " ".join(f"{amount.normalize():f}" for amount in amounts)
        return hashlib.sha256(written.encode()).hexdigest()[:16]


class CorrectionSearch:
    """Iterate over corrections of the line's price, narrowed by each pricing of Saleor's.

    A correction fits if the discount on the order grows by exactly the correction; otherwise the
    other lines would bear the difference. The discount never grows by more than the line's price:
    if it grows by less than a correction, no larger correction fits, and the reverse.
    """

    def __init__(self, premium: Money, left_over: Decimal, alone: Totals) -> None:
        self._alone = alone
        self._candidates = list(corrections(premium, left_over))
        self.balanced: list[Decimal] = []
        """Corrections with the right discount, which may fit at another place of the line."""

    def __iter__(self) -> Iterator[Decimal]:
        """Yield corrections, the most likely first; call ``note`` before taking the next."""
        while self._candidates:
            yield self._candidates.pop(0)

    def note(self, correction: Decimal, priced: Totals) -> None:
        """Narrow the search by the prices of the checkout with a correction that did not fit."""
        if not priced.keeps_the_rest_of(self._alone):
            return
        too_much = correction - (priced.discount - self._alone.discount)
        if too_much == 0:
            self.balanced.append(correction)
        elif too_much > 0:
            self._candidates = [other for other in self._candidates if other < correction]
        else:
            self._candidates = [other for other in self._candidates if other > correction]


def corrections(premium: Money, left_over: Decimal) -> Iterator[Decimal]:
    """Yield amounts to add to the line's price so that ``premium`` is left after the discount.

    ``left_over`` is the price of an uncorrected line after the discount. The most likely amount
    comes first. Yield none above ``MAX_CORRECTION`` times the premium, and none if the discount
    leaves nothing of the line.
    """
    if not 0 < left_over < premium.amount:
        return
    step = quantum(premium.currency)
    price = (premium.amount * premium.amount / left_over).quantize(step, ROUND_HALF_EVEN)
    # ``left_over`` is rounded; half a step of it corresponds to this many steps of the price.
    reach = int(price / (2 * left_over)) + 3
    most = MAX_CORRECTION * premium.amount
    if price - reach * step - premium.amount > most:
        return  # all of them are too large, and there may be millions
    for distance in range(reach + 1):
        for steps in (-distance, distance) if distance else (0,):
            correction = price + steps * step - premium.amount
            if 0 < correction <= most:
                yield correction
