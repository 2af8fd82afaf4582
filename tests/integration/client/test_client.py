"""The client against the simulated XCover, over real HTTP: the whole life of a policy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from saleor_xcover_plugin.domain.tickets import Basket, Buyer, Event, Policyholder, Tickets
from saleor_xcover_plugin.payload import shipped
from saleor_xcover_plugin.payload.names import Sale
from saleor_xcover_plugin.payload.template import parse
from saleor_xcover_plugin.xcover.errors import (
    XCoverAlreadyBooked,
    XCoverMisconfigured,
    XCoverNoOffer,
    XCoverNotFound,
    XCoverRejected,
    XCoverStatusConflict,
    XCoverUnavailable,
)
from saleor_xcover_plugin.xcover.payloads import (
    cancellation_preview_body,
    confirm_body,
    encode,
    offer_body,
    policyholder_update_body,
)

ANA = Policyholder("Ana", "Diaz", "ana@example.com", "+16175550123", "US")
EVENT = Event("Evening Concert", datetime.now(UTC) + timedelta(days=60), "US", city="Boston")
BASKET = Basket((Tickets(EVENT, 2, Decimal("100.00"), "1"),), "USD", "US", "en")


def offer(client, basket=BASKET):
    sale = Sale(basket, Buyer("", "", "", "", basket.country))
    body = offer_body(parse(shipped.text_of("nested")).payload(sale), schema="")
    return client.create_offer(body)


def book(client, made, *, key="key-1", holder=ANA):
    body = confirm_body([q.id for q in made.quotes], holder, transaction_id="1001")
    return client.confirm_offer(made.id, body, idempotency_key=key)


def test_an_offer_names_price_terms_and_wording(client, simulator):
    made = offer(client)

    (quote,) = made.quotes
    assert (quote.premium, made.currency) == (Decimal("6.66"), "USD")
    assert quote.premium_without_tax + quote.tax == quote.premium
    assert quote.pds_url.startswith(simulator.base_url.removesuffix("/x"))
    assert quote.disclaimer or made.disclaimer
    assert quote.title == "Ticket protection for Evening Concert"
    points = (*quote.benefits, *quote.inclusions, *quote.exclusions)
    assert all(point.label and point.text for point in points)
    assert quote.benefits


def test_two_events_are_two_quotes(client):
    other = replace(EVENT, name="Summer Festival")
    basket = replace(BASKET, tickets=(*BASKET.tickets, Tickets(other, 1, Decimal(50), "2")))

    assert [q.premium for q in offer(client, basket).quotes] == [Decimal("6.66"), Decimal("1.67")]


def test_confirming_makes_one_policy_whatever_is_repeated(client, simulator):
    made = offer(client)
    first = book(client, made)

    assert first.is_confirmed
    assert (first.total_price, first.partner_transaction_id) == (Decimal("6.66"), "1001")
    assert book(client, made) == first  # 409 with the stored booking
    with pytest.raises(XCoverAlreadyBooked) as caught:
        book(client, made, key="key-2")
    assert caught.value.booking_id == first.id
    assert client.get_booking(first.id).is_confirmed
    assert len(simulator.state()["bookings"]) == 1


def test_a_key_is_never_reused_for_another_body(client, simulator):
    made = offer(client)
    book(client, made)

    with pytest.raises(XCoverRejected):
        book(client, made, holder=replace(ANA, first_name="Eva"))
    assert len(simulator.state()["bookings"]) == 1


def test_a_phone_without_plus_is_named(client):
    with pytest.raises(XCoverRejected) as caught:
        book(client, offer(client), holder=replace(ANA, phone="6175550123"))

    assert caught.value.fields == ("policyholder.phone",)


def test_an_opt_out_is_told_and_repeating_it_does_no_harm(client, simulator):
    made = offer(client)
    client.opt_out(made.id, idempotency_key="key-1")
    client.opt_out(made.id, idempotency_key="key-1")

    assert len(simulator.state()["opt_outs"]) == 1
    with pytest.raises(XCoverNotFound):
        client.opt_out("00000000-0000-4000-8000-000000000000", idempotency_key="key-2")


def test_a_preview_cancels_nothing_and_the_confirmation_does(client):
    booking = book(client, offer(client))
    body = cancellation_preview_body([q.id for q in booking.quotes], "Order refunded")

    preview = client.preview_cancellation(booking.id, body, idempotency_key="key-2")

    assert (preview.refund, preview.refund_amounts_agree) == (Decimal("6.66"), True)
    assert preview.cooling_off_until > datetime.now(UTC) + timedelta(days=13)
    assert not preview.is_refunded_by_xcover
    assert client.get_booking(booking.id).is_confirmed
    cancelled = client.confirm_cancellation(
        booking.id, preview.cancellation_id, idempotency_key="key-3"
    )
    assert cancelled.is_cancelled
    assert client.get_booking(booking.id).is_cancelled
    with pytest.raises(XCoverStatusConflict):
        client.preview_cancellation(booking.id, body, idempotency_key="key-4")


@pytest.mark.parametrize(
    ("rule", "refund"), [("full", Decimal("6.66")), ("zero", Decimal(0)), ("refuse", None)]
)
def test_each_refund_rule_is_told_apart(client, simulator, rule, refund):
    booking = book(client, offer(client))
    simulator.settings(refund_rule=rule)
    body = cancellation_preview_body([q.id for q in booking.quotes], "Order refunded")

    if refund is None:
        with pytest.raises(XCoverRejected):
            client.preview_cancellation(booking.id, body, idempotency_key="key-2")
    else:
        assert (
            client.preview_cancellation(booking.id, body, idempotency_key="key-2").refund == refund
        )


def test_a_flag_of_automatic_refunds_is_seen(client, simulator):
    booking = book(client, offer(client))
    simulator.settings(xpay_refund_enabled=True)
    body = cancellation_preview_body([q.id for q in booking.quotes], "Order refunded")

    preview = client.preview_cancellation(booking.id, body, idempotency_key="key-2")

    assert preview.is_refunded_by_xcover


def test_a_new_phone_costs_nothing_and_more_tickets_do(client):
    booking = book(client, offer(client))
    body = policyholder_update_body({"phone": "+16175550199"})

    preview = client.modify_booking(booking.id, body, idempotency_key="key-2", preview=True)
    done = client.confirm_modification(booking.id, preview.update_id, idempotency_key="key-3")

    assert (preview.price_difference, done.price_difference) == (0, 0)
    tickets = {
        "quotes": [
            {
                "id": booking.quotes[0].id,
                "update_fields": {"events": [{"tickets": [{"price": Decimal(100)}] * 3}]},
            }
        ]
    }
    dearer = client.modify_booking(
        booking.id, encode(tickets), idempotency_key="key-4", preview=True
    )
    assert dearer.price_difference == Decimal("3.33")
    assert client.get_booking(booking.id).total_price == Decimal("6.66")


@pytest.mark.parametrize(
    "changes",
    [{"api_secret": "wrong"}, {"api_key": "wrong"}],
    ids=["secret", "key"],
)
def test_wrong_credentials_are_told_by_a_call_without_effect(client_with, simulator, changes):
    client_with().probe()

    with pytest.raises(XCoverMisconfigured):
        client_with(**changes).probe()
    assert simulator.state()["bookings"] == []


def test_the_algorithms_and_signed_headers_of_other_clients_work_too(client_with):
    from saleor_xcover_plugin.xcover.client import XCoverClient

    plain = client_with()
    for algorithm, headers in (
        ("hmac-sha256", ("date",)),
        ("hmac-sha384", ("date",)),
        ("hmac-sha512", ("(request-target)", "date")),
    ):
        credentials = replace(plain._credentials, algorithm=algorithm, signed_headers=headers)
        XCoverClient(credentials, plain._transport).probe()


def test_a_currency_without_offer_is_no_offer(client):
    with pytest.raises(XCoverNoOffer):
        offer(client, replace(BASKET, currency="NOK"))


def test_a_lost_answer_is_found_again_with_the_same_key(client, simulator):
    made = offer(client)
    simulator.fault("confirm", "reset_after")

    with pytest.raises(XCoverUnavailable):
        book(client, made)

    assert book(client, made).id == simulator.state()["bookings"][0]["id"]
    assert len(simulator.state()["bookings"]) == 1


def test_the_simulated_answers_are_marked(simulator):
    import requests

    answer = requests.get(f"{simulator.base_url}/partners/ABCDE/bookings/X/", timeout=5)

    assert answer.headers["X-XCover-Simulated"] == "true"
