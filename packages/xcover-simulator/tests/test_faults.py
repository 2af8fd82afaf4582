"""Every fault really is what its name says."""

import json
import socket
import time
from decimal import Decimal

import pytest
import requests

from testkit.partner import offer_request


def create(partner, **more):
    return partner.send("POST", "/offers/", offer_request(), **more)


def bookings(simulator):
    return [booking["id"] for booking in simulator.state()["bookings"]]


def test_delay_answers_late_but_normally(partner, simulator):
    # given
    simulator.fault("create_offer", "delay", seconds=0.6)
    # when
    began = time.monotonic()
    response = create(partner)
    # then
    assert time.monotonic() - began >= 0.6
    assert response.status_code == 200
    assert len(simulator.state()["offers"]) == 1


def test_a_client_that_gives_up_during_a_delay_is_booked_nevertheless(partner, simulator):
    # given
    offer = partner.offer()
    simulator.fault("confirm", "delay", seconds=0.8)
    # when
    with pytest.raises(requests.ReadTimeout):
        partner.confirm(offer, key="k-1", timeout=0.2)
    during = partner.confirm(offer, key="k-1")
    time.sleep(1)
    after = partner.confirm(offer, key="k-1")
    # then
    assert (during.status_code, after.status_code) == (423, 409)
    assert bookings(simulator) == [after.json()["id"]]


def test_drip_outlives_a_read_timeout_and_the_work_is_done(partner, simulator):
    # given
    offer = partner.offer()
    simulator.fault("confirm", "drip", interval=0.001)
    # when
    began = time.monotonic()
    response = partner.confirm(offer, timeout=0.5)
    took = time.monotonic() - began
    # then
    assert bookings(simulator) == [partner.read(response)["id"]]
    assert took >= 0.001 * len(response.content) > 2


def test_drip_stops_when_the_client_leaves(partner, simulator):
    # given
    simulator.fault("create_offer", "drip", interval=1)
    # when
    with pytest.raises(requests.ConnectionError, match="timed out"):
        create(partner, timeout=0.3)
    # then
    assert create(partner).status_code == 200


def test_hang_never_answers_and_does_nothing(partner, simulator):
    # given
    offer = partner.offer()
    simulator.fault("confirm", "hang")
    # when
    with pytest.raises(requests.ReadTimeout):
        partner.confirm(offer, timeout=0.5)
    # then
    assert bookings(simulator) == []
    assert simulator.calls("confirm")[0]["status"] is None
    assert partner.confirm(offer).status_code == 200


def test_hang_can_do_the_work_first(partner, simulator):
    # given
    offer = partner.offer()
    simulator.fault("confirm", "hang", after_work=True)
    # when
    with pytest.raises(requests.ReadTimeout):
        partner.confirm(offer, timeout=0.5)
    # then
    assert len(bookings(simulator)) == 1


def test_hang_ends_by_itself(partner, simulator):
    # given
    simulator.fault("create_offer", "hang", seconds=0.4)
    # when
    began = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        create(partner)
    # then
    assert 0.4 <= time.monotonic() - began < 5


@pytest.mark.parametrize(("kind", "booked"), [("reset", 0), ("reset_after", 1)])
def test_reset_closes_the_connection_before_or_after_the_work(kind, booked, partner, simulator):
    # given
    offer = partner.offer()
    simulator.fault("confirm", kind)
    # when
    with pytest.raises(requests.ConnectionError, match=r"reset|aborted"):
        partner.confirm(offer, key="k-1")
    # then
    assert len(bookings(simulator)) == booked
    call = simulator.calls("confirm")[0]
    assert (call["status"], call["fault"]) == (None, kind)
    # the lost answer is found again with its key
    retry = partner.confirm(offer, key="k-1")
    assert retry.status_code == (409 if booked else 200)
    assert bookings(simulator) == [retry.json()["id"]]


