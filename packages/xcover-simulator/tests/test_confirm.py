"""Confirm, idempotency, and reading bookings back."""

import threading
from decimal import Decimal

import pytest

from testkit.partner import HOLDER, event

HOUR = 3600


def test_books_what_was_offered(partner, simulator):
    # given
    offer = partner.offer(event("Opera", (50.00,)), event("Match", (100.00,)))
    # when
    booking = partner.read(partner.confirm(offer, partner_transaction_id="order-1001"))
    # then
    assert booking["status"] == "CONFIRMED"
    assert booking["id"].startswith("SIM")
    assert booking["id"].endswith("-INS")
    assert booking["partner_transaction_id"] == "order-1001"
    assert booking["fast_quote_id"] == offer["id"]
    assert booking["total_price"] == Decimal("5.00")
    assert booking["total_premium"] + booking["total_tax"] == booking["total_price"]
    assert [q["id"] for q in booking["quotes"]] == [p["id"] for p in offer["products"]]
    assert all(q["confirmed_at"] and q["can_be_cancelled"] for q in booking["quotes"])
    assert booking["security_token"] in booking["coi"]["pdf"]
    assert booking["fnol_link"].startswith("https://simulator.invalid/")
    assert {**booking["policyholder"], **HOLDER} == booking["policyholder"]
    assert [b["id"] for b in simulator.state()["bookings"]] == [booking["id"]]


def test_books_only_the_chosen_quotes(partner):
    # given
    offer = partner.offer(event("Opera", (50.00,)), event("Match", (100.00,)))
    # when
    booking = partner.read(partner.confirm({**offer, "products": offer["products"][1:]}))
    # then
    assert booking["total_price"] == Decimal("3.33")
    assert len(booking["quotes"]) == 1


def test_reading_back_adds_partner_and_language(partner):
    # given
    booking = partner.booking()
    # when
    found = partner.get(booking)
    # then
    assert set(found) - set(booking) == {"partner", "customer_language"}
    assert {name: found[name] for name in booking} == booking


def test_an_unknown_offer_is_404(partner):
    # given
    offer = {**partner.offer(), "id": "00000000-0000-4000-8000-000000000000"}
    # when
    refused = partner.read(partner.confirm(offer), 404)
    # then
    assert refused == {"type": "api_error", "message": "Quote package does not exist"}


@pytest.mark.parametrize(
    ("_case", "more"),
    [
        ("quote of another offer", {"quotes": [{"id": "00000000-0000-4000-8000-000000000000"}]}),
        ("no quotes", {"quotes": []}),
        ("no policyholder", {"policyholder": None}),
        ("unknown payment provider", {"payment_details": {"provider": "acme"}}),
        ("reference not text", {"partner_transaction_id": 1001}),
    ],
)
def test_refuses_a_bad_confirmation(_case, more, partner, simulator):
    # when
    response = partner.confirm(partner.offer(), **more)
    # then
    assert response.status_code == 422
    assert simulator.state()["bookings"] == []


@pytest.mark.parametrize("name", list(HOLDER))
def test_the_policyholder_must_be_complete(name, partner, simulator):
    # given
    holder = {key: value for key, value in HOLDER.items() if key != name}
    # when
    refused = partner.read(partner.confirm(partner.offer(), policyholder=holder), 422)
    # then
    assert refused["errors"] == {"policyholder": {name: ["This field is required."]}}
    assert simulator.state()["bookings"] == []


def test_a_phone_begins_with_plus(partner):
    # when
    response = partner.confirm(partner.offer(), policyholder={**HOLDER, "phone": "01134960000"})
    # then
    assert partner.read(response, 422)["errors"] == {
        "policyholder": {"phone": ['The phone number should start with "+" character']}
    }


def test_the_same_key_and_body_repeat_the_booking_with_409(partner, simulator):
    # given
    offer = partner.offer()
    first = partner.confirm(offer, key="k-1")
    # when
    second = partner.confirm(offer, key="k-1")
    # then
    assert (first.status_code, second.status_code) == (200, 409)
    assert second.content == first.content
    assert len(simulator.state()["bookings"]) == 1


