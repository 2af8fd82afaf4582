"""What an error of XCover's says, and what it means for the call that met it."""

import pytest

from saleor_xcover_plugin.xcover.errors import (
    XCoverAlreadyBooked,
    XCoverError,
    XCoverMisconfigured,
    XCoverRejected,
    XCoverUnavailable,
)


def test_an_error_names_what_cover_genius_would_ask_for():
    error = XCoverError("confirm: refused", status=422, code="invalid", error_id="a1b2")

    assert str(error) == "confirm: refused (HTTP 422, invalid, id a1b2)"
    assert (error.status, error.code, error.error_id) == (422, "invalid", "a1b2")


@pytest.mark.parametrize(
    ("details", "text"),
    [
        ({}, "confirm: refused"),
        ({"status": 422}, "confirm: refused (HTTP 422)"),
        ({"code": "invalid"}, "confirm: refused (invalid)"),
        ({"error_id": "a1b2"}, "confirm: refused (id a1b2)"),
    ],
)
def test_what_is_not_known_is_not_named(details, text):
    error = XCoverError("confirm: refused", **details)

    assert str(error) == text
    assert (error.fields, error.retry_after, error.never_left) == ((), None, False)


@pytest.mark.parametrize("status", [401, 403, 429])
def test_who_was_turned_away_was_not_looked_at(status):
    assert XCoverUnavailable("x", status=status).was_turned_away


@pytest.mark.parametrize("status", [None, 200, 400, 402, 404, 409, 422, 428, 430, 500])
def test_other_answers_may_have_done_something(status):
    assert not XCoverUnavailable("x", status=status).was_turned_away
    assert XCoverMisconfigured("x", status=status).was_turned_away


@pytest.mark.parametrize(
    ("status", "is_shown"),
    [
        (None, True),
        (200, False),
        (399, False),
        (400, True),
        (409, False),
        (422, True),
        (500, False),
    ],
)
def test_a_plain_refusal_shows_that_nothing_was_done(status, is_shown):
    assert XCoverRejected("x", status=status).shows_not_done is is_shown
    assert not XCoverAlreadyBooked("x", booking_id="A-INS", status=status).shows_not_done
    assert not XCoverUnavailable("x", status=status).shows_not_done
