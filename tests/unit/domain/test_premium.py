"""The price of the cover line beside a percentage off the order: searched, never guessed."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.money import Money, quantum
from saleor_xcover_plugin.domain.premium import MAX_CORRECTION, Totals, corrections

PREMIUM = Decimal("6.66")


def totals(total="206.66", cover="6.66", lines=1, voucher=None):
    return Totals(Decimal(total), Decimal(cover), lines, voucher)


@pytest.mark.parametrize(
    ("case", "with_cover", "is_exact"),
    [
        ("tickets plus premium", totals(), True),
        ("a cent too much", totals("206.67"), False),
        ("a cent too little", totals("206.65"), False),
        ("the right sum, another line price", totals(cover="6.65"), False),
        ("a gift the premium brought", totals(lines=2), False),
        ("a voucher the premium brought", totals(voucher="FROM-205"), False),
    ],
)
def test_only_tickets_plus_premium_is_exact(case, with_cover, is_exact):
    alone = totals("200.00", "0")

    assert with_cover.is_exact_beside(alone, PREMIUM) is is_exact


def test_ten_per_cent_are_found_at_once():
    assert next(corrections(Money(PREMIUM, "USD"), Decimal("5.99"))) == Decimal("0.74")


@pytest.mark.parametrize("left_over", ["0", "6.66", "7.00", "0.50"])
def test_what_no_correction_helps_yields_none_or_little(left_over):
    # nothing left, nothing taken, or beyond the cap
    assert list(corrections(Money(PREMIUM, "USD"), Decimal(left_over))) == []


@given(
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
    steps=st.integers(min_value=20, max_value=100_000),
    percent=st.integers(min_value=1, max_value=70),
    tickets=st.integers(min_value=1_000, max_value=1_000_000),
)
def test_a_correction_leaves_the_premium_whole_in_the_sum(currency, steps, percent, tickets):
    """With Saleor's arithmetic written down again: percentages half up, shares half even."""
    step = quantum(currency)
    premium, alone = steps * step, tickets * step
    rest = 1 - Decimal(percent) / 100

    def discount(price):
        return price - (price * rest).quantize(step, ROUND_HALF_UP)

    def line_at(price):
        whole = alone + price
        return price - (price / whole * discount(whole)).quantize(step, ROUND_HALF_EVEN)

    found = list(corrections(Money(premium, currency), line_at(premium)))

    expected = alone - discount(alone) + premium
    # The uncorrected line is tried before all others: a premium of 0.51 may lose its cent by share.
    tried = (Decimal(0), *found)
    sums = [alone + premium + c - discount(alone + premium + c) for c in tried]
    assert line_at(premium) == premium or expected in sums
    assert all(0 < c <= MAX_CORRECTION * premium for c in found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("premium", "currency", "left_over"),
    [
        ("6.66", "USD", "0.01"),
        ("80.00", "USD", "0.01"),
        ("20000", "JPY", "1"),
        ("20", "KWD", "0.001"),
    ],
)
def test_next_to_nothing_left_over_is_given_up_at_once(premium, currency, left_over):
    """A reviewer's find: 80.00 of which 0.01 was left made a list of thousands of millions."""
    assert list(corrections(Money(Decimal(premium), currency), Decimal(left_over))) == []


@given(
    premium=st.integers(min_value=1, max_value=10**7),
    share=st.decimals(min_value="0.001", max_value="0.999", places=3),
)
def test_saleor_is_asked_a_few_dozen_times_at_most(premium, share):
    """Each correction is one more pricing under the checkout's lock."""
    whole = Decimal(premium) / 100
    left_over = (whole * share).quantize(Decimal("0.01"))

    assert len(list(corrections(Money(whole, "USD"), left_over))) <= 40
