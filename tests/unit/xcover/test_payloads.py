"""What is sent to XCover, compared with the fixtures a store can show its Solutions Engineer.

``pytest --update-golden`` rewrites them after a wanted change.
"""

import json
from dataclasses import astuple
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.domain.tickets import Basket, Buyer, Event, Policyholder, Tickets
from saleor_xcover_plugin.payload import shipped
from saleor_xcover_plugin.payload.names import Sale
from saleor_xcover_plugin.payload.template import parse
from saleor_xcover_plugin.xcover.payloads import (
    cancellation_preview_body,
    confirm_body,
    encode,
    offer_body,
    policyholder_update_body,
)

REQUESTS = Path(__file__).resolve().parents[3] / "fixtures" / "xcover" / "requests"
CONCERT = Event(
    name="Evening Concert",
    starts_at=datetime.fromisoformat("2027-03-05T20:00:00+01:00"),
    ends_at=datetime.fromisoformat("2027-03-05T23:00:00+01:00"),
    venue="Town Hall",
    city="Berlin",
    country="DE",
)
FESTIVAL = Event("Summer Festival", datetime.fromisoformat("2027-07-10T12:00:00+00:00"), "GB")
BASKET = Basket(
    tickets=(
        Tickets(CONCERT, 2, Decimal("100.00"), "1"),
        Tickets(FESTIVAL, 1, Decimal("49.90"), "2", is_resale=True),
        Tickets(CONCERT, 1, Decimal("80.00"), "3"),
    ),
    currency="EUR",
    country="DE",
    language="de",
)
ANA = Policyholder("Ana", "Diaz", "ana@example.com", "+493012345678", "DE", city="Berlin")

PAYLOAD = parse(shipped.text_of("nested")).payload(Sale(BASKET, Buyer("", "", "", "", "DE")))
BODIES = {
    "create_offer": offer_body(PAYLOAD, schema="events:v1"),
    "create_offer_without_schema": offer_body(PAYLOAD, schema=""),
    "confirm": confirm_body(["quote-1", "quote-2"], ANA, transaction_id="1001"),
    "confirm_with_persons": confirm_body(
        ["quote-1"], ANA, transaction_id="1001", insured=[{"first_name": "Ben"}]
    ),
    "preview_cancellation": cancellation_preview_body(["quote-1"], "Order refunded"),
    "modify_policyholder": policyholder_update_body({"phone": "+493012345679"}),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_are_those_of_the_fixtures(name, request):
    path = REQUESTS / f"{name}.json"
    found = json.loads(BODIES[name], parse_float=str)
    if request.config.getoption("--update-golden"):
        path.write_text(json.dumps(json.loads(BODIES[name]), indent=2, ensure_ascii=False) + "\n")

    assert found == json.loads(path.read_text(), parse_float=str)


def test_tickets_of_one_event_are_one_event_in_the_order_of_the_basket():
    events = json.loads(BODIES["create_offer"])["context"]["events"]

    assert [event["name"] for event in events] == ["Evening Concert", "Summer Festival"]
    assert [len(event["tickets"]) for event in events] == [3, 1]
    assert BASKET.events == [CONCERT, FESTIVAL]


def test_equal_baskets_give_equal_bytes():
    assert offer_body(PAYLOAD, schema="") == BODIES["create_offer_without_schema"]


def test_buyers_details_that_only_templates_name_are_not_sent_to_confirm():
    buyer = Buyer(*astuple(ANA), company="Diaz Ltd", street="High Street 1")

    assert confirm_body(["quote-1", "quote-2"], buyer, transaction_id="1001") == BODIES["confirm"]


@given(st.decimals(min_value=0, max_value=10_000_000, places=3))
def test_amounts_arrive_as_they_were_sent(amount):
    assert json.loads(encode({"price": amount}), parse_float=Decimal, parse_int=Decimal) == {
        "price": amount
    }


def test_an_amount_a_json_number_would_change_is_refused():
    with pytest.raises(ValueError, match="more digits"):
        encode({"price": Decimal("0.1234567890123456789")})
