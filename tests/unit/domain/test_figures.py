"""Figures add up within one market, and never across currencies."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.money import CurrencyMismatch, Money
from saleor_xcover_plugin.domain.sales_figures import AMOUNTS, MEANINGS, Figures, Market, Sales

FIRST = date(2026, 11, 1)
LAST = FIRST + timedelta(days=9)
COUNTS = ("shown", "answered_no", "sold", "declined", "confirmed", "cancelled", "void", "waiting")

markets = st.builds(
    Market, st.sampled_from(["hall", "stadium"]), st.sampled_from(["USD", "EUR", "JPY"])
)
days = st.integers(0, 9).map(lambda number: FIRST + timedelta(days=number))
known = st.fixed_dictionaries(
    {name: st.integers(0, 10**6) for name in (*COUNTS, "tax_unknown")}
    | {name: st.decimals(0, 10**9, places=3) for name in AMOUNTS}
)


@st.composite
def sales(draw):
    drawn = draw(st.dictionaries(st.tuples(markets, days), known, max_size=20))
    by_day = {key: Figures.of(key[0].currency, **values) for key, values in drawn.items()}
    return Sales(FIRST, LAST, by_day)


@given(sales())
def test_a_total_is_the_sum_of_its_days_and_of_no_other_currency(report):
    for market in report.markets:
        total = report.total(market)
        days = [figures for (of, _), figures in report.by_day.items() if of == market]
        for name in COUNTS:
            assert getattr(total, name) == sum(getattr(day, name) for day in days)
        for name in AMOUNTS:
            amounts = [getattr(day, name).amount for day in days]
            assert getattr(total, name) == Money(sum(amounts, Decimal(0)), market.currency)


@given(sales())
def test_every_day_has_its_place_and_the_quiet_ones_are_nothing(report):
    for market in report.markets:
        days = list(report.every_day(market))
        assert [day for day, _ in days] == [FIRST + timedelta(days=n) for n in range(10)]
        quiet = [figures for day, figures in days if (market, day) not in report.by_day]
        assert quiet == [Figures.of(market.currency)] * len(quiet)
        assert [day for day in days if (market, day[0]) in report.by_day] == list(
            report.busy_days(market)
        )


def test_two_currencies_are_never_added():
    with pytest.raises(CurrencyMismatch):
        Figures.of("USD", sold=1) + Figures.of("EUR", sold=1)


@pytest.mark.parametrize(
    ("sold", "declined", "rate"),
    [(3, 4, "0.4286"), (1, 0, "1.0000"), (0, 5, "0.0000"), (0, 0, None)],
)
def test_the_attach_rate_is_of_orders_placed_after_an_offer_was_seen(sold, declined, rate):
    figures = Figures.of("USD", sold=sold, declined=declined, shown=100, answered_no=50)

    assert figures.attach_rate == (None if rate is None else Decimal(rate))


def test_every_figure_says_what_it_counts():
    figures = Figures.of("USD")

    assert {name for name in MEANINGS if not hasattr(figures, name)} == set()
    assert set(Figures.__slots__) <= set(MEANINGS)


def test_what_is_not_known_is_nothing_of_its_currency():
    figures = Figures.of("JPY", sold=2, premium=Decimal(700))

    assert (figures.sold, figures.declined, figures.tax_unknown) == (2, 0, 0)
    assert figures.premium == Money(Decimal(700), "JPY")
    assert figures.tax == figures.absorbed == figures.due_back == Money(Decimal(0), "JPY")


def test_markets_stand_in_the_order_of_their_names():
    hall, stadium = Market("hall", "USD"), Market("stadium", "EUR")
    nothing = {
        (stadium, FIRST): Figures.of("EUR"),
        (hall, LAST): Figures.of("USD"),
        (hall, FIRST): Figures.of("USD"),
    }

    assert Sales(FIRST, LAST, nothing).markets == [hall, stadium]
