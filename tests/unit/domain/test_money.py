"""Money is exact."""

from decimal import Decimal

import pytest

from saleor_xcover_plugin.domain.money import CurrencyMismatch, Money


def test_three_decimals_of_saleors_columns_are_the_same_amount():
    assert Money(Decimal("6.660"), "USD") == Money(Decimal("6.66"), "USD")
    assert hash(Money(Decimal("6.660"), "USD")) == hash(Money(Decimal("6.66"), "USD"))


def test_amounts_of_two_currencies_never_meet():
    with pytest.raises(CurrencyMismatch):
        Money(Decimal(1), "USD") + Money(Decimal(1), "EUR")


def test_a_float_is_no_money():
    with pytest.raises(TypeError):
        Money(6.66, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "currency", "is_payable"),
    [
        ("6.66", "USD", True),
        ("6.665", "USD", False),
        ("7", "JPY", True),
        ("6.66", "JPY", False),
        ("6.666", "KWD", True),
        ("0", "USD", False),
        ("-1", "USD", False),
    ],
)
def test_a_payable_amount_has_no_more_digits_than_its_currency(amount, currency, is_payable):
    assert Money(Decimal(amount), currency).is_payable() is is_payable


def test_an_amount_is_written_with_its_currencys_digits():
    assert Money(Decimal("6.660"), "USD").digits() == "6.66"
    assert Money(Decimal("7.000"), "JPY").digits() == "7"
