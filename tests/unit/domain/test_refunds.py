"""What money that went back was for."""

import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.refunds import (
    Intention,
    LineCount,
    Refunded,
    RefundScope,
    attribute,
    scope_of_pieces,
)

TICKETS, SHIRT, COVER = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)
LINES = (LineCount(TICKETS, "11", 2), LineCount(SHIRT, "12", 1))


def back(pieces, plain="0"):
    money = Decimal(10) * sum(pieces.values())
    return Refunded(money + Decimal(plain), pieces=pieces, by_lines=money)


@pytest.mark.parametrize(
    ("refunded", "scope"),
    [
        (back({}), RefundScope.NOTHING),
        (back({SHIRT: 1}), RefundScope.NOTHING),
        (back({SHIRT: 1}, plain="5"), RefundScope.MONEY),
        (back({}, plain="0.01"), RefundScope.MONEY),
        (back({COVER: 1}), RefundScope.COVER),
        (back({TICKETS: 1}), RefundScope.SOME_TICKETS),
        (back({TICKETS: 1, COVER: 1}), RefundScope.SOME_TICKETS),
        (back({TICKETS: 2}), RefundScope.TICKETS),
        (back({TICKETS: 2}, plain="1"), RefundScope.TICKETS),
        (back({TICKETS: 2, COVER: 1}), RefundScope.EVERYTHING),
        (back({TICKETS: 3, COVER: 1}), RefundScope.EVERYTHING),
    ],
)
def test_what_pieces_mean_for_the_policy(refunded, scope):
    assert scope_of_pieces(refunded, LINES, insured={"11"}, cover_lines=[COVER]) == scope


def test_an_order_without_insured_tickets_has_no_tickets_to_refund():
    scope = scope_of_pieces(back({SHIRT: 1}), LINES, insured=(), cover_lines=[COVER])

    assert scope == RefundScope.NOTHING


def test_an_intention_counts_once_that_much_money_went_back():
    grant = Intention(Decimal(100), {TICKETS: 1})

    assert attribute(Decimal("99.99"), [grant]).pieces == {}
    paid = attribute(Decimal(100), [grant])
    assert (paid.pieces, paid.plain_money) == ({TICKETS: 1}, 0)


def test_what_the_host_calls_done_counts_first():
    open_grant = Intention(Decimal(100), {TICKETS: 2})
    done = Intention(Decimal(60), {COVER: 1}, is_done=True)

    refunded = attribute(Decimal(100), [open_grant, done])

    assert (refunded.pieces, refunded.plain_money) == ({COVER: 1}, Decimal(40))


def test_an_intention_without_lines_is_plain_money():
    refunded = attribute(Decimal(50), [Intention(Decimal(50), is_done=True)])

    assert (refunded.pieces, refunded.plain_money) == ({}, Decimal(50))


AMOUNTS = st.decimals(0, 500, places=2)
INTENTIONS = st.lists(
    st.builds(
        Intention,
        AMOUNTS,
        st.dictionaries(st.sampled_from([TICKETS, SHIRT, COVER]), st.integers(1, 3)),
        st.booleans(),
    )
)


@given(AMOUNTS, INTENTIONS)
def test_no_more_is_attributed_than_went_back(amount, intentions):
    refunded = attribute(amount, intentions)

    assert refunded.amount == amount
    assert 0 <= refunded.by_lines <= amount
    assert refunded.plain_money >= 0
    for line_id, count in refunded.pieces.items():
        assert count <= sum(one.pieces.get(line_id, 0) for one in intentions)
