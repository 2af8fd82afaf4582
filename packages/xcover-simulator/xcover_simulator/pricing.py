"""Premiums and amounts: deterministic, exact, with the decimals of their currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision

# Recorded and captured; no table is documented. Formatted amounts are for display only.
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "US$", "CAD": "CA$", "AUD": "A$", "JPY": "JP¥"}


@dataclass(frozen=True, slots=True)
class Premium:
    """The price of one quote, in the currency of its offer."""

    total: Decimal
    """Price including tax."""
    tax: Decimal
    commission: Decimal
    """The partner's share of the price without tax."""

    @property
    def net(self) -> Decimal:
        """Price without tax; ``net + tax == total`` holds exactly."""
        return self.total - self.tax

    @property
    def adjustment_fee(self) -> Decimal:
        """Price less tax less commission. XCover reports it but never deducts it (recorded).

        The formula is inferred from the recorded amounts.
        """
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
    """Return the premium for tickets at the given prices in ``currency``.

    The total is ``rate`` times the sum of the ticket prices, rounded half up. Tax is contained in
    the total and truncated, as 78 of 80 captured prices suggest. ``extra`` is added to the total
    before tax is computed.
    """
    total = money(sum(tickets, Decimal(0)) * rate + extra, currency)
    tax = _truncated(total * tax_rate / (1 + tax_rate), currency)
    return Premium(total, tax, _truncated((total - tax) * commission_rate, currency))


def money(amount: Decimal, currency: str) -> Decimal:
    """Return ``amount`` rounded half up to the decimals of ``currency``."""
    return amount.quantize(_unit(currency), rounding=ROUND_HALF_UP)


def digits(currency: str) -> int:
    """Return the number of decimals of ``currency``: GBP 2, JPY 0, KWD 3."""
    return get_currency_precision(currency)


def formatted(amount: Decimal, currency: str) -> str:
    """Return ``amount`` as XCover formats it, such as ``£6.66`` or ``JP¥333``."""
    sign = _SIGNS.get(currency, f"{currency} ")
    minus = "-" if amount < 0 else ""
    return f"{minus}{sign}{money(abs(amount), currency):f}"


def _truncated(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(_unit(currency), rounding=ROUND_DOWN)


def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-digits(currency))
