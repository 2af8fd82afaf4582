"""Calls leave evenly: no second holds more of them than Cover Genius allows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.rates import AHEAD, FIRST_OFFERS_WAITING, Lane, Rates, turn

NOW = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def most_in_a_second(times: list[datetime]) -> int:
    return max(sum(start <= other < start + SECOND for other in times) for start in times)


@given(
    arrivals=st.lists(st.integers(0, 30_000), min_size=1, max_size=120),
    rate=st.sampled_from([2, 20, 50]),
)
def test_no_second_holds_more_calls_than_allowed(arrivals: list[int], rate: int) -> None:
    # given a queue at a rate, and calls that come whenever they come (milliseconds)
    (gap,) = Rates.agreed(Decimal(rate)).queues_of(Lane.CONFIRM).values()
    free, left = None, []
    for arrival in sorted(arrivals):
        # when each waits for its turn; nobody may wait further than the queue looks ahead
        now = NOW + timedelta(milliseconds=arrival)
        leaves_at = turn(free, now)
        if leaves_at - now > SECOND:
            continue
        free = leaves_at + gap
        left.append(leaves_at)
    # then
    assert most_in_a_second(left) <= rate


def test_a_turn_far_ahead_is_another_machines_wrong_clock() -> None:
    assert turn(NOW + AHEAD, NOW) == NOW + AHEAD
    assert turn(NOW + AHEAD + SECOND, NOW) == NOW


def test_offers_never_take_what_confirmations_need() -> None:
    queues = Rates.agreed(Decimal(50)).queues_of(Lane.OFFER)

    assert set(queues) == {"selling", "offers"}
    assert queues["offers"] > queues["selling"]
    # 50 x 0.94 calls per second in all, 0.6 of them for offers at most
    assert round(SECOND / queues["selling"], 1) == 47.0
    assert round(SECOND / queues["offers"], 1) == 28.2


def test_other_calls_have_a_rate_of_their_own() -> None:
    assert set(Rates.agreed(Decimal(50)).queues_of(Lane.OTHER)) == {"other"}


def test_test_keys_have_one_rate_for_everything() -> None:
    rates = Rates.agreed(Decimal(2))

    assert {tuple(rates.queues_of(lane)) for lane in (Lane.CONFIRM, Lane.OTHER)} == {("selling",)}


def test_each_kind_of_call_leaves_as_often_as_it_may() -> None:
    usual, test_keys = Rates(), Rates.agreed(Decimal(2))

    assert (usual.selling, usual.other) == (Decimal(50), Decimal(20))
    # of each rate 0.94 is used
    assert round(SECOND / usual.queues_of(Lane.CONFIRM)["selling"], 1) == 47.0
    assert round(SECOND / usual.queues_of(Lane.OTHER)["other"], 1) == 18.8
    assert round(SECOND / test_keys.queues_of(Lane.OTHER)["selling"], 2) == 1.88
    assert set(test_keys.queues_of(Lane.OFFER)) == {"selling", "offers"}


def test_a_small_agreement_holds_for_other_calls_too() -> None:
    rates = Rates.agreed(Decimal(3))

    assert (rates.selling, rates.other, rates.is_one_for_all) == (Decimal(3), Decimal(3), False)
    assert Rates.agreed(Decimal(400)).other == Decimal(20)


def test_a_free_queue_is_left_at_once() -> None:
    assert turn(None, NOW) == NOW
    assert turn(NOW - SECOND, NOW) == NOW
    assert turn(NOW + SECOND, NOW) == NOW + SECOND


@pytest.mark.parametrize(
    ("agreed", "milliseconds"), [("2", 1000), ("4", 1000), ("20", 355), ("50", 150), ("200", 150)]
)
def test_first_offers_keep_few_processes_of_the_website_waiting(
    agreed: str, milliseconds: int
) -> None:
    rates = Rates.agreed(Decimal(agreed))

    assert round(rates.first_offer_wait / timedelta(milliseconds=1)) == milliseconds
    turns = rates.first_offer_wait / rates.queues_of(Lane.OFFER)["offers"]
    assert turns < FIRST_OFFERS_WAITING + 1 or agreed == "200"