def test_reset_sends_not_one_byte_on_the_socket(partner, simulator):
    # given
    offer = partner.offer()
    simulator.fault("get_booking", "reset")
    booking = partner.read(partner.confirm(offer))
    date_and_signature = signed_headers(partner)
    host, port = simulator.base_url.removeprefix("http://").removesuffix("/x").split(":")
    # when
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        lines = [f"GET /x/partners/ABCDE/bookings/{booking['id']}/ HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in date_and_signature.items()]
        raw.sendall("\r\n".join([*lines, "", ""]).encode())
        # then
        with pytest.raises(ConnectionResetError):
            raw.recv(1)


def signed_headers(partner):
    response = partner.send("GET", "/bookings/")
    names = ("Authorization", "Date", "X-Api-Key")
    return {name: response.request.headers[name] for name in names}


def test_status_is_an_error_with_a_json_body(partner, simulator):
    # given
    offer = partner.offer()
    simulator.fault("confirm", "status", status=503)
    # when
    response = partner.confirm(offer)
    # then
    assert response.status_code == 503
    assert set(response.json()) == {"type", "message"}
    assert "Retry-After" not in response.headers
    assert bookings(simulator) == []


def test_status_429_can_say_when_to_retry(partner, simulator):
    # given
    simulator.fault("create_offer", "status", status=429, retry_after=7)
    # when
    response = create(partner)
    # then
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    assert "throttled" in response.json()["message"]


@pytest.mark.parametrize(
    ("kind", "parameters", "status"),
    [("html", {}, 502), ("html", {"status": 504}, 504), ("html_ok", {}, 200)],
)
@pytest.mark.parametrize("after_work", [False, True])
def test_html_is_a_page_where_json_was_expected(
    kind, parameters, status, after_work, partner, simulator
):
    # given
    offer = partner.offer()
    simulator.fault("confirm", kind, after_work=after_work, **parameters)
    # when
    response = partner.confirm(offer)
    # then
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.text.startswith("<!DOCTYPE html>")
    assert len(bookings(simulator)) == int(after_work)


def test_errors_in_2xx_fills_errors_and_empties_products(partner, simulator):
    # given
    simulator.fault("create_offer", "errors_in_2xx", message="no rate found")
    # when
    offer = partner.offer()
    # then
    assert offer["products"] == [None]
    assert offer["errors"]["0"]["message"] == "no rate found"
    assert offer["id"]


def test_errors_in_2xx_of_a_confirmation_hides_a_real_booking(partner, simulator):
    # given
    simulator.fault("confirm", "errors_in_2xx")
    # when
    response = partner.read(partner.confirm(partner.offer()))
    # then
    assert response["quotes"] == [None]
    assert response["errors"]
    assert bookings(simulator) == [response["id"]]


def test_null_product_empties_one_place_without_saying_so(partner, simulator):
    # given
    simulator.fault("create_offer", "null_product")
    # when
    offer = partner.offer()
    # then
    assert offer["products"] == [None]
    assert offer["errors"] == {}


def test_price_drift_changes_the_price_with_every_offer(partner, simulator):
    # given
    simulator.fault("create_offer", "price_drift", times=None, amount=0.25)
    # when
    prices = [
        partner.offer()["products"][0]["details"]["finance"]["price"]["total_amount"]
        for _ in range(3)
    ]
    # then
    assert prices == [Decimal("6.91"), Decimal("7.16"), Decimal("7.41")]


def test_price_drift_books_at_another_price_than_offered(partner, simulator):
    # given
    simulator.fault("confirm", "price_drift")
    # when
    booking = partner.booking()
    # then
    assert booking["total_price"] == Decimal("7.16")
    assert booking["total_premium"] + booking["total_tax"] == booking["total_price"]
    assert partner.get(booking)["total_price"] == Decimal("7.16")


@pytest.mark.parametrize("part", ["content", "disclaimer", "title", "pds_url"])
def test_missing_content_takes_a_text_away(part, partner, simulator):
    # given
    simulator.fault("create_offer", "missing_content", part=part)
    # when
    broken, whole = partner.offer(), partner.offer()
    # then

    def found(offer):
        if part == "content":
            return offer.get("content")
        if part == "pds_url":
            return offer["products"][0]["details"]["pds_url"]
        return offer["content"][part] or offer["content"]["products"][0][part]

    assert found(broken) is None
    assert found(whole)


def test_locked_is_423_and_nothing_is_done(partner, simulator):
    # given
    offer = partner.offer()
    simulator.fault("confirm", "locked", times=2)
    # when
    statuses = [partner.confirm(offer, key="k-1").status_code for _ in range(3)]
    # then
    assert statuses == [423, 423, 200]


def test_malformed_is_200_with_broken_json_after_the_work(partner, simulator):
    # given
    offer = partner.offer()
    simulator.fault("confirm", "malformed")
    # when
    response = partner.confirm(offer)
    # then
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.text)
    assert len(bookings(simulator)) == 1


def test_faults_strike_in_the_order_they_were_asked_for(partner, simulator):
    # given
    simulator.fault("create_offer", "status", status=500, times=2)
    simulator.fault("confirm", "status", status=501)
    simulator.fault("*", "status", status=503)
    # when
    statuses = [create(partner).status_code for _ in range(4)]
    # then
    assert statuses == [500, 500, 503, 200]
    assert [(f["operation"], f["times"]) for f in simulator.state()["faults"]] == [("confirm", 1)]


def test_faults_without_a_number_last_until_cleared(partner, simulator):
    # given
    simulator.fault("*", "status", status=500, times=None)
    struck = [create(partner).status_code for _ in range(3)]
    # when
    simulator.clear_faults()
    # then
    assert struck == [500, 500, 500]
    assert create(partner).status_code == 200


def test_faults_are_replaced_all_at_once(partner, simulator):
    # given
    simulator.fault("create_offer", "status", status=500, times=None)
    simulator.fault("confirm", "locked")
    # when
    simulator.replace_faults([{"operation": "create_offer", "kind": "status", "status": 503}])
    # then
    assert [create(partner).status_code for _ in range(2)] == [503, 200]
    assert simulator.state()["faults"] == []


def test_a_list_with_one_fault_that_means_nothing_replaces_none(partner, simulator):
    # given
    simulator.fault("create_offer", "status", status=500)
    # when
    with pytest.raises(ValueError, match="status needs status"):
        simulator.replace_faults(
            [
                {"operation": "create_offer", "kind": "html"},
                {"operation": "create_offer", "kind": "status"},
            ]
        )
    # then
    assert create(partner).status_code == 500


def test_an_unsigned_request_uses_up_no_fault(partner, simulator):
    # given
    simulator.fault("create_offer", "status", status=500)
    # when
    statuses = [create(partner, secret="wrong").status_code, create(partner).status_code]
    # then
    assert statuses == [403, 500]


def test_a_fault_for_any_operation_passes_by_where_it_has_no_meaning(partner, simulator):
    # given
    simulator.fault("*", "missing_content")
    # when
    listed = partner.send("GET", "/bookings/")
    offer = partner.offer()
    # then
    assert listed.status_code == 200
    assert "content" not in offer


def test_what_is_answered_without_a_body_cannot_be_malformed(partner, simulator):
    # given
    offer = partner.offer()
    simulator.fault("*", "malformed")
    # when
    told = partner.send("POST", f"/offers/{offer['id']}/opt_out/")
    # then
    assert told.status_code == 204
    assert simulator.state()["faults"] != []
