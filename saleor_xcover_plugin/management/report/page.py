"""The report as one page: totals, plots with their figures beneath, and what each figure counts.

It holds everything it needs and fetches nothing, so it can be mailed, kept and printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ...domain.money import Money, quantum
from ...domain.sales_figures import MEANINGS, Figures, Market, Sales
from ...operations.sales_rows import FIGURES, days_of, for_people, percent, totals_of
from .plots import Drawing, Plot, Series, bars, line
from .rendering import render

Days = Sequence[date]

TITLE = "Ticket protection"
LABELS: Mapping[str, str] = {
    "day": "Day",
    "channel": "Channel",
    "currency": "Currency",
    "shown": "Offers shown",
    "answered_no": "Answered no",
    "sold": "Sold",
    "declined": "Declined",
    "attach_rate": "Attach rate",
    "premium": "Premium",
    "tax": "Tax in it",
    "tax_unknown": "Tax unknown",
    "tax_not_on_line": "Tax not on the line",
    "absorbed": "Absorbed",
    "confirmed": "Confirmed",
    "cancelled": "Cancelled",
    "void": "Void",
    "waiting": "Waiting",
    "due_back": "Due back",
}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts; the first of each names the row."""

    caption: str
    labels: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot below its title; ``key`` names its colours where there are several."""

    drawing: Drawing
    key: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Sales of one market, drawn and in figures."""

    name: str
    figures: Sequence[Figure]
    table: Table


def page_of(sales: Sales, made_at: datetime) -> str:
    """Write the page. ``made_at`` is the time the figures are of."""
    period = f"{sales.first} to {sales.last}"
    values = {
        "title": f"{TITLE}, {period}",
        "heading": TITLE,
        "said": f"{period}, whole days in UTC. Figures of {made_at:%Y-%m-%d %H:%M} UTC; what "
        "became of a cover may still change.",
        "nothing": "" if sales.by_day else nothing(sales),
        "totals": _totals(sales),
        "markets": list(_sections(sales)),
        "refusals": _refusals(sales),
        "meanings": [(LABELS[name], meaning) for name, meaning in MEANINGS.items()],
    }
    return render("sales.html", values)


def nothing(sales: Sales) -> str:
    """Say that there is nothing to report."""
    return f"Nothing was offered, sold or declined from {sales.first} to {sales.last}."


def _totals(sales: Sales) -> Table:
    said = "The whole period. Currencies are never added together."
    return _table(said, ("channel", "currency", *FIGURES), totals_of(sales))


def _refusals(sales: Sales) -> Table | None:
    if not sales.refusals:
        return None
    rows = [(each.code, each.channel, f"{each.requests:,}", each.why) for each in sales.refusals]
    said = "Requests for an offer that were refused, by reason."
    return Table(said, ("Reason", "Channel", "Requests", "What it means"), rows)


def _sections(sales: Sales) -> Iterator[Section]:
    rows = list(days_of(sales))
    for number, market in enumerate(sales.markets):
        own = [row for row in rows if (row["channel"], row["currency"]) == market]
        name = ", ".join(market)
        table = _table(f"Days with figures: {name}", ("day", *FIGURES), own)
        yield Section(name, list(_figures(sales, market, f"market-{number}")), table)


def _figures(sales: Sales, market: Market, id_: str) -> Iterator[Figure]:
    """Draw what a market sold, how often it was chosen, and beside what was declined."""
    days, figures = zip(*sales.every_day(market), strict=True)
    total = sales.total(market)
    yield _premiums(days, figures, total, f"{id_}-premium")
    yield _rates(days, figures, total, f"{id_}-rate")
    yield _orders(days, figures, total, f"{id_}-orders")


def _premiums(days: Days, figures: Sequence[Figures], total: Figures, id_: str) -> Figure:
    currency = total.premium.currency
    premiums = Series("premium", [one.premium.amount for one in figures])
    plot = Plot(
        id_,
        f"Premium per day, {currency}",
        f"{total.premium} in all.",
        days,
        lambda amount: f"{Money(amount, currency).rounded().amount:,}",
        quantum(currency),
    )
    return Figure(bars(plot, premiums))


def _rates(days: Days, figures: Sequence[Figures], total: Figures, id_: str) -> Figure:
    rates = Series("rate", [one.attach_rate for one in figures])
    plot = Plot(
        id_,
        "Attach rate per day",
        f"{percent(total.attach_rate) or 'None'} over the period. No point where nobody ordered "
        "after seeing an offer.",
        days,
        lambda rate: percent(rate).replace(".0 %", " %"),
        Decimal("0.01"),
    )
    return Figure(line(plot, rates))


def _orders(days: Days, figures: Sequence[Figures], total: Figures, id_: str) -> Figure:
    sold = Series("sold", [Decimal(one.sold) for one in figures])
    declined = Series("declined", [Decimal(one.declined) for one in figures])
    plot = Plot(
        id_,
        "Orders with and without cover per day",
        f"{total.sold} sold, {total.declined} declined.",
        days,
        "{:,}".format,
        Decimal(1),
    )
    return Figure(bars(plot, sold, declined), key=(sold.name, declined.name))


def _table(caption: str, columns: Sequence[str], rows: Iterable[dict[str, str]]) -> Table:
    texts = [[text[column] for column in columns] for text in map(for_people, rows)]
    return Table(caption, [LABELS[column] for column in columns], texts)
