"""Cancel, preview, and who gets the premium back."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from testkit.partner import event

DAY = 86400
NOT_ALLOWED = "Status change not allowed for QuotePackage in status CANCELLED"


def moment(text):
    return datetime.fromisoformat(text)


def test_a_preview_says_cancelled_but_cancels_nothing(partner):
    # given
    booking = partner.booking()
    # when
    preview = partner.preview(booking)
    # then
    assert preview["status"] == "CANCELLED"
    assert preview["cancellation_id"].endswith("-CCL")
    assert preview["total_refund"] == preview["refund_amount"] == Decimal("6.66")
    assert preview["total_price"] == 0
    quote = preview["quotes"][0]
    assert quote["refund_value"] == quote["price"] == Decimal("6.66")
    assert quote["adjustment_fee"] > 0
    assert (quote["cancelled_at"], quote["policy_cancellation_date"]) == (None, None)
    assert moment(quote["policy_coolingoff_date"]) - moment(quote["confirmed_at"]) == timedelta(
        days=14
    )
    assert partner.get(booking)["status"] == "CONFIRMED"


def test_confirming_a_preview_cancels_as_of_the_preview(partner, simulator):
    # given
    booking = partner.booking()
    preview = partner.preview(booking)
    simulator.settings(now_offset_seconds=3600)
    # when
    done = partner.read(partner.confirm_cancellation(booking, preview["cancellation_id"]))
    # then
    assert (done["status"], done["cancellation_id"], done["confirm_before"]) == (
        "CANCELLED",
        None,
        None,
    )
    assert done["total_refund"] == Decimal("6.66")
    previewed = moment(preview["confirm_before"]) - timedelta(hours=24)
    assert moment(done["quotes"][0]["cancelled_at"]) == previewed
    found = partner.get(booking)
    assert (found["status"], found["total_price"]) == ("CANCELLED", 0)
    assert found["quotes"][0]["price"] == Decimal("6.66")
    assert found["quotes"][0]["can_be_cancelled"] is False
    assert not any("refund" in name for name in found)


@pytest.mark.parametrize("body", [{}, {"preview": False}])
def test_without_preview_it_cancels_at_once(body, partner):
    # given
    booking = partner.booking()
    # when
    done = partner.read(partner.cancel(booking, body))
    # then
    assert (done["cancellation_id"], done["confirm_before"]) == (None, None)
    assert done["quotes"][0]["cancelled_at"]
    assert partner.get(booking)["status"] == "CANCELLED"


def test_a_reason_belongs_to_a_quote(partner):
    # given
    booking = partner.booking()
    quote = {"id": booking["quotes"][0]["id"], "reason_for_cancellation": "Event cancelled"}
    # when
    at_top = partner.cancel(booking, {"reason_for_cancellation": "Event cancelled"})
    inside = partner.cancel(booking, {"quotes": [quote], "refund_required": False})
    # then
    assert partner.read(at_top, 422)["errors"] == {"reason_for_cancellation": "Unexpected field"}
    assert inside.status_code == 200
    info = partner.get(booking)["quotes"][0]["cancellation_info"]
    assert info == {"reason_for_cancellation": "Event cancelled"}


@pytest.mark.parametrize(
    "body",
    [
        {"preview": "yes"},
        {"quotes": []},
        {"quotes": [{"reason_for_cancellation": "x"}]},
        {"quotes": [{"id": "00000000-0000-4000-8000-000000000000"}]},
    ],
)
def test_refuses_a_bad_cancellation(body, partner):
    # given
    booking = partner.booking()
    # when
    response = partner.cancel(booking, body)
    # then
    assert response.status_code == 422
    assert partner.get(booking)["status"] == "CONFIRMED"


@pytest.mark.parametrize("body", [{}, {"preview": True}])
def test_a_cancelled_booking_cannot_be_cancelled_again(body, partner):
    # given
    booking = partner.booking()
    partner.cancel(booking, {})
    # when
    refused = partner.read(partner.cancel(booking, body), 422)
    # then
    assert refused["errors"] == [NOT_ALLOWED]


def test_a_preview_can_be_confirmed_for_24_hours(partner, simulator):
    # given
    one, two = partner.booking(), partner.booking()
    ids = [partner.preview(booking)["cancellation_id"] for booking in (one, two)]
    # when
    simulator.settings(now_offset_seconds=DAY - 60)
    in_time = partner.confirm_cancellation(one, ids[0])
    simulator.settings(now_offset_seconds=DAY + 60)
    too_late = partner.confirm_cancellation(two, ids[1])
    # then
    assert (in_time.status_code, too_late.status_code) == (200, 422)
    assert "expired" in too_late.text
    assert partner.get(two)["status"] == "CONFIRMED"


def test_a_preview_is_confirmed_once_and_only_for_its_booking(partner):
    # given
    one, two = partner.booking(), partner.booking()
    cancellation_id = partner.preview(one)["cancellation_id"]
    # when
    answers = [
        partner.confirm_cancellation(two, cancellation_id),
        partner.confirm_cancellation(one, "nosuc-hidhe-reatl-CCL"),
        partner.confirm_cancellation(one, cancellation_id),
        partner.confirm_cancellation(one, cancellation_id),
    ]
    # then
    assert [response.status_code for response in answers] == [404, 404, 200, 422]
    assert partner.get(two)["status"] == "CONFIRMED"


def test_a_policy_start_in_the_future_shortens_the_time_to_confirm(partner, simulator):
    # given
    simulator.settings(policy_starts_with="event")
    soon, later = event(days=0), event(days=30)
    start = datetime.fromisoformat(soon["start_date"]) + timedelta(hours=5)
    soon |= {"start_date": start.isoformat(), "end_date": None}
    # when
    near, far = (partner.preview(partner.booking(chosen)) for chosen in (soon, later))
    # then
    assert moment(near["confirm_before"]) == start
    assert moment(far["confirm_before"]) < datetime.fromisoformat(later["start_date"])


@pytest.mark.parametrize(
    ("_case", "settings", "days", "refund"),
    [
        ("inside cooling-off", {}, 13, "6.66"),
        ("after cooling-off", {}, 15, "0.00"),
        ("after cooling-off, refused", {"after_cooling_off": "refuse"}, 15, None),
        ("rule zero", {"refund_rule": "zero"}, 0, "0.00"),
        ("rule refuse", {"refund_rule": "refuse"}, 0, None),
        ("longer cooling-off", {"cooling_off_days": 28}, 27, "6.66"),
    ],
)
def test_refund_rules(_case, settings, days, refund, partner, simulator):
    # given
    booking = partner.booking()
    simulator.settings(**settings, now_offset_seconds=days * DAY)
    # when
    response = partner.cancel(booking, {"preview": True})
    # then
    if refund is None:
        assert partner.read(response, 422)["errors"] == [
            "Policy can not be cancelled after the cooling-off period"
        ]
    else:
        assert partner.read(response)["total_refund"] == Decimal(refund)
    can_be_cancelled = partner.get(booking)["quotes"][0]["can_be_cancelled"]
    assert can_be_cancelled is (refund is not None)


def test_nothing_is_refunded_once_the_event_has_begun(partner, simulator):
    # given
    booking = partner.booking(event(days=2))
    # when
    simulator.settings(now_offset_seconds=2 * DAY - 600)
    before = partner.preview(booking)
    simulator.settings(now_offset_seconds=2 * DAY + 600)
    after = partner.preview(booking)
    # then
    assert (before["total_refund"], after["total_refund"]) == (Decimal("6.66"), Decimal(0))


def test_the_refund_is_the_one_previewed(partner, simulator):
    # given
    booking = partner.booking()
    simulator.settings(now_offset_seconds=14 * DAY - 600)
    cancellation_id = partner.preview(booking)["cancellation_id"]
    # when
    simulator.settings(now_offset_seconds=14 * DAY + 600)
    done = partner.read(partner.confirm_cancellation(booking, cancellation_id))
    # then
    assert done["total_refund"] == Decimal("6.66")


def test_one_quote_of_two_can_be_cancelled(partner):
    # given
    booking = partner.booking(event("Opera", (50.00,)), event("Match", (100.00,)))
    first = booking["quotes"][0]["id"]
    # when
    done = partner.read(partner.cancel(booking, {"quotes": [{"id": first}]}))
    # then
    assert [quote["id"] for quote in done["quotes"]] == [first]
    assert (done["total_refund"], done["total_price"]) == (Decimal("1.67"), Decimal("3.33"))
    found = partner.get(booking)
    assert found["status"] == "CONFIRMED"
    assert [quote["status"] for quote in found["quotes"]] == ["CANCELLED", "CONFIRMED"]
    rest = partner.read(partner.cancel(booking, {}))
    assert (rest["status"], rest["total_refund"]) == ("CANCELLED", Decimal("3.33"))


@pytest.mark.parametrize("flag", ["xpay_refund_enabled", "automatic_refund_by_xcore"])
def test_the_partner_object_tells_who_refunds(flag, partner, simulator):
    # given
    booking = partner.booking()
    usual = partner.preview(booking)["partner"]
    # when
    simulator.settings(**{flag: True})
    told = partner.preview(booking)["partner"]
    # then
    assert (usual[flag], told[flag], told["subsidiary"][flag]) == (False, True, True)


def test_the_premium_of_a_currency_without_decimals_comes_back_whole(partner):
    # given
    offer = partner.offer(event(prices=(5000, 5001)), currency="JPY")
    booking = partner.read(partner.confirm(offer))
    # when
    response = partner.cancel(booking, {"preview": True})
    # then
    assert b'"total_refund": 333,' in response.content
    assert b'"total_price": 0,' in response.content
