"""Figures as rows of texts: the same words in the table, the CSV file, the JSON and the page."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TextIO

from ...domain.figures import MEANINGS, Figures, Market, Sales
from ...domain.money import Money

FIGURES = tuple(MEANINGS)
COLUMNS = ("day", "channel", "currency", *FIGURES)
UNKNOWN = "unknown"


def texts_of(figures: Figures) -> dict[str, str]:
    """Write every figure: counts and amounts in digits, the rate as a share of one or nothing.

    A tax of which XCover named nothing is ``unknown``, not 0.
    """
    texts = {name: _text(getattr(figures, name)) for name in FIGURES}
    if figures.tax_unknown and figures.tax_unknown == figures.sold - figures.void:
        texts["tax"] = UNKNOWN
    return texts


def for_people(row: dict[str, str]) -> dict[str, str]:
    """Write a row's rate as people do: 42.9 %, or nothing."""
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
    """Return days and totals; counts are numbers, amounts and rates texts, unknown is null."""
    return {
        "from": sales.first,
        "to": sales.last,
        "totals": [_json_row(market, sales.total(market)) for market in sales.markets],
        "days": [
            {"day": day, **_json_row(market, figures)}
            for market in sales.markets
            for day, figures in sales.busy_days(market)
        ],
        "meanings": MEANINGS,
    }


def write_csv(sales: Sales, out: TextIO) -> None:
    """Write one line per market and day under a heading."""
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(days_of(sales))


def percent(rate: Decimal | None) -> str:
    """Write a rate for people: 42.9 %, or nothing."""
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
