"""Format sales figures as rows of texts, the same for the table, the CSV file and the page."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TextIO

from ..domain.money import Money
from ..domain.sales_figures import MEANINGS, Figures, Market, Sales

FIGURES = tuple(MEANINGS)
"""Names of all figures, in the order of columns."""
COLUMNS = ("day", "channel", "currency", *FIGURES)
"""Names of all columns of a row per day."""
UNKNOWN = "unknown"
"""Text of a tax that XCover did not name."""


def texts_of(figures: Figures) -> dict[str, str]:
    """Return every figure as text: counts, amounts without currency, and the rate from 0 to 1.

    The rate is empty if there is none. The tax is ``unknown``, not 0, if XCover named none.
    """
    texts = {name: _text(getattr(figures, name)) for name in FIGURES}
    if figures.tax_unknown and figures.tax_unknown == figures.sold - figures.void:
        texts["tax"] = UNKNOWN
    return texts


def for_people(row: dict[str, str]) -> dict[str, str]:
    """Return the row with its rate as a percentage such as 42.9 %, or empty."""
    rate = row["attach_rate"]
    return {**row, "attach_rate": percent(Decimal(rate) if rate else None)}


def days_of(sales: Sales) -> Iterator[dict[str, str]]:
    """Yield one row per market and day with figures."""
    for market in sales.markets:
        for day, figures in sales.busy_days(market):
            yield {"day": day.isoformat(), **market._asdict(), **texts_of(figures)}


def totals_of(sales: Sales) -> Iterator[dict[str, str]]:
    """Yield one row per market, for the whole period."""
    for market in sales.markets:
        yield {**market._asdict(), **texts_of(sales.total(market))}


def as_json(sales: Sales) -> dict[str, Any]:
    """Return days and totals as JSON data.

    Counts are numbers; amounts and rates are texts, because they are exact decimals. An unknown tax
    is null.
    """
    return {
        "from": sales.first,
        "to": sales.last,
        "totals": [_json_row(market, sales.total(market)) for market in sales.markets],
        "days": [
            {"day": day, **_json_row(market, figures)}
            for market in sales.markets
            for day, figures in sales.busy_days(market)
        ],
        "refusals": [refusals._asdict() for refusals in sales.refusals],
        "meanings": MEANINGS,
    }


def write_csv(sales: Sales, out: TextIO) -> None:
    """Write one line per market and day as CSV, with a heading."""
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(days_of(sales))


def percent(rate: Decimal | None) -> str:
    """Return a rate as a percentage such as 42.9 %; empty for None."""
    return "" if rate is None else f"{(rate * 100).quantize(Decimal('0.1'))} %"


def _json_row(market: Market, figures: Figures) -> dict[str, Any]:
    texts = texts_of(figures)
    values = {
        name: value if isinstance(value := getattr(figures, name), int) else texts[name] or None
        for name in FIGURES
    }
    if texts["tax"] == UNKNOWN:
        values["tax"] = None
    return {**market._asdict(), **values}


def _text(value: int | Decimal | Money | None) -> str:
    if isinstance(value, Money):
        return value.digits()
    return "" if value is None else str(value)
