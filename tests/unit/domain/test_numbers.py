"""A text of digits is a number, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.numbers import LARGEST_KEY, whole_number


@pytest.mark.parametrize(
    "text", ["", "²", "٣", "-1", "+1", " 1", "1.0", "1e3", "0x1", "9" * 5000, str(LARGEST_KEY + 1)]
)
def test_what_is_no_number_is_nothing(text):
    assert whole_number(text) is None


@given(st.integers(0, LARGEST_KEY))
def test_a_number_is_read(number):
    assert whole_number(str(number)) == number


@given(st.text(), st.integers(0, 1000))
def test_whatever_is_written_is_a_number_up_to_the_most_or_nothing(text, most):
    number = whole_number(text, most=most)

    assert number is None or 0 <= number <= most
