"""What the benchmarks compute from their laps."""

from __future__ import annotations

import time

import pytest

from bench.measures import Inside, Ratio, Spread

POLL_INTERVAL = 0.02


def test_a_ratio_of_steady_laps_has_no_interval() -> None:
    assert Ratio.of([0.3] * 20, [0.2] * 20) == Ratio(1.5, 1.5, 1.5)


def test_what_strikes_both_of_a_pair_does_not_widen_the_interval() -> None:
    off = [0.2, 0.25, 0.22, 0.31, 0.19, 0.24, 0.27, 0.21]
    on = [each * 1.1 for each in off]

    assert Ratio.of(on, off) == Ratio(1.1, 1.1, 1.1)


def test_pairs_that_scatter_say_how_sure_the_ratio_is() -> None:
    off = [0.2] * 8
    on = [0.18, 0.25, 0.22, 0.31, 0.19, 0.24, 0.27, 0.21]

    found = Ratio.of(on, off)

    assert found.value == 1.15
    assert found.low < 1.0 < found.value < found.high
    assert Ratio.of(on, off) == found


def test_a_lap_without_its_partner_is_no_ratio() -> None:
    with pytest.raises(ValueError):
        Ratio.of([0.2, 0.3], [0.2])


def test_a_spread_keeps_the_outlier_out_of_the_median() -> None:
    assert Spread.of([1.0, 2.0, 3.0, 4.0, 100.0]) == Spread(5, 3.0, 2.0, 4.0, 100.0)
    assert Spread.of([7.0]) == Spread(1, 7.0, 7.0, 7.0, 7.0)


def test_nothing_measured_is_no_spread() -> None:
    with pytest.raises(ValueError):
        Spread.of([])


def test_what_a_timed_call_calls_is_part_of_it_and_not_counted_again() -> None:
    inside = Inside()
    send = inside.timed(lambda: time.sleep(POLL_INTERVAL))
    hook = inside.timed(lambda: (time.sleep(POLL_INTERVAL), send()))

    started = time.perf_counter()
    hook()
    at_most = time.perf_counter() - started

    assert 2 * POLL_INTERVAL <= inside.take() <= at_most
    assert inside.take() == 0


def test_a_timed_call_that_fails_is_counted_and_fails() -> None:
    inside = Inside()

    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        inside.timed(fail)()

    assert inside.take() > 0
    inside.timed(lambda: time.sleep(POLL_INTERVAL))()
    assert inside.take() >= POLL_INTERVAL
