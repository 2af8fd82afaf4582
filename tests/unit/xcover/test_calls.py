"""Each operation goes to its documented address with its headers, and reads its answers."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest

from saleor_xcover_plugin.xcover.client import Credentials, XCoverClient
from saleor_xcover_plugin.xcover.errors import (
    XCoverAlreadyBooked,
    XCoverBadResponse,
    XCoverMisconfigured,
    XCoverNoOffer,
    XCoverNotFound,
    XCoverProductFailed,
    XCoverRejected,
    XCoverStatusConflict,
    XCoverThrottled,
    XCoverUnavailable,
)
from saleor_xcover_plugin.xcover.texts import Point
from saleor_xcover_plugin.xcover.transport import Response

from .wire import NOW, canned, fixture

CALLS = {
    "create": lambda c: c.create_offer(b"{}"),
    "confirm": lambda c: c.confirm_offer("offer-1", b"{}", idempotency_key="key-1"),
    "opt_out": lambda c: c.opt_out("offer-1", idempotency_key="key-1"),
    "get": lambda c: c.get_booking("AB-INS"),
    "modify": lambda c: c.modify_booking("AB-INS", b"{}", idempotency_key="key-1", preview=False),
    "ask": lambda c: c.modify_booking("AB-INS", b"{}", idempotency_key="key-1", preview=True),
    "apply": lambda c: c.confirm_modification("AB-INS", "u-UPD", idempotency_key="key-1"),
    "preview": lambda c: c.preview_cancellation("AB-INS", b"{}", idempotency_key="key-1"),
    "cancel": lambda c: c.confirm_cancellation("AB-INS", "c-CCL", idempotency_key="key-1"),
    "probe": lambda c: c.probe(),
    "list": lambda c: list(c.bookings_since(NOW)),
}


@pytest.mark.parametrize(
    ("call", "answer", "method", "path"),
    [
        ("create", "offer_two_events", "POST", "/offers/"),
        ("confirm", "booking_confirmed", "POST", "/offers/offer-1/confirm/"),
        ("opt_out", None, "POST", "/offers/offer-1/opt_out/"),
        ("get", "booking_confirmed", "GET", "/bookings/AB-INS/"),
        ("modify", "modification_preview", "PATCH", "/bookings/AB-INS/"),
        ("ask", "modification_preview", "PATCH", "/bookings/AB-INS/quote_for_update"),
        ("apply", "modification_preview", "POST", "/bookings/AB-INS/confirm_update/u-UPD/"),
        ("preview", "cancellation_preview", "POST", "/bookings/AB-INS/cancel"),
        (
            "cancel",
            "cancellation_done",
            "POST",
            "/bookings/AB-INS/confirm_cancellation/c-CCL/",
        ),
    ],
)
def test_every_slash_is_where_xcover_wants_it(call, answer, method, path):
    status, body = (200, fixture(answer)) if answer else (204, b"")
    client, adapter = canned(status, body)

    CALLS[call](client)

    (sent,) = adapter.requests
    assert (sent.method, sent.url) == (
        method,
        f"https://api.example.com/x/partners/ABCDE{path}",
    )
    assert sent.headers["X-API-Error-Version"] == "v2"
    assert sent.headers["Authorization"].startswith('Signature keyId="demo-key"')
    keyed = method != "GET" and call != "create"
    assert sent.headers.get("x-idempotency-key") == ("key-1" if keyed else None)


def test_an_offer_carries_the_key_and_the_query_it_is_asked_with():
    client, adapter = canned(200, fixture("offer_two_events"))

    client.create_offer(b"{}", idempotency_key="key-1", query={"currency": "USD", "q": "a b"})

    (sent,) = adapter.requests
    assert sent.url == "https://api.example.com/x/partners/ABCDE/offers/?currency=USD&q=a+b"
    assert sent.headers["x-idempotency-key"] == "key-1"


def test_credentials_are_tried_with_a_booking_that_cannot_exist():
    client, adapter = canned(404, {"type": "not_found", "message": "Not found."})

    client.probe()

    (sent,) = adapter.requests
    assert (sent.method, sent.body) == ("GET", None)
    assert sent.url == "https://api.example.com/x/partners/ABCDE/bookings/PROBE-00000-INS/"


@pytest.mark.parametrize(
    ("call", "operation", "deadline"),
    [
        ("create", "create_offer", 3.0),
        ("confirm", "confirm_offer", 15.0),
        ("opt_out", "opt_out", 10.0),
        ("get", "get_booking", 10.0),
        ("modify", "modify_booking", 15.0),
        ("ask", "preview_modification", 15.0),
        ("apply", "confirm_modification", 15.0),
        ("preview", "preview_cancellation", 15.0),
        ("cancel", "confirm_cancellation", 15.0),
        ("probe", "probe", 5.0),
        ("list", "list_bookings", 10.0),
    ],
)
def test_each_call_has_its_name_and_its_deadline(call, operation, deadline):
    """The rate limit identifies a call by its name."""
    sent = []

    class Line:
        def clock(self):
            return NOW

        def send(self, request, *, deadline):
            sent.append((request.operation, deadline))
            raise XCoverUnavailable("no answer")

    credentials = Credentials("https://api.example.com/x", "ABCDE", "key", "secret")
    with pytest.raises(XCoverUnavailable):
        CALLS[call](XCoverClient(credentials, Line()))

    assert sent == [(operation, deadline)]


ODD_IDS = ["", ".", "..", "a/b", "..%2Fb", "a?b", "a#b", "a\\b", "a b", "a\nb", "é", "\ud800"]
ODD_IDS += ["x" * 65]


@pytest.mark.parametrize("odd", ODD_IDS)
def test_an_id_that_would_lead_elsewhere_is_never_sent(odd):
    client, adapter = canned(200, fixture("booking_confirmed"))

    for call in (
        lambda: client.get_booking(odd),
        lambda: client.confirm_offer(odd, b"{}", idempotency_key="key-1"),
        lambda: client.opt_out(odd, idempotency_key="key-1"),
        lambda: client.preview_cancellation(odd, b"{}", idempotency_key="key-1"),
        lambda: client.confirm_cancellation("AB-INS", odd, idempotency_key="key-1"),
        lambda: client.confirm_cancellation(odd, "c-CCL", idempotency_key="key-1"),
        lambda: client.modify_booking(odd, b"{}", idempotency_key="key-1", preview=True),
        lambda: client.confirm_modification("AB-INS", odd, idempotency_key="key-1"),
    ):
        with pytest.raises(XCoverRejected):
            call()
    assert adapter.requests == []


@pytest.mark.parametrize("odd", [one for one in ODD_IDS if one])
@pytest.mark.parametrize(
    ("answer", "call", "place"),
    [
        ("offer_two_events", "create", "id"),
        ("booking_confirmed", "get", "id"),
        ("cancellation_preview", "preview", "cancellation_id"),
        ("cancellation_preview", "preview", "id"),
        ("modification_preview", "ask", "update_id"),
    ],
)
def test_an_answer_with_such_an_id_is_no_answer(odd, answer, call, place):
    client, _ = canned(200, fixture(answer) | {place: odd})

    with pytest.raises(XCoverBadResponse) as refused:
        CALLS[call](client)

    assert place in str(refused.value) or place == "id"


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithm": "hmac-md5"},
        {"signed_headers": ("host",)},
        {"api_key": "k\n"},
        {"api_secret": "\ud800"},
        {"api_url": "nonsense"},
    ],
    ids=str,
)
def test_credentials_that_cannot_work_need_a_person(wrong):
    client, _ = canned(404, fixture("refused_unknown"), **wrong)

    with pytest.raises(XCoverMisconfigured):
        client.probe()


@pytest.mark.parametrize(
    ("call", "status", "answer", "kind"),
    [
        ("create", 422, "refused_no_offer", XCoverNoOffer),
        ("create", 200, "offer_with_failed_product", XCoverProductFailed),
        ("confirm", 422, "refused_booked_v2", XCoverAlreadyBooked),
        ("confirm", 422, "refused_phone_v1", XCoverRejected),
        ("confirm", 404, "refused_unknown", XCoverNotFound),
        ("confirm", 409, "refused_unknown", XCoverRejected),
        ("confirm", 403, "refused_signature", XCoverMisconfigured),
        ("preview", 422, "refused_status_change", XCoverStatusConflict),
        ("preview", 200, "cancellation_done", XCoverBadResponse),
        ("probe", 401, "refused_signature", XCoverMisconfigured),
        ("probe", 200, "booking_confirmed", XCoverBadResponse),
    ],
)
def test_a_refusal_says_what_to_do(call, status, answer, kind):
    client, _ = canned(status, fixture(answer))

    with pytest.raises(kind) as caught:
        CALLS[call](client)
    assert type(caught.value) is kind


def test_a_cancellation_answered_by_a_preview_has_cancelled_nothing():
    client, _ = canned(200, fixture("cancellation_preview"))

    with pytest.raises(XCoverBadResponse):
        CALLS["cancel"](client)


@pytest.mark.parametrize("call", ["confirm", "get", "modify", "preview", "cancel"])
def test_errors_inside_a_success_are_never_overlooked(call):
    client, _ = canned(200, fixture("booking_confirmed") | {"errors": {"0": "failed"}})

    with pytest.raises(XCoverRejected) as caught:
        CALLS[call](client)
    assert type(caught.value) is XCoverRejected


def test_a_stored_booking_is_a_success_and_a_probe_needs_a_404():
    stored, _ = canned(409, fixture("booking_confirmed"))
    unknown, _ = canned(404, fixture("refused_unknown"))

    assert CALLS["confirm"](stored).is_confirmed
    assert CALLS["probe"](unknown) is None


@pytest.mark.parametrize("body", [b"", b"{}", b'{"type": "api_error", "message": "stored"}'])
def test_an_opt_out_told_before_is_done(body):
    client, _ = canned(409, body)

    assert CALLS["opt_out"](client) is None


def test_the_codes_of_a_refusal_are_kept_and_its_words_are_not():
    client, _ = canned(422, fixture("refused_no_offer"))

    with pytest.raises(XCoverNoOffer) as caught:
        CALLS["create"](client)
    assert caught.value.code == "offer_quote_generation_failed"
    assert caught.value.error_id == "e1d0c0de-0000-4000-8000-000000000002"
    assert "failed (HTTP" not in str(caught.value)
    assert "calculation" not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "1.5"}, 1.5),
        ({"retry-after": "Fri, 04 Dec 2026 09:05:37 GMT"}, 30.0),  # no Date: our clock counts
        (
            {
                "Retry-After": "Fri, 04 Dec 2026 09:05:37 GMT",
                "Date": "Fri, 04 Dec 2026 09:05:17 GMT",
            },
            20.0,
        ),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "Mon, 01 Jan 0001 00:00:00 +1400"}, 0.0),
        ({"Retry-After": "-5"}, None),
    ],
    ids=str,
)
@pytest.mark.parametrize(("status", "kind"), [(429, XCoverThrottled), (503, XCoverUnavailable)])
def test_waiting_is_as_long_as_xcover_says(status, kind, headers, seconds):
    client, _ = canned(status, {}, headers)

    with pytest.raises(kind) as caught:
        CALLS["get"](client)
    assert caught.value.retry_after == seconds


def test_an_offer_joins_prices_and_texts_by_product():
    client, _ = canned(200, fixture("offer_two_events"))

    offer = CALLS["create"](client)

    concert, festival = offer.quotes
    assert (concert.title, festival.title) == (
        "Evening Concert protection",
        "Summer Festival protection",
    )
    assert (concert.premium, concert.premium_without_tax, concert.tax) == (
        Decimal("6.3"),
        Decimal("5.62"),
        Decimal("0.68"),
    )
    assert concert.starts_at.isoformat() == "2026-12-04T00:00:00+00:00"
    assert festival.ends_at is None
    assert concert.benefits == (
        Point(label="Illness", text="You or your companion fall ill"),
        Point(label="Travel", text="Your train or flight fails"),
    )
    assert (concert.inclusions, concert.exclusions) == (
        (Point(text="Ticket price and booking fee"),),
        (Point(text="A change of mind"),),
    )
    assert "<" not in offer.disclaimer


def test_an_offer_without_texts_is_still_an_offer():
    client, _ = canned(200, fixture("offer_without_content"))

    offer = CALLS["create"](client)

    (quote,) = offer.quotes
    assert (offer.currency, quote.premium, quote.tax, quote.pds_url) == (
        "JPY",
        Decimal(950),
        None,
        None,
    )
    assert (offer.heading, quote.disclaimer, quote.benefits) == ("", "", ())


@pytest.mark.parametrize("link", ["javascript:alert(1)", 'https://x"onclick=', {}, 7, "N/A", None])
def test_only_web_addresses_are_links(link):
    body = fixture("offer_two_events")
    body["products"][0]["details"]["pds_url"] = link
    client, _ = canned(200, body)

    assert CALLS["create"](client).quotes[0].pds_url is None


@pytest.mark.parametrize("premium", [None, True, "6.30", 10**13, float("1e-300"), []])
def test_a_price_that_is_no_amount_makes_no_offer(premium):
    body = fixture("offer_two_events")
    body["products"][0]["details"]["finance"]["price"]["total_amount"] = premium
    client, _ = canned(200, body)

    with pytest.raises(XCoverBadResponse) as caught:
        CALLS["create"](client)
    assert caught.value.fields == ("quotes.0.premium",)


def test_a_booking_is_confirmed_only_with_every_quote():
    confirmed, _ = canned(200, fixture("booking_confirmed"))
    pending, _ = canned(200, fixture("booking_pending_payment"))
    empty, _ = canned(200, fixture("booking_confirmed") | {"quotes": []})

    assert CALLS["get"](confirmed).is_confirmed
    assert not CALLS["get"](pending).is_confirmed
    assert not CALLS["get"](empty).is_confirmed


def test_links_with_tokens_are_kept_and_never_printed():
    client, _ = canned(200, fixture("booking_confirmed"))

    booking = CALLS["get"](client)

    assert "T0KEN" in booking.links.certificate
    assert "T0KEN" in booking.links.insurance_claim
    printed = f"{booking!r} {booking.links!r} {booking} {booking.links}"
    assert not re.search("T0KEN|Ana|Diaz|example.com|4960000", printed)


@pytest.mark.parametrize(
    ("_case", "changes", "refund", "do_agree"),
    [
        ("all alike", {}, "9.4", True),
        ("total is smaller", {"total_refund": 5.00}, "5", False),
        ("newer name is smaller", {"refund_amount": 4.00}, "4", False),
        ("only the newer name", {"total_refund": None}, "9.4", True),
        ("no quote pays", {"quotes": []}, "0", False),
    ],
)
def test_the_smallest_refund_counts(_case, changes, refund, do_agree):
    client, _ = canned(200, fixture("cancellation_preview") | changes)

    preview = CALLS["preview"](client)

    assert (preview.refund, preview.refund_amounts_agree) == (Decimal(refund), do_agree)


@pytest.mark.parametrize("flag", ["xpay_refund_enabled", "automatic_refund_by_xcore"])
@pytest.mark.parametrize(
    "place", [lambda b: b["partner"], lambda b: b["partner"]["subsidiary"], lambda b: b]
)
def test_a_flag_of_automatic_refunds_counts_wherever_it_stands(flag, place):
    body = fixture("cancellation_preview")
    plain, _ = canned(200, body)
    assert not CALLS["preview"](plain).is_refunded_by_xcover
    place(body)[flag] = True
    client, _ = canned(200, body)

    assert CALLS["preview"](client).is_refunded_by_xcover


@pytest.mark.parametrize(
    ("name", "call"), [("cancellation_done", "cancel"), ("booking_confirmed", "get")]
)
def test_bookings_and_cancellations_carry_the_flags_too(name, call):
    body = fixture(name)
    plain, _ = canned(200, body)
    assert not CALLS[call](plain).is_refunded_by_xcover
    client, _ = canned(200, body | {"partner": {"subsidiary": {"xpay_refund_enabled": True}}})

    assert CALLS[call](client).is_refunded_by_xcover


def test_times_of_a_preview_always_have_an_offset():
    body = fixture("cancellation_preview") | {"confirm_before": "2026-12-06T09:05:07"}
    client, _ = canned(200, body)

    preview = CALLS["preview"](client)

    assert preview.confirm_before.isoformat() == "2026-12-06T09:05:07+00:00"
    assert preview.cooling_off_until.isoformat() == "2026-12-18T09:05:06+00:00"


def test_a_cancellation_that_took_place_names_its_refund():
    client, _ = canned(200, fixture("cancellation_done"))

    cancelled = CALLS["cancel"](client)

    assert cancelled.is_cancelled
    assert cancelled.total_refund == Decimal("9.4")
    assert [quote.refund_value for quote in cancelled.quotes] == [Decimal("6.3"), Decimal("3.1")]


def test_a_modification_carries_the_booking_and_its_difference():
    client, _ = canned(200, fixture("modification_preview"))

    preview = CALLS["ask"](client)

    assert (preview.price_difference, preview.update_id) == (0, "joaiJ-Cao42-o9ulM-UPD")
    assert preview.booking.is_confirmed
    assert preview.booking_id == preview.booking.id


def test_answers_cannot_be_changed():
    client, _ = canned(200, fixture("booking_confirmed"))
    booking = CALLS["get"](client)

    with pytest.raises(ValueError, match="frozen"):
        booking.status = "CANCELLED"


def test_credentials_of_another_partner_are_another_address():
    client, adapter = canned(404, fixture("refused_unknown"))
    client._credentials = replace(client._credentials, partner_code="FG-HI")

    client.probe()

    assert "/partners/FG-HI/" in adapter.requests[0].url


@pytest.mark.parametrize("odd", ODD_IDS)
def test_a_partner_code_that_would_lead_elsewhere_is_never_sent(odd):
    client, adapter = canned(404, fixture("refused_unknown"))
    client._credentials = replace(client._credentials, partner_code=odd)

    with pytest.raises(XCoverMisconfigured):
        client.probe()
    assert adapter.requests == []


def test_bookings_are_listed_page_by_page_since_a_time():
    pages = {
        0: [{"id": f"OLD-{n}-INS", "created_at": "2026-12-03T00:00:00Z"} for n in range(100)],
        100: [
            {"id": "LATE-INS", "created_at": "2026-12-04T09:00:00Z"},
            {"id": "NEW-INS", "created_at": "2026-12-04T10:00:00Z"},
        ],
    }
    asked = []

    class Line:
        def clock(self):
            return NOW

        def send(self, request, *, deadline):
            query = dict(parse_qsl(urlsplit(request.url).query))
            asked.append((request.operation, query, deadline))
            page = {"count": 102, "results": pages[int(query["offset"])]}
            return Response(200, {}, json.dumps(page).encode())

    client = XCoverClient(
        Credentials("https://api.example.com/x", "ABCDE", "key", "secret"), Line()
    )
    since = datetime(2026, 12, 4, 9, 30, tzinfo=UTC)

    assert [booking.id for booking in client.bookings_since(since, deadline=4)] == ["NEW-INS"]
    assert asked == [
        ("list_bookings", {"limit": "100", "offset": "0"}, 4),
        ("list_bookings", {"limit": "100", "offset": "100"}, 4),
    ]


def test_an_address_without_xcovers_own_404_is_a_wrong_one():
    client, _ = canned(404, {"message": "Not found."})

    with pytest.raises(XCoverMisconfigured, match=r"^get_booking: nothing is at this address"):
        CALLS["get"](client)


@pytest.mark.parametrize("status", [405, 400, 418])
def test_another_refusal_needs_no_type_to_be_one(status):
    client, _ = canned(status, {"message": "No."})

    with pytest.raises(XCoverRejected, match=rf"^get_booking: refused \(HTTP {status}\)$"):
        CALLS["get"](client)


def test_a_success_that_names_errors_says_so():
    client, _ = canned(200, fixture("booking_confirmed") | {"errors": {"phone": ["bad"]}})

    with pytest.raises(XCoverRejected, match="a success that carries errors or no items"):
        CALLS["get"](client)


@pytest.mark.parametrize("errors", [["phone"], "phone", 7])
def test_errors_in_another_shape_name_no_field(errors):
    client, _ = canned(422, {"type": "x", "message": "No.", "errors": errors})

    with pytest.raises(XCoverRejected) as caught:
        CALLS["get"](client)
    assert caught.value.fields == ()


def test_a_page_of_a_redirect_is_no_success():
    client, _ = canned(300, {"id": "AB-INS"})

    with pytest.raises(XCoverMisconfigured, match="the address redirects"):
        CALLS["get"](client)
