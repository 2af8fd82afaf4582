"""Money is exact."""

from decimal import ROUND_UP, Decimal, localcontext

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


@pytest.mark.parametrize(
    ("amount", "digits"), [("6.665", "6.66"), ("6.675", "6.68"), ("7", "7.00")]
)
def test_half_a_cent_is_rounded_to_the_even_one_whatever_the_process_rounds_by(amount, digits):
    with localcontext(rounding=ROUND_UP):
        rounded = Money(Decimal(amount), "USD").rounded()

    assert rounded == Money(Decimal(digits), "USD")
    assert str(rounded) == f"{digits} USD"


def test_the_smallest_amount_there_is_can_be_paid():
    assert Money(Decimal("0.01"), "USD").is_payable()
    assert not Money(Decimal(0), "USD").is_payable()


def test_equal_money_is_one_entry_of_a_table_and_other_money_another():
    money = Money(Decimal("6.66"), "USD")

    assert len({money, Money(Decimal("6.660"), "USD")}) == 1
    assert hash(money) != hash(Money(Decimal("6.67"), "USD"))
    assert hash(money) != hash(Money(Decimal("6.66"), "EUR"))
    assert money != Money(Decimal("6.66"), "EUR")
    assert money != Decimal("6.66")


def test_what_goes_wrong_with_money_is_said():
    with pytest.raises(TypeError, match=r"^money needs a Decimal, got float$"):
        Money(6.66, "USD")  # type: ignore[arg-type]
    with pytest.raises(CurrencyMismatch, match=r"^USD and EUR$"):
        Money(Decimal(1), "USD") - Money(Decimal(1), "EUR")


def test_sums_keep_their_currency():
    one, half = Money(Decimal(1), "USD"), Money(Decimal("0.50"), "USD")

    assert (one + half, one - half) == (Money(Decimal("1.50"), "USD"), half)
