"""Rates as Django REST framework limits them: a sliding second, refusals uncounted."""

from datetime import UTC, datetime, timedelta

import pytest

from testkit.partner import offer_request
from xcover_simulator.refusals import Refusal
from xcover_simulator.throttle import Throttle

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def admits(throttle, operation, seconds, *, selling=3, other=2):
    """Tell whether a call ``seconds`` after NOW is taken."""
    at = NOW + timedelta(seconds=seconds)
    try:
        throttle.admit(operation, at, selling_per_second=selling, other_per_second=other)
    except Refusal:
        return False
    return True


def test_the_call_above_the_limit_is_refused_and_changes_nothing(partner, simulator):
    # given one confirmation or offer a second
    offer = partner.offer()
    simulator.settings(selling_per_second=1, now_offset_seconds=3600)
    partner.offer()
    # when
    response = partner.confirm(offer, key="k-1")
    # then
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "1"
    assert response.json() == {
        "type": "api_error",
        "message": "Request was throttled. Expected available in 1 second.",
    }
    state = simulator.state()
    assert state["throttled"]["refused"] == {"selling": 1, "other": 0}
    assert state["bookings"] == []
    # and the key is not used up
    simulator.settings(selling_per_second=None)
    assert partner.confirm(offer, key="k-1").status_code == 200


def test_a_429_may_keep_its_time_to_itself(partner, simulator):
    simulator.settings(selling_per_second=1, retry_after_when_throttled=False)
    partner.offer()

    response = partner.send("POST", "/offers/", offer_request())

    assert response.status_code == 429
    assert "Retry-After" not in response.headers


def test_everything_else_shares_a_limit_of_its_own(partner, simulator):
    booking = partner.booking()
    simulator.settings(other_per_second=1)

    answers = [partner.send("GET", f"/bookings/{booking['id']}/").status_code for _ in range(3)]

    assert answers == [200, 429, 429]
    partner.offer()
    assert simulator.state()["throttled"]["refused"] == {"selling": 0, "other": 2}


def test_any_number_is_taken_until_a_limit_is_set(partner, simulator):
    for _ in range(30):
        partner.offer()

    assert simulator.state()["throttled"]["refused"] == {"selling": 0, "other": 0}
    assert len(simulator.state()["offers"]) == 30


def test_an_unsigned_call_is_refused_before_it_is_counted(partner, simulator):
    simulator.settings(selling_per_second=1)

    response = partner.send("POST", "/offers/", offer_request(), secret="wrong")

    assert response.status_code == 403
    assert partner.offer()["id"]


def test_the_window_slides_and_what_it_refused_does_not_count():
    throttle = Throttle()

    taken = [admits(throttle, "confirm", at) for at in (0, 0.2, 0.4, 0.6, 0.999, 1.0, 1.1, 1.2)]

    assert taken == [True, True, True, False, False, True, False, True]
    assert throttle.shown()["refused"]["selling"] == 3
    assert throttle.shown()["busiest_second"]["selling"] == 3


@pytest.mark.parametrize(
    ("operation", "lane"),
    [
        ("create_offer", "selling"),
        ("confirm", "selling"),
        ("opt_out", "other"),
        ("cancel", "other"),
        ("confirm_cancellation", "other"),
        ("get_booking", "other"),
    ],
)
def test_offers_and_confirmations_are_one_lane(operation, lane):
    throttle = Throttle()

    assert admits(throttle, operation, 0, selling=1, other=1)
    assert not admits(throttle, operation, 0.5, selling=1, other=1)

    assert throttle.shown()["refused"][lane] == 1


def test_a_clock_set_back_does_not_block_for_long():
    throttle = Throttle()
    for _ in range(3):
        assert admits(throttle, "confirm", 3600)

    assert admits(throttle, "confirm", 0)
