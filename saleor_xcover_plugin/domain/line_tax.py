"""The tax that a cover line carries in Saleor, where the store wants it there.

XCover names net, tax and gross of a premium. Saleor computes them from one rate and rounds by rules
of its own, so the line carries the tax only where both agree to the cent; else it is the ordinary
line at 0 %, and the tax is on the papers alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class TaxRate:
    """The rate at which Saleor taxes the cover that carries tax, where a buyer is."""

    percent: Decimal
    is_included: bool
    """True if the channel's prices are entered with tax, so that Saleor takes it out of them."""


@dataclass(frozen=True, slots=True)
class LineTax:
    """Amounts and rate of a cover line that carries tax, in the checkout's currency."""

    net: Decimal
    """The premium without the tax that XCover names in it."""
    price: Decimal
    """Price entered for the line: the premium, or ``net`` where Saleor adds the tax."""
    rate: TaxRate

    @classmethod
    def of(cls, premium: Decimal, tax: Decimal, rate: TaxRate) -> LineTax:
        """Return the tax of a line for a premium with ``tax`` in it."""
        net = premium - tax
        return cls(net, premium if rate.is_included else net, rate)

    def as_json(self) -> dict[str, str | bool]:
        """Return the form that is stored, with amounts as texts."""
        return {
            "net": str(self.net),
            "price": str(self.price),
            "percent": str(self.rate.percent),
            "is_included": self.rate.is_included,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, str | bool] | None) -> LineTax | None:
        """Read a stored form; None for a line at 0 %."""
        if not stored:
            return None
        rate = TaxRate(Decimal(str(stored["percent"])), bool(stored["is_included"]))
        return cls(Decimal(str(stored["net"])), Decimal(str(stored["price"])), rate)


def price_to_enter(stored: Mapping[str, str | bool] | None, premium: Decimal) -> Decimal:
    """Return the price entered for a line with this stored tax; for one at 0 % the premium."""
    tax = LineTax.from_json(stored)
    return premium if tax is None else tax.price


def net_of(stored: Mapping[str, str | bool] | None, premium: Decimal) -> Decimal:
    """Return the net price of a line with this stored tax; for one at 0 % the premium."""
    tax = LineTax.from_json(stored)
    return premium if tax is None else tax.net


NOT_REPRESENTABLE: Mapping[str, str | bool] = {}
"""Stored form of a line at 0 % whose tax the store wanted on it; without that wish it is None."""
