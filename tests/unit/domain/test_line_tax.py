"""The tax a line carries: XCover's net, and the price from which Saleor computes the rest."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.line_tax import NOT_REPRESENTABLE, LineTax, TaxRate

PREMIUM, TAX, NET = Decimal("6.66"), Decimal("0.71"), Decimal("5.95")
cents = st.integers(0, 10**7).map(lambda n: Decimal(n) / 100)


def test_where_prices_include_tax_saleor_starts_from_the_premium():
    line = LineTax.of(PREMIUM, TAX, TaxRate(Decimal(12), is_included=True))

    assert (line.net, line.price) == (NET, PREMIUM)


def test_where_it_is_added_saleor_starts_from_the_net():
    line = LineTax.of(PREMIUM, TAX, TaxRate(Decimal(12), is_included=False))

    assert (line.net, line.price) == (NET, NET)


@given(premium=cents, tax=cents, percent=cents, is_included=st.booleans())
def test_what_is_stored_is_read_again(premium, tax, percent, is_included):
    line = LineTax.of(premium, tax, TaxRate(percent, is_included))

    assert LineTax.from_json(json.loads(json.dumps(line.as_json()))) == line


@pytest.mark.parametrize("stored", [None, NOT_REPRESENTABLE])
def test_a_line_at_0_percent_carries_none(stored):
    assert LineTax.from_json(stored) is None


def test_the_same_rate_is_the_same_however_it_is_written():
    assert TaxRate(Decimal("12.000"), is_included=True) == TaxRate(Decimal(12), is_included=True)
