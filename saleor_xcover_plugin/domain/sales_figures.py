"""Figures of offers, sales and declined offers in a period, per channel and currency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from operator import add
from typing import NamedTuple

from .money import Money

_SHARE = Decimal("0.0001")


class Market(NamedTuple):
    """One channel's sales in one currency; figures of two markets are never added up."""

    channel: str
    currency: str


class Refusals(NamedTuple):
    """Requests for an offer that were refused in one channel for one reason."""

    channel: str
    code: str
    requests: int
    why: str
    """Sentence for staff."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts and amounts of one day or period, in one currency; ``MEANINGS`` explains each.

    Adding figures of two currencies raises ``CurrencyMismatch``.
    """

    shown: int
    answered_no: int
    sold: int
    declined: int
    confirmed: int
    cancelled: int
    void: int
    waiting: int
    premium: Money
    tax: Money
    tax_unknown: int
    tax_not_on_line: int
    absorbed: Money
    due_back: Money

    @classmethod
    def of(cls, currency: str, **known: int | Decimal) -> Figures:
        """Build figures from the known values, amounts in ``currency``; the others are 0."""
        values = {
            field.name: _value(known.get(field.name, 0), currency, field.name in AMOUNTS)
            for field in fields(cls)
        }
        return cls(**values)  # type: ignore[arg-type]  # each value is of its field's kind

    def __add__(self, other: Figures) -> Figures:
        sums = (getattr(self, f.name) + getattr(other, f.name) for f in fields(self))
        return Figures(*sums)

    @property
    def attach_rate(self) -> Decimal | None:
        """Sold covers as a share of the orders placed after an offer was seen.

        Rounded to four decimals; None if there are no such orders.
        """
        orders = self.sold + self.declined
        return (Decimal(self.sold) / orders).quantize(_SHARE) if orders else None


def _value(known: int | Decimal, currency: str, is_amount: bool) -> int | Decimal | Money:
    return Money(Decimal(known), currency) if is_amount else known


AMOUNTS = ("premium", "tax", "absorbed", "due_back")
"""The figures that are amounts; all others are counts."""

MEANINGS: Mapping[str, str] = {
    "shown": "offers shoppers saw for the first time that day; a changed or expired checkout "
    "gets a new offer",
    "answered_no": "offers answered with no that day, whatever was answered later",
    "sold": "orders placed that day with a cover, whatever became of it since",
    "declined": "orders placed that day without a cover after an offer was seen that could be "
    "bought, answered with no or not at all",
    "attach_rate": "sold / (sold + declined)",
    "premium": "what the sold covers cost, tax included, void ones left out",
    "tax": "the tax within that premium, as far as XCover named it",
    "tax_unknown": "sold covers, void ones left out, whose tax XCover did not name in full",
    "tax_not_on_line": "sold covers, void ones left out, whose tax the store wants on the line and "
    "that are lines at 0 %: the tax does not come out to the cent, no rate is entered for the "
    "buyer's country, or a discount is on the order (tax_not_representable)",
    "absorbed": "what of that premium the store pays instead of the buyer",
    "confirmed": "of the sold covers, those whose policy is in force now",
    "cancelled": "of the sold covers, those whose policy was cancelled since",
    "void": "of the sold covers, those whose order was cancelled, expired or refunded before there "
    "was a policy: nothing was insured",
    "waiting": "of the sold covers, those that are not confirmed yet or wait for a person",
    "due_back": "what buyers of the sold covers are owed back and have not got yet",
}
"""The meaning of each figure, in the order figures are shown. Days are UTC days."""


@dataclass(frozen=True, slots=True)
class Sales:
    """The figures of a period, by market and UTC day.

    Days without figures are not in ``by_day``; ``first`` and ``last`` are inclusive.
    """

    first: date
    last: date
    by_day: Mapping[tuple[Market, date], Figures]
    refusals: Sequence[Refusals] = ()
    """Why requests got no offer, the most frequent reason first."""

    @property
    def markets(self) -> list[Market]:
        """All markets with figures, sorted."""
        return sorted({market for market, _ in self.by_day})

    def busy_days(self, market: Market) -> Iterator[tuple[date, Figures]]:
        """Yield the days with figures, oldest first."""
        for day in self._days():
            if (market, day) in self.by_day:
                yield day, self.by_day[market, day]

    def every_day(self, market: Market) -> Iterator[tuple[date, Figures]]:
        """Yield all days of the period, oldest first, with zeros for days without figures."""
        nothing = Figures.of(market.currency)
        for day in self._days():
            yield day, self.by_day.get((market, day), nothing)

    def total(self, market: Market) -> Figures:
        """Return the sum of all days of one market."""
        days = (figures for _, figures in self.busy_days(market))
        return reduce(add, days, Figures.of(market.currency))

    def _days(self) -> Iterator[date]:
        for number in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=number)
