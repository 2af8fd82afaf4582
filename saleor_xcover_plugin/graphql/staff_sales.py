"""Sales figures for staff, by day, channel and currency. Needs MANAGE_ORDERS."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import graphene
from graphene.types.datetime import Date

from ..domain.money import Money
from ..domain.period import Period
from ..domain.sales_figures import MEANINGS, Figures, Market, Refusals, Sales
from ..operations.sales_report import sales_of
from ..operations.sales_rows import write_csv
from ..staff.decisions import DecisionCode, DecisionRefused
from .staff_access import answered
from .staff_cases import in_channel
from .staff_types import StaffError
from .types import InsuranceMoney, errors_field, money_of

MAX_DAYS = 1_100
"""Largest length of a period, in days."""
MAX_SHOWN_DAYS = 400
"""Largest number of days that are listed; the CSV file has all."""


def _count(name: str) -> graphene.Int:
    return graphene.Int(required=True, description=f"{MEANINGS[name].capitalize()}.")


def _amount(name: str) -> graphene.Field:
    return graphene.Field(
        InsuranceMoney, required=True, description=f"{MEANINGS[name].capitalize()}."
    )


class StaffFigures(graphene.ObjectType):
    """What was offered, sold and declined in one period, in one currency."""

    class Meta:
        name = "InsuranceFigures"

    shown = _count("shown")
    answered_no = _count("answered_no")
    sold = _count("sold")
    declined = _count("declined")
    attach_rate = graphene.String(
        description="Sold / (sold + declined), from 0 to 1, as an exact text; null without either."
    )
    confirmed = _count("confirmed")
    cancelled = _count("cancelled")
    void = _count("void")
    waiting = _count("waiting")
    premium = _amount("premium")
    tax = _amount("tax")
    tax_unknown = _count("tax_unknown")
    tax_not_on_line = _count("tax_not_on_line")
    absorbed = _amount("absorbed")
    due_back = _amount("due_back")


class StaffDay(graphene.ObjectType):
    """The figures of one UTC day."""

    class Meta:
        name = "InsuranceDay"

    day = graphene.Field(Date, required=True, description="The day, in UTC.")
    figures = graphene.Field(StaffFigures, required=True, description="What happened on it.")


class StaffMarket(graphene.ObjectType):
    """One channel's sales in one currency; figures of two markets are never added up."""

    class Meta:
        name = "InsuranceMarket"

    channel = graphene.String(required=True, description="Slug of the channel.")
    currency = graphene.String(required=True, description="Code of ISO 4217: USD.")
    total = graphene.Field(StaffFigures, required=True, description="Of the whole period.")
    days = graphene.List(
        graphene.NonNull(StaffDay),
        required=True,
        description=f"Every day of the period, oldest first; of one longer than {MAX_SHOWN_DAYS} "
        "days, the last ones.",
    )


class StaffRefusals(graphene.ObjectType):
    """Requests for an offer that were refused in one channel for one reason."""

    class Meta:
        name = "InsuranceRefusals"

    channel = graphene.String(required=True, description="Slug of the channel.")
    code = graphene.String(required=True, description="The reason: an InsuranceErrorCode.")
    requests = graphene.Int(required=True, description="How many requests.")
    why = graphene.String(required=True, description="What it means; may be empty.")


class StaffSalesResult(graphene.ObjectType):
    """The sales of a period, or one error."""

    class Meta:
        name = "InsuranceSalesResult"

    markets = graphene.List(
        graphene.NonNull(StaffMarket),
        required=True,
        description="By channel and currency; empty if nothing was offered, and beside an error.",
    )
    refusals = graphene.List(
        graphene.NonNull(StaffRefusals),
        required=True,
        description="Why requests got no offer, the most frequent reason first.",
    )
    csv = graphene.String(
        description="All days of the period as a CSV file. Null beside an error, and if it could "
        "not be read."
    )
    errors = errors_field(StaffError)

    @staticmethod
    def resolve_csv(result: Any, _info: Any) -> str | None:
        if not result.csv:
            return None
        out = io.StringIO()
        write_csv(result.csv, out)
        return out.getvalue()


class StaffSalesQuery(graphene.ObjectType):
    """The field of the query that tells what was sold."""

    insurance_sales = graphene.Field(
        StaffSalesResult,
        required=True,
        first=graphene.Argument(Date, required=True, description="First day, in UTC."),
        last=graphene.Argument(Date, required=True, description="Last day, in UTC, inclusive."),
        channel=graphene.String(description="Only the channel of this slug."),
        description="For staff: what was offered, sold and declined in the channels they may "
        "manage.",
    )

    @staticmethod
    def resolve_insurance_sales(
        _root: Any, info: Any, first: date, last: date, channel: str | None = None
    ) -> StaffSalesResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            sales = sales_of(_period(first, last, in_channel(channel, channel_ids)))
            return {
                "markets": [_market_of(sales, market) for market in sales.markets],
                "refusals": [_refusals_of(refusals) for refusals in sales.refusals],
                "csv": sales,
            }

        empty: dict[str, Any] = {"markets": [], "refusals": [], "csv": None}
        return answered(info, StaffSalesResult, work, empty=empty)


def _period(first: date, last: date, channel_ids: Collection[int]) -> Period:
    """Return the period of two days. Raise ``DecisionRefused`` for one that cannot be."""
    if not 0 <= (last - first).days < MAX_DAYS or last == date.max:
        raise DecisionRefused(
            DecisionCode.BAD_INPUT,
            f"A period has 1 to {MAX_DAYS} days, and first is not after last.",
        )
    midnight = time(tzinfo=UTC)
    end = datetime.combine(last + timedelta(days=1), midnight)
    return Period(datetime.combine(first, midnight), end, sorted(channel_ids))


def _market_of(sales: Sales, market: Market) -> StaffMarket:
    days = list(sales.every_day(market))[-MAX_SHOWN_DAYS:]
    return StaffMarket(
        channel=market.channel,
        currency=market.currency,
        total=_figures_of(sales.total(market)),
        days=[StaffDay(day=day, figures=_figures_of(figures)) for day, figures in days],
    )


def _figures_of(figures: Figures) -> StaffFigures:
    values = {field.name: _value(getattr(figures, field.name)) for field in fields(figures)}
    rate: Decimal | None = figures.attach_rate
    return StaffFigures(**values, attach_rate=None if rate is None else str(rate))


def _value(value: int | Money) -> int | InsuranceMoney | None:
    return money_of(value) if isinstance(value, Money) else value


def _refusals_of(refusals: Refusals) -> StaffRefusals:
    return StaffRefusals(**refusals._asdict())
