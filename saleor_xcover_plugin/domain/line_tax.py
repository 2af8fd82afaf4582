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
    """What a cover line that carries tax is made of; amounts in the checkout's currency."""

    net: Decimal
    """The premium without the tax that XCover names in it."""
    price: Decimal
    """What Saleor starts from: the premium, or ``net`` where it adds the tax."""
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


NOT_REPRESENTABLE: Mapping[str, str | bool] = {}
"""Stored form of a line at 0 % whose tax the store wanted on it; without that wish it is None."""
