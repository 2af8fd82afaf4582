"""Changing a booking."""

from decimal import Decimal

import pytest

from testkit.partner import event


def modify(partner, booking, body, suffix=""):
    return partner.send("PATCH", f"/bookings/{booking['id']}/{suffix}", body)


def tickets(booking, *prices, **more):
    fields = {"tickets": [{"price": price} for price in prices], **more}
    return {"quotes": [{"id": booking["quotes"][0]["id"], "update_fields": fields}]}


def apply(partner, booking, update_id):
    return partner.send("POST", f"/bookings/{booking['id']}/confirm_update/{update_id}/", {})


@pytest.mark.parametrize(
    ("name", "value"),
    [("phone", "+380500000000"), ("email", "ana.diaz@example.com"), ("city", "Leeds")],
)
def test_a_policyholder_change_costs_nothing(name, value, partner):
    # given
    booking = partner.booking()
    # when
    changed = partner.read(modify(partner, booking, {"policyholder": {name: value}}))
    # then
    assert changed["policyholder"][name] == value
    assert changed["total_price_diff"] == 0
    assert changed["quotes"][0]["price_diff"] == 0
    found = partner.get(booking)
    assert found["policyholder"] == {**booking["policyholder"], name: value}
    assert found["total_price"] == Decimal("6.66")


def test_a_preview_tells_the_difference_and_changes_nothing(partner):
    # given
    booking = partner.booking()
    # when
    preview = partner.read(
        modify(partner, booking, tickets(booking, 100.00, 100.00, 100.00), "quote_for_update")
    )
    # then
    assert preview["update_id"].endswith("-UPD")
    assert preview["total_price"] == Decimal("9.99")
    assert preview["total_price_diff"] == Decimal("3.33")
    assert preview["total_price_diff_formatted"] == "£3.33"
    assert partner.get(booking)["total_price"] == Decimal("6.66")


def test_a_previewed_change_is_applied_once_with_201(partner):
    # given
    booking = partner.booking()
    preview = partner.read(modify(partner, booking, tickets(booking, 50.00), "quote_for_update"))
    # when
    applied = partner.read(apply(partner, booking, preview["update_id"]), 201)
    again = apply(partner, booking, preview["update_id"])
    unknown = apply(partner, booking, "nosuc-hidhe-reatl-UPD")
    # then
    assert applied["total_price_diff"] == Decimal("-4.99")
    assert "update_id" not in applied
    assert partner.get(booking)["total_price"] == Decimal("1.67")
    assert (again.status_code, unknown.status_code) == (422, 404)


def test_a_new_date_costs_nothing_and_moves_the_policy_end(partner):
    # given
    booking = partner.booking()
    later = event(days=120)
    dates = {"start_date": later["start_date"], "end_date": later["end_date"]}
    body = {"quotes": [{"id": booking["quotes"][0]["id"], "update_fields": {"events": [dates]}}]}
    # when
    changed = partner.read(modify(partner, booking, body))
    # then
    assert changed["total_price_diff"] == 0
    assert changed["quotes"][0]["policy_end_date"] == later["end_date"].removesuffix("+00:00")


def test_a_financial_change_can_be_switched_off(partner, simulator):
    # given
    booking = partner.booking()
    simulator.settings(financial_modifications=False)
    # when
    financial = modify(partner, booking, tickets(booking, 50.00), "quote_for_update")
    contact = modify(partner, booking, {"policyholder": {"phone": "+380500000000"}})
    # then
    assert (financial.status_code, contact.status_code) == (422, 200)


@pytest.mark.parametrize("suffix", ["", "quote_for_update"])
@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (
            {"policyholder": {"phone": "invalid"}},
            {"policyholder": {"phone": ['The phone number should start with "+" character']}},
        ),
        ({"policyholder": {"shoe_size": 9}}, {"policyholder": {"shoe_size": "Unexpected field"}}),
        ({"status": "CANCELLED"}, {"status": "Unexpected field"}),
        ({}, {"non_field_errors": ["Nothing to update"]}),
    ],
)
def test_refuses_a_bad_change(body, errors, suffix, partner):
    # given
    booking = partner.booking()
    # when
    refused = partner.read(modify(partner, booking, body, suffix), 422)
    # then
    assert refused["errors"] == errors
    found = partner.get(booking)
    assert {name: found[name] for name in booking} == booking


def test_a_bad_ticket_price_changes_nothing(partner):
    # given
    booking = partner.booking()
    # when
    response = modify(partner, booking, tickets(booking, "50.00"))
    # then
    assert response.status_code == 422
    assert partner.get(booking)["total_price"] == Decimal("6.66")


def test_a_cancelled_booking_cannot_be_changed(partner):
    # given
    booking = partner.booking()
    partner.cancel(booking, {})
    # when
    response = modify(partner, booking, {"policyholder": {"phone": "+380500000000"}})
    # then
    assert response.status_code == 422


def test_a_field_can_be_refused(partner, simulator):
    # given
    booking = partner.booking()
    simulator.settings(fields_refused_on_update=["phone"])
    # when
    body = {"policyholder": {"phone": "+380500000000", "city": "Leeds"}}
    refused = partner.read(modify(partner, booking, body, "quote_for_update"), 422)
    city = modify(partner, booking, {"policyholder": {"city": "Leeds"}}, "quote_for_update")
    # then
    assert refused["errors"] == {"policyholder": {"phone": ["This field cannot be updated."]}}
    assert city.status_code == 200


def test_a_field_can_be_left_as_it_is(partner, simulator):
    # given
    booking = partner.booking()
    simulator.settings(fields_ignored_on_update=["phone"])
    # when
    body = {"policyholder": {"phone": "+380500000000", "city": "Leeds"}}
    changed = partner.read(modify(partner, booking, body))
    # then
    assert changed["policyholder"] == {**booking["policyholder"], "city": "Leeds"}


@pytest.mark.parametrize("amount", [Decimal("0.50"), Decimal("-0.50")])
def test_a_price_can_drift_with_a_preview(amount, partner, simulator):
    # given
    booking = partner.booking()
    simulator.fault("preview_modification", "price_drift", amount=float(amount))
    # when
    body = {"policyholder": {"phone": "+380500000000"}}
    drifted = partner.read(modify(partner, booking, body, "quote_for_update"))
    plain = partner.read(modify(partner, booking, body, "quote_for_update"))
    # then
    assert (drifted["total_price_diff"], plain["total_price_diff"]) == (amount, 0)
    assert drifted["quotes"][0]["price_diff"] == amount
    assert partner.get(booking)["total_price"] == Decimal("6.66")
