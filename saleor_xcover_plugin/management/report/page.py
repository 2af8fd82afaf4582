"""Write the sales report as one HTML page: totals, plots, tables, and the meaning of each figure.

The page contains everything it needs and fetches nothing, so it can be mailed, kept and printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from xml.etree.ElementTree import Element

from ...domain.figures import MEANINGS, Figures, Market, Sales
from ...domain.money import Money, quantum
from .markup import node, page
from .plots import Plot, Series, bars, line
from .rows import FIGURES, days_of, for_people, percent, totals_of

_Days = Sequence[date]

TITLE = "Ticket protection"
"""Heading of the page."""
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
    "absorbed": "Absorbed",
    "confirmed": "Confirmed",
    "cancelled": "Cancelled",
    "void": "Void",
    "waiting": "Waiting",
    "due_back": "Due back",
}
"""Column headings by the name of the figure."""


def page_of(sales: Sales, made_at: datetime) -> str:
    """Return the page as HTML. ``made_at`` is the time (UTC) at which the figures were read."""
    period = f"{sales.first} to {sales.last}"
    said = (
        f"{period}, whole days in UTC. Figures of {made_at:%Y-%m-%d %H:%M} UTC; what became of a "
        "cover may still change."
    )
    sections = list(_sections(sales)) if sales.by_day else [node("p", nothing(sales))]
    return page(f"{TITLE}, {period}", TITLE, said, sections)


def nothing(sales: Sales) -> str:
    """Return the sentence that there is nothing to report."""
    return f"Nothing was offered, sold or declined from {sales.first} to {sales.last}."


def _sections(sales: Sales) -> Iterator[Element]:
    columns = ("channel", "currency", *FIGURES)
    said = "The whole period. Currencies are never added together."
    table = _table(said, columns, list(totals_of(sales)))
    yield node("section", node("h2", "Totals"), table)
    rows = list(days_of(sales))
    for number, market in enumerate(sales.markets):
        own = [row for row in rows if (row["channel"], row["currency"]) == market]
        name = ", ".join(market)
        yield node(
            "section",
            node("h2", name),
            node("div", *_figures(sales, market, f"market-{number}"), class_="plots"),
            _table(f"Days with figures: {name}", ("day", *FIGURES), own),
        )
    yield node("section", node("h2", "What is counted"), _meanings())


def _figures(sales: Sales, market: Market, id_: str) -> Iterator[Element]:
    """Yield the plots of one market: premium, attach rate, and orders with and without cover."""
    days, figures = zip(*sales.every_day(market), strict=True)
    total = sales.total(market)
    yield _premiums(days, figures, total, f"{id_}-premium")
    yield _rates(days, figures, total, f"{id_}-rate")
    yield _orders(days, figures, total, f"{id_}-orders")


def _premiums(days: _Days, figures: Sequence[Figures], total: Figures, id_: str) -> Element:
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
    return _figure(plot, bars(plot, premiums))


def _rates(days: _Days, figures: Sequence[Figures], total: Figures, id_: str) -> Element:
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
    return _figure(plot, line(plot, rates))


def _orders(days: _Days, figures: Sequence[Figures], total: Figures, id_: str) -> Element:
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
    return _figure(plot, bars(plot, sold, declined), sold, declined)


def _figure(plot: Plot, drawing: Element, *named: Series) -> Element:
    """Return a plot with its title, and with a legend if there are several series."""
    names = [node("span", one.name, class_=f"key {one.name}") for one in named]
    caption = node("figcaption", node("strong", plot.title), " ", plot.description, *names)
    return node("figure", caption, drawing)


def _table(caption: str, columns: Sequence[str], rows: Sequence[dict[str, str]]) -> Element:
    """Return a table; one wider than the page scrolls on its own, also by keyboard."""
    heads = [node("th", LABELS[column], scope="col") for column in columns]
    lines = [node("tr", *_cells(columns, row)) for row in rows]
    table = node(
        "table", node("caption", caption), node("thead", node("tr", *heads)), node("tbody", *lines)
    )
    return node("div", table, class_="wide", role="region", aria_label=caption, tabindex="0")


def _cells(columns: Sequence[str], row: dict[str, str]) -> Iterator[Element]:
    texts = for_people(row)
    yield node("th", texts[columns[0]], scope="row")
    yield from (node("td", texts[column]) for column in columns[1:])


def _meanings() -> Element:
    pairs = (
        part
        for name, meaning in MEANINGS.items()
        for part in (node("dt", LABELS[name]), node("dd", meaning))
    )
    return node("dl", *pairs)
