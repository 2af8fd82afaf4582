"""The control API."""

from html import unescape

import pytest
import requests

from testkit.partner import HOLDER, offer_request


def control(simulator, method, path, body=None, **more):
    return requests.request(method, simulator.control_url + path, json=body, timeout=5, **more)


def test_tells_calls_in_order_with_what_was_sent_and_answered(partner, simulator):
    # given
    offer = partner.offer()
    partner.confirm(offer, key="k-1")
    partner.send("POST", "/offers/", '{"broken"')
    # when
    state = simulator.state()
    # then
    told = [
        (c["operation"], c["method"], c["status"], c["idempotency_key"]) for c in state["calls"]
    ]
    assert told == [
        ("create_offer", "POST", 200, None),
        ("confirm", "POST", 200, "k-1"),
        ("create_offer", "POST", 400, None),
    ]
    assert state["calls"][0]["body"] == offer_request() | {
        "context": state["calls"][0]["body"]["context"]
    }
    assert state["calls"][1]["path"] == f"/x/partners/ABCDE/offers/{offer['id']}/confirm/"
    assert state["calls"][1]["body"]["policyholder"] == HOLDER
    assert state["calls"][2]["body"] == '{"broken"'
    assert all(call["at"].endswith("Z") for call in state["calls"])
    assert state["counts"] == {"create_offer": 2, "confirm": 1}
    assert simulator.calls("confirm") == [state["calls"][1]]
    with pytest.raises(ValueError, match="no operation is called preview_cancellation"):
        simulator.calls("preview_cancellation")


def test_control_requests_are_not_calls(simulator):
    # when
    simulator.state()
    # then
    assert simulator.calls() == []


def test_shows_no_secret(simulator):
    # when
    told = control(simulator, "GET", "").text
    # then
    assert "demo-secret-0001" not in told
    assert "demo-webhook-secret-0001" not in told
    assert "demo-key" in told


def test_reset_forgets_everything(partner, simulator):
    # given
    offer = partner.offer()
    booking = partner.read(partner.confirm(offer, key="k-1"))
    partner.preview(booking)
    simulator.fault("*", "status", status=500)
    simulator.settings(refund_rule="zero", now_offset_seconds=100)
    # when
    simulator.reset()
    # then
    state = simulator.state()
    names = ("calls", "offers", "bookings", "opt_outs", "cancellations", "updates", "emails")
    assert [state[name] for name in (*names, "webhooks", "faults")] == [[]] * 9
    assert (state["settings"]["refund_rule"], state["settings"]["now_offset_seconds"]) == (
        "full",
        0,
    )
    assert partner.confirm(offer, key="k-1").status_code == 404


def test_a_person_gets_a_page_without_markup_of_others(partner, simulator):
    # given
    booking = partner.booking(partner_transaction_id="x")
    partner.read(
        partner.confirm(partner.offer(), partner_transaction_id="<script>alert(1)</script>")
    )
    # when
    page = control(simulator, "GET", "", headers={"Accept": "text/html,*/*;q=0.8"})
    # then
    assert page.headers["Content-Type"].startswith("text/html")
    assert booking["id"] in page.text
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("said", ["{{ 7*7 }}{% raw %}", "\"' onload='x", "</td>&amp;"])
def test_whatever_a_partner_sends_is_text_on_the_page(said, partner, simulator):
    # given
    partner.read(partner.confirm(partner.offer(), partner_transaction_id=said))
    # when
    page = control(simulator, "GET", "", headers={"Accept": "text/html"}).text
    # then
    assert f"<td>{said}</td>" in unescape(page)
    assert said not in page or "{{" in said


@pytest.mark.parametrize(
    ("method", "path", "body", "word"),
    [
        ("POST", "/faults", {"operation": "confirm", "kind": "explode"}, "kind"),
        ("POST", "/faults", {"operation": "fly", "kind": "reset"}, "operation"),
        ("POST", "/faults", {"operation": "confirm", "kind": "reset", "times": 0}, "times"),
        ("POST", "/faults", {"operation": "confirm", "kind": "reset", "seconds": 1}, "seconds"),
        ("POST", "/faults", {"operation": "confirm", "kind": "status"}, "needs status"),
        ("POST", "/faults", {"operation": "confirm", "kind": "delay"}, "needs seconds"),
        ("POST", "/faults", {"operation": "cancel", "kind": "missing_content"}, "no meaning"),
        ("POST", "/faults", ["reset"], "object"),
        ("PATCH", "/settings", {"refund_rule": "generous"}, "refund_rule"),
        ("PATCH", "/settings", {"colour": "red"}, "colour"),
        ("PATCH", "/settings", {"webhook_url": "ftp://example.com"}, "webhook_url"),
        ("POST", "/webhooks", {"event": "BOOKING_CREATED", "booking_id": "x"}, "webhook_url"),
    ],
)
def test_bad_input_is_422_with_a_sentence(method, path, body, word, simulator):
    # given
    before = simulator.state()
    # when
    response = control(simulator, method, path, body)
    # then
    assert response.status_code == 422
    assert word in response.json()["error"]
    assert {name: simulator.state()[name] for name in ("settings", "faults")} == {
        name: before[name] for name in ("settings", "faults")
    }


def test_a_webhook_of_an_unknown_booking_is_refused(simulator):
    # given
    simulator.settings(webhook_url="http://127.0.0.1:9/")
    # when
    response = control(simulator, "POST", "/webhooks", {"event": "X", "booking_id": "SIMX"})
    # then
    assert response.status_code == 422
    assert "SIMX is unknown" in response.json()["error"]


def test_the_clock_can_be_shifted(partner, simulator):
    # given
    today = simulator.state()["now"][:4]
    # when
    simulator.settings(now_offset_seconds=366 * 86400)
    booking = partner.booking()
    # then
    assert int(booking["created_at"][:4]) == int(today) + 1
