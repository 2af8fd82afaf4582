"""What a discount on the order does to the premium, and the price that leaves it whole."""

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
"""Times the premium; beyond it (three quarters off) the order is no place for a correction."""


class OrderDiscount(StrEnum):
    """What reaches every line of a checkout, the cover line included."""

    NONE = "none"
    PERCENTAGE = "percentage"
    """A voucher or promotion that takes a percentage off the whole order: can be made exact."""
    OTHER = "other"
    """A fixed amount, once per order, an empty catalogue: no price of the line makes it exact."""


@dataclass(frozen=True, slots=True)
class TaxedPrice:
    """What a line or the shipping costs after all discounts, in the checkout's currency."""

    net: Decimal
    gross: Decimal
    tax_rate: Decimal | None = None
    """Saleor's fraction (0.23 for 23 %); None where nothing is charged."""


NOTHING = TaxedPrice(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Totals:
    """What the shopper would pay now, and for what. Amounts in the checkout's currency.

    ``total`` is gross, ``cover`` the sum of the cover lines, ``others`` all other lines in Saleor's
    order. ``shipping`` is ``NOTHING`` while none is charged.
    """

    total: Decimal
    cover: TaxedPrice
    others: tuple[TaxedPrice, ...]
    discount: Decimal = Decimal(0)
    """What a voucher or promotion takes off, before taxes, from all lines or from some."""
    voucher_code: str | None = None
    shipping: TaxedPrice = NOTHING
    shipping_methods: frozenset[int] = frozenset()
    """Price-based shipping methods this sum allows; empty when nothing is shipped."""
    pick_up_points: frozenset[UUID] = frozenset()
    """Warehouses the shopper may pick up at; empty when nothing is shipped."""

    def is_exact_beside(self, alone: Totals, premium: Decimal) -> bool:
        """Return True if this is ``alone`` (the checkout without a cover line) plus the premium.

        To the cent, with the same price and tax for every other line and for shipping. Nor may the
        premium bring or take a gift, a voucher, a way of shipping or a pick-up point.
        """
        return (
            self.keeps_the_rest_of(alone)
            and self.others == alone.others
            and self.costs_more_than(alone) == premium == self.cover.gross == self.cover.net
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
        return self.total - alone.total

    @property
    def digest(self) -> str:
        """Return a short text that is the same for the same amounts, however they are written."""
        prices = [(p.net, p.gross, p.tax_rate or Decimal(0)) for p in (*self.others, self.shipping)]
        amounts = [self.total, self.discount, *itertools.chain.from_iterable(prices)]
        written = " ".join(f"{amount.normalize():f}" for amount in amounts)
        return hashlib.sha256(written.encode()).hexdigest()[:16]


class CorrectionSearch:
    """The corrections worth asking Saleor about, fewer with each answer.

    Wherever the line stands, the discount on the order must grow by exactly the correction, or the
    other lines would pay for it. It never grows by more than the line does: beyond a correction
    that is more than the discount takes back no higher one fits, and so below.
    """

    def __init__(self, premium: Money, left_over: Decimal, alone: Totals) -> None:
        self._alone = alone
        self._candidates = list(corrections(premium, left_over))
        self.balanced: list[Decimal] = []
        """Those whose discount was right: another place of the line may fit them."""

    def __iter__(self) -> Iterator[Decimal]:
        """Yield the most likely first; call ``note`` with Saleor's answer before the next."""
        while self._candidates:
            yield self._candidates.pop(0)

    def note(self, correction: Decimal, answer: Totals) -> None:
        """Take in what the checkout costs with a correction that did not fit."""
        if not answer.keeps_the_rest_of(self._alone):
            return
        too_much = correction - (answer.discount - self._alone.discount)
        if too_much == 0:
            self.balanced.append(correction)
        elif too_much > 0:
            self._candidates = [other for other in self._candidates if other < correction]
        else:
            self._candidates = [other for other in self._candidates if other > correction]


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