def test_the_stored_answer_is_the_first_one_even_after_a_cancellation(partner):
    # given
    offer = partner.offer()
    first = partner.confirm(offer, key="k-1")
    partner.cancel(first.json(), {})
    # when
    second = partner.confirm(offer, key="k-1")
    # then
    assert second.status_code == 409
    assert second.json()["status"] == "CONFIRMED"


def test_the_same_key_with_another_body_is_422(partner, simulator):
    # given
    offer = partner.offer()
    partner.confirm(offer, key="k-1")
    # when
    response = partner.confirm(offer, key="k-1", partner_transaction_id="other")
    # then
    assert "x-idempotency-key" in partner.read(response, 422)["errors"]
    assert len(simulator.state()["bookings"]) == 1


@pytest.mark.parametrize("key", [None, "k-2"])
def test_a_confirmed_offer_names_its_booking(key, partner):
    # given
    offer = partner.offer()
    booking = partner.read(partner.confirm(offer, key="k-1"))
    # when
    refused = partner.read(partner.confirm(offer, key=key), 422)
    # then
    assert refused["errors"] == [
        f"Booking already exists for fast_quote_id {offer['id']}. INS number: {booking['id']}"
    ]


def test_a_confirmed_offer_names_its_booking_in_error_version_2(partner):
    # given
    offer = partner.offer()
    booking = partner.read(partner.confirm(offer))
    body = {"quotes": [{"id": offer["products"][0]["id"]}], "policyholder": HOLDER}
    # when
    response = partner.send(
        "POST",
        f"/offers/{offer['id']}/confirm/",
        body,
        headers={"X-API-Error-Version": "v2"},
    )
    # then
    refused = partner.read(response, 422)
    code = "offer_validation_request_invalid"
    assert (refused["code"], refused["error_id"], refused["metadata"]) == (code, offer["id"], {})
    assert refused["errors"] == [
        {
            "product_config_id": None,
            "quote_id": None,
            "code": code,
            "details": [
                f"Booking already exists for fast_quote_id {offer['id']}. "
                f"INS number: {booking['id']}"
            ],
        }
    ]


def test_a_key_is_kept_48_hours(partner, simulator):
    # given
    offer = partner.offer()
    partner.confirm(offer, key="k-1")
    # when
    simulator.settings(now_offset_seconds=48 * HOUR - 60)
    in_time = partner.confirm(offer, key="k-1")
    simulator.settings(now_offset_seconds=48 * HOUR + 60)
    too_late = partner.confirm(offer, key="k-1")
    # then
    assert (in_time.status_code, too_late.status_code) == (409, 422)
    assert "INS number" in too_late.text


def test_a_key_belongs_to_one_path_but_not_to_a_base(partner, simulator):
    # given
    one, two = partner.offer(), partner.offer()
    other_base = type(partner)(simulator.base_url.removesuffix("/x") + "/xcover")
    # when
    answers = [
        partner.confirm(one, key="k-1"),
        partner.confirm(two, key="k-1"),
        other_base.confirm(one, key="k-1"),
    ]
    # then
    assert [response.status_code for response in answers] == [200, 200, 409]


def test_a_refusal_is_not_kept(partner):
    # given
    offer = partner.offer()
    refused = partner.confirm(offer, key="k-1", policyholder={})
    # when
    mended = partner.confirm(offer, key="k-1")
    # then
    assert (refused.status_code, mended.status_code) == (422, 200)


def test_other_writes_honour_the_key_too(partner, simulator):
    # given
    path = f"/offers/{partner.offer()['id']}/opt_out/"
    # when
    answers = [partner.send("POST", path, {}, key="k-1") for _ in range(2)]
    # then
    assert [response.status_code for response in answers] == [204, 409]
    assert simulator.state()["opt_outs"][0]["times"] == 1


def together(count, work):
    """Run ``work`` ``count`` times at once and return the sorted statuses."""
    statuses: list[int] = []
    barrier = threading.Barrier(count)

    def one():
        barrier.wait()
        statuses.append(work().status_code)

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


