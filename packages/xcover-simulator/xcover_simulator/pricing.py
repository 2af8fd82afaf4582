"""Premiums: deterministic, exact, with the digits of the currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision

# As recorded (XCover partner docs give no table): GBP plain, the others prefixed,
# JPY without grouping. Meant to be shown, never parsed.
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "US$", "CAD": "CA$", "AUD": "A$", "JPY": "JP¥"}


@dataclass(frozen=True, slots=True)
class Premium:
    """The price of one quote in its currency; ``total`` includes ``tax``, net + tax = total."""

    total: Decimal
    tax: Decimal
    commission: Decimal

    @property
    def net(self) -> Decimal:
        """The price without tax."""
        return self.total - self.tax

    @property
    def adjustment_fee(self) -> Decimal:
        """Price less tax less commission: answered by XCover, but never deducted (recorded)."""
        return self.net - self.commission


def premium_for(
    tickets: Iterable[Decimal],
    currency: str,
    *,
    rate: Decimal,
    tax_rate: Decimal,
    commission_rate: Decimal,
    extra: Decimal = Decimal(0),
) -> Premium:
    """Price ``tickets``: rate x total, half-up; tax truncated, as 78 of 80 captures suggest.

    ``extra`` is added to the price before tax is taken out of it (the price drift fault).
    """
    total = money(sum(tickets, Decimal(0)) * rate + extra, currency)
    tax = _truncated(total * tax_rate / (1 + tax_rate), currency)
    return Premium(total, tax, _truncated((total - tax) * commission_rate, currency))


def money(amount: Decimal, currency: str) -> Decimal:
    """Round ``amount`` half-up to the digits of ``currency``."""
    return amount.quantize(_unit(currency), rounding=ROUND_HALF_UP)


def digits(currency: str) -> int:
    """Return how many decimals ``currency`` has (GBP 2, JPY 0, KWD 3)."""
    return get_currency_precision(currency)


def formatted(amount: Decimal, currency: str) -> str:
    """Return ``amount`` as XCover prints it, such as ``£6.66`` or ``JP¥333``."""
    sign = _SIGNS.get(currency, f"{currency} ")
    minus = "-" if amount < 0 else ""
    return f"{minus}{sign}{money(abs(amount), currency):f}"


def _truncated(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(_unit(currency), rounding=ROUND_DOWN)


def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-digits(currency))
