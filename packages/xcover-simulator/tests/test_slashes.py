"""Paths exactly as XCover has them, below both bases."""

import pytest

from testkit.partner import offer_request

PATHS = [
    ("create_offer", "POST", "/offers/"),
    ("confirm", "POST", "/offers/unknown/confirm/"),
    ("opt_out", "POST", "/offers/unknown/opt_out/"),
    ("list_bookings", "GET", "/bookings/"),
    ("get_booking", "GET", "/bookings/unknown/"),
    ("modify", "PATCH", "/bookings/unknown/"),
    ("preview_modification", "PATCH", "/bookings/unknown/quote_for_update"),
    ("confirm_modification", "POST", "/bookings/unknown/confirm_update/unknown/"),
    ("cancel", "POST", "/bookings/unknown/cancel"),
    ("confirm_cancellation", "POST", "/bookings/unknown/confirm_cancellation/unknown/"),
    ("send_email", "POST", "/bookings/unknown/send_email"),
]


@pytest.mark.parametrize("base", ["/x", "/xcover"])
@pytest.mark.parametrize(("operation", "method", "path"), PATHS)
def test_reaches_the_operation(operation, method, path, base, partner, simulator):
    # when
    base_url = simulator.base_url.removesuffix("/x") + base
    partner.send(method, path, {}, base_url=base_url)
    # then
    assert simulator.state()["counts"] == {operation: 1}


@pytest.mark.parametrize(("operation", "method", "path"), PATHS)
def test_another_slash_is_not_found_and_not_redirected(operation, method, path, partner, simulator):
    # given
    wrong = path.removesuffix("/") if path.endswith("/") else path + "/"
    # when
    response = partner.send(method, wrong, offer_request())
    # then
    assert response.status_code == 404
    assert "location" not in response.headers
    assert simulator.state()["counts"] == {"unknown": 1}


def test_every_answer_says_that_it_is_simulated(partner, simulator):
    # when
    answers = [
        partner.send("POST", "/offers/", offer_request()),
        partner.send("POST", "/offers/", offer_request(), secret="wrong"),
        partner.send("POST", "/nowhere", {}),
        partner.send("PATCH", "/offers/", {}),
    ]
    # then
    assert [response.status_code for response in answers] == [200, 403, 404, 405]
    assert {response.headers["X-XCover-Simulated"] for response in answers} == {"true"}