def test_simultaneous_confirmations_make_one_booking(partner, simulator):
    # given
    offer = partner.offer()
    # when
    statuses = together(6, lambda: partner.confirm(offer, key="k-1"))
    # then
    assert statuses == [200, 409, 409, 409, 409, 409]
    assert len(simulator.state()["bookings"]) == 1


def test_simultaneous_confirmations_without_a_key_make_one_booking(partner, simulator):
    # given
    offer = partner.offer()
    # when
    statuses = together(4, lambda: partner.confirm(offer))
    # then
    assert statuses == [200, 422, 422, 422]
    assert len(simulator.state()["bookings"]) == 1


def test_a_key_whose_first_call_still_runs_is_locked(partner, simulator):
    # given
    offer = partner.offer()
    simulator.fault("confirm", "delay", seconds=0.8)
    # when
    statuses = together(2, lambda: partner.confirm(offer, key="k-1"))
    after = partner.confirm(offer, key="k-1")
    # then
    assert statuses == [200, 423]
    assert after.status_code == 409


def test_lists_bookings_page_by_page_with_links_to_another_host(partner):
    # given
    ids = [partner.booking()["id"] for _ in range(3)]
    # when
    pages = [
        partner.read(partner.send("GET", f"/bookings/?limit=1&offset={offset}"))
        for offset in range(3)
    ]
    # then
    assert [page["results"][0]["id"] for page in pages] == ids
    assert {page["count"] for page in pages} == {3}
    assert pages[0]["previous"] is None
    assert pages[2]["next"] is None
    assert pages[0]["next"] == (
        "https://regional.simulator.invalid/xcover/partners/ABCDE/bookings/?limit=1&offset=1"
    )


def test_sends_the_email_again(partner, simulator):
    # given
    booking = partner.booking()
    path = f"/bookings/{booking['id']}/send_email"
    # when
    again = partner.send("POST", path, {})
    too_early = partner.send("POST", path, {"event": "BOOKING_CANCELLED"})
    partner.cancel(booking, {})
    cancelled = partner.send("POST", path, {"event": "BOOKING_CANCELLED"})
    # then
    assert (again.status_code, again.content) == (202, b"")
    assert partner.read(too_early, 422)["errors"] == [
        "BOOKING_CANCELLED email can be only triggered for CANCELLED bookings."
    ]
    assert cancelled.status_code == 202
    assert [mail["event"] for mail in simulator.state()["emails"]] == [
        "BOOKING_CREATED",
        "BOOKING_CREATED",
        "BOOKING_CANCELLED",
        "BOOKING_CANCELLED",
    ]


def test_an_unknown_booking_is_404(partner):
    # when
    response = partner.send("GET", "/bookings/SIMAA-BBBBB-INS/")
    # then
    assert partner.read(response, 404)["type"] == "api_error"


@pytest.mark.parametrize(
    ("plan", "places", "sentence"),
    [
        ("alternatives", (0, 1), "At most 1 of group event-1 can be selected"),
        ("hidden", (0, 1), "Products of group event-1-extra cannot be selected"),
        ("disabled", (1,), "Products of group event-1-extra cannot be selected"),
        ("second_chance", (1,), "Products of group event-1-second-chance cannot be selected"),
    ],
)
def test_a_selection_against_the_rules_is_no_booking(partner, simulator, plan, places, sentence):
    # given
    simulator.settings(products=plan)
    offer = partner.offer()
    # when
    chosen = {**offer, "products": [offer["products"][place] for place in places]}
    refused = partner.read(partner.confirm(chosen), 422)
    # then
    assert refused["errors"] == [sentence]
    assert simulator.state()["bookings"] == []
    # and what the rules allow is booked by itself
    allowed = {**offer, "products": offer["products"][:1]}
    assert len(partner.read(partner.confirm(allowed))["quotes"]) == 1


def test_of_a_required_group_one_must_be_taken(partner, simulator):
    # given
    simulator.settings(products="required_alternatives")
    offer = partner.offer(event("Opera"), event("Match"))
    # when
    only_opera = {**offer, "products": offer["products"][:1]}
    # then
    refused = partner.read(partner.confirm(only_opera), 422)
    assert refused["errors"] == ["At least 1 of group event-2 must be selected"]
