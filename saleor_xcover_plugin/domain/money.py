"""Amounts of money with their currency. The digits of a currency come from CLDR, through babel."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from babel.numbers import get_currency_precision


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were added or subtracted."""


def quantum(currency: str) -> Decimal:
    """Return the smallest amount of ``currency`` (0.01 for EUR, 1 for JPY, 0.001 for KWD)."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in the currency's main unit, such as euros.

    Amounts of one currency can be added and subtracted; others raise ``CurrencyMismatch``. Raise
    ``TypeError`` for an amount that is no ``Decimal``.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"money needs a Decimal, got {type(self.amount).__name__}")

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __eq__(self, other: object) -> bool:
        # Saleor's columns have three decimals: 6.660 equals 6.66.
        if not isinstance(other, Money):
            return NotImplemented
        return self.currency == other.currency and self.amount == other.amount

    def __hash__(self) -> int:
        return hash((self.amount.normalize(), self.currency))

    def __str__(self) -> str:
        return f"{self.digits()} {self.currency}"

    def rounded(self) -> Money:
        """Return the amount rounded half-even to its currency's digits, as Saleor rounds prices."""
        return Money(self.amount.quantize(quantum(self.currency), ROUND_HALF_EVEN), self.currency)

    def digits(self) -> str:
        """Return the amount with exactly its currency's digits: 6.66, never 6.660."""
        return str(self.rounded().amount)

    def is_payable(self) -> bool:
        """Return True if the amount is positive and has no more digits than the currency."""
        return self.amount > 0 and self.amount == self.rounded().amount

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.amount
