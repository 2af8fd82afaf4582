"""XCover that does not answer is left alone, and found again soon after it is back."""

from datetime import UTC, datetime, timedelta

from saleor_xcover_plugin.domain.breaker import (
    FIRST_COOLDOWN,
    MAX_COOLDOWN,
    PEEK,
    PROBE,
    THRESHOLD,
    Breaker,
)

NOW = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)


def failed(times: int, breaker: Breaker | None = None) -> Breaker:
    breaker = breaker or Breaker()
    for _ in range(times):
        breaker = breaker.failed(NOW)
    return breaker


def test_a_few_failures_hold_nobody_back() -> None:
    assert failed(THRESHOLD - 1).deferred_until(NOW) is None
    assert not failed(THRESHOLD - 1).is_open


def test_failures_in_a_row_open_it() -> None:
    breaker = failed(THRESHOLD)

    assert breaker.is_open
    assert breaker.failures == THRESHOLD  # as xcover_status shows it
    assert breaker.opened_at == NOW
    assert breaker.deferred_until(NOW) == NOW + FIRST_COOLDOWN


def test_an_answer_in_between_starts_the_count_anew() -> None:
    breaker = failed(THRESHOLD - 1, failed(THRESHOLD - 1).answered())

    assert not breaker.is_open


def test_after_the_rest_one_call_tries_and_the_others_wait_for_it() -> None:
    later = NOW + FIRST_COOLDOWN
    breaker = failed(THRESHOLD)

    assert breaker.deferred_until(later) is None
    trying = breaker.trying(later)
    assert trying.deferred_until(later) == later + PEEK
    assert trying.deferred_until(later + PROBE - timedelta(seconds=1)) == later + PROBE
    assert trying.deferred_until(later + PROBE) is None  # the one that tried has died


def test_a_try_that_is_not_made_leaves_it_to_the_next_call() -> None:
    trying = failed(THRESHOLD).trying(NOW)

    breaker = trying.untried(NOW)

    assert (breaker.is_open, breaker.is_trying, breaker.deferred_until(NOW)) == (True, False, None)
    assert failed(1).untried(NOW) == failed(1)


def test_a_failed_try_is_a_rest_again() -> None:
    trying = failed(THRESHOLD).trying(NOW)

    breaker = trying.failed(NOW)

    assert not breaker.is_trying
    assert breaker.deferred_until(NOW) == NOW + 2 * FIRST_COOLDOWN


def test_each_failed_try_doubles_the_rest_up_to_the_longest() -> None:
    breaker, rests = failed(THRESHOLD), []
    for _ in range(6):
        breaker = breaker.failed(NOW)
        deferred_until = breaker.deferred_until(NOW)
        assert deferred_until is not None
        rests.append((deferred_until - NOW).total_seconds())

    assert rests == [30, 60, 120, 120, 120, 120]
    assert timedelta(seconds=rests[-1]) == MAX_COOLDOWN
    assert breaker.opened_at == NOW  # of the first failure that opened it


def test_an_answer_closes_it() -> None:
    closed = failed(THRESHOLD + 3).answered()

    assert (closed.failures, closed.trips, closed.is_trying) == (0, 0, False)
    assert (closed.open_until, closed.opened_at) == (None, None)


def test_a_rest_longer_than_any_is_a_wrong_clocks_and_holds_nobody_back() -> None:
    assert Breaker(open_until=NOW + timedelta(hours=1)).deferred_until(NOW) is None


def test_months_without_xcover_are_counted_no_further_than_rests_grow() -> None:
    assert failed(THRESHOLD + 30).trips == 10
    assert failed(THRESHOLD).trips == 1


def test_an_unopened_breaker_tries_nothing() -> None:
    assert failed(THRESHOLD - 1).trying(NOW) == failed(THRESHOLD - 1)
    assert failed(THRESHOLD - 1).failures == THRESHOLD - 1


def test_the_longest_rest_and_its_try_hold_back_and_nothing_longer() -> None:
    latest = NOW + MAX_COOLDOWN + PROBE

    assert Breaker(open_until=latest).deferred_until(NOW) == latest
    assert Breaker(open_until=latest + timedelta(seconds=1)).deferred_until(NOW) is None
