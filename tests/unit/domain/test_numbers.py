"""A text of digits is a number, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.numbers import LARGEST_INTEGER, LARGEST_KEY, whole_number


@pytest.mark.parametrize(
    "text", ["", "²", "٣", "-1", "+1", " 1", "1.0", "1e3", "0x1", "9" * 5000, str(LARGEST_KEY + 1)]
)
def test_what_is_no_number_is_nothing(text):
    assert whole_number(text) is None


def test_the_largest_numbers_are_those_of_postgresql():
    # https://www.postgresql.org/docs/current/datatype-numeric.html
    assert LARGEST_INTEGER == 2_147_483_647
    assert LARGEST_KEY == 9_223_372_036_854_775_807


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("9", 9), ("15", 15), ("16", None), ("100", None)]
)
def test_a_number_up_to_the_most_is_read(text, number):
    assert whole_number(text, most=15) == number


def test_the_largest_key_is_a_number():
    assert whole_number("9223372036854775807") == LARGEST_KEY


@given(st.integers(0, LARGEST_KEY))
def test_a_number_is_read(number):
    assert whole_number(str(number)) == number


@given(st.text(), st.integers(0, 1000))
def test_whatever_is_written_is_a_number_up_to_the_most_or_nothing(text, most):
    number = whole_number(text, most=most)

    assert number is None or 0 <= number <= most
