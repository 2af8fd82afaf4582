"""The store's side: orders, what waits for a person, refunds, and the simulated XCover."""

from typing import Any

import pytest

from demo.shop.settings import Settings

from .conftest import PAYMENT_TOKEN, STAFF_TOKEN, OpenShop
from .shop_process import OpenedShop
from .upstream_server import FakeUpstream

COVER_LINE = {"productSku": "XCOVER-TICKET-PROTECTION", "productName": "Ticket protection"}
CONFIRMED = "XCover: policy SIM-INS confirmed, premium 6.66 USD."
PARTLY = "XCover: Only part of the order was refunded. Decide whether to cancel it."


def order(*notes: str, facts: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "id": "T3JkZXI6MQ==",
        "number": "7",
        "privateMetadata": [{"key": k, "value": v} for k, v in (facts or {}).items()],
        "transactions": [],
        "events": [{"type": "NOTE_ADDED", "message": note} for note in notes],
        "lines": [],
        **changes,
    }


def paid(*amounts: float) -> list[dict[str, Any]]:
    return [
        {"id": f"tx-{index}", "chargedAmount": {"amount": amount, "currency": "USD"}}
        for index, amount in enumerate(amounts, start=1)
    ]


def listed(host: FakeUpstream, *orders: dict[str, Any]) -> None:
    host.answers["orders"] = {"edges": [{"node": each} for each in orders]}


def test_tokens_never_reach_the_browser(
    open_shop: OpenShop, host: FakeUpstream, simulator: FakeUpstream
) -> None:
    listed(host, order())
    host.answers["order"] = order()
    host.answers["insuranceCover"] = {"cover": None, "errors": []}
    simulator.answers["GET /"] = {"calls": [], "faults": [], "bookings": []}
    shop = open_shop(simulator=f"{simulator.url}/")

    seen = [
        shop.get("/"),
        shop.get("/api/config"),
        shop.get("/api/staff/orders"),
        shop.get("/api/staff/xcover"),
        shop.post("/api/staff/order", json={"orderId": "1"}),
        shop.post("/api/staff/refund", json={"orderId": "1"}),
    ]

    assert [each.status_code for each in seen] == [200, 200, 200, 200, 200, 409]
    everything = "".join(each.text + str(each.headers) for each in seen)
    assert STAFF_TOKEN not in everything
    assert PAYMENT_TOKEN not in everything
    assert STAFF_TOKEN in [each.token for each in host.received]
    assert "token-that" not in repr(Settings(staff_token=STAFF_TOKEN, payment_token=PAYMENT_TOKEN))


@pytest.mark.parametrize(
    ("notes", "reason"),
    [
        ([], None),
        (["Buyer called."], None),
        ([CONFIRMED], None),
        ([CONFIRMED, PARTLY], PARTLY.removeprefix("XCover: ")),
        # A later routine note means that it was dealt with.
        ([PARTLY, CONFIRMED], None),
    ],
)
def test_a_note_that_asks_for_a_decision_needs_a_person(
    shop: OpenedShop, host: FakeUpstream, notes: list[str], reason: str | None
) -> None:
    listed(host, order(*notes, facts={"xcover.status": "confirmed", "xcover.policy": "SIM-INS"}))

    (shown,) = shop.get("/api/staff/orders").json()

    assert shown["needsPerson"] == reason
    assert shown["policy"] == {"status": "confirmed", "number": "SIM-INS"}
    assert host.operations("insuranceCover") == []


def test_an_unsettled_cover_is_asked_for_and_parked_needs_a_person(
    shop: OpenedShop, host: FakeUpstream
) -> None:
    listed(host, order(lines=[COVER_LINE]))
    host.answers["insuranceCover"] = {"cover": {"status": "parked"}, "errors": []}

    (shown,) = shop.get("/api/staff/orders").json()

    assert shown["policy"]["status"] == "parked"
    assert shown["needsPerson"] == "The policy could not be confirmed."


def test_a_cover_whose_status_cannot_be_told_is_shown_as_the_order_says(
    shop: OpenedShop, host: FakeUpstream
) -> None:
    listed(host, order(lines=[COVER_LINE], facts={"xcover.status": "cancelling"}))
    host.answers["insuranceCover"] = {"cover": {"status": None}, "errors": []}

    (shown,) = shop.get("/api/staff/orders").json()

    assert (shown["policy"]["status"], shown["needsPerson"]) == ("cancelling", None)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (None, [("tx-1", "80.00"), ("tx-2", "20.00")]),
        ("30.00", [("tx-1", "30.00")]),
        ("90.00", [("tx-1", "80.00"), ("tx-2", "10.00")]),
    ],
)
def test_a_refund_is_reported_on_what_was_charged(
    shop: OpenedShop, host: FakeUpstream, amount: str | None, expected: list[tuple[str, str]]
) -> None:
    host.answers["order"] = order(transactions=paid(80.00, 20.00))
    host.answers["transactionEventReport"] = {"alreadyProcessed": False, "errors": []}

    answer = shop.post("/api/staff/refund", json={"orderId": "1", "amount": amount})

    assert answer.status_code == 200
    sent = host.operations("transactionEventReport")
    told = [(each.body["variables"]["id"], each.body["variables"]["amount"]) for each in sent]
    assert [(name, float(part)) for name, part in told] == [
        (name, float(part)) for name, part in expected
    ]
    assert {each.token for each in sent} == {PAYMENT_TOKEN}
    assert len({each.body["variables"]["pspReference"] for each in sent}) == len(sent)


@pytest.mark.parametrize("amount", ["0", "-5", "100.01"])
def test_no_more_is_refunded_than_was_charged(
    shop: OpenedShop, host: FakeUpstream, amount: str
) -> None:
    host.answers["order"] = order(transactions=paid(100.00))

    answer = shop.post("/api/staff/refund", json={"orderId": "1", "amount": amount})

    assert answer.status_code == 409
    assert host.operations("transactionEventReport") == []


def test_without_tokens_the_missing_variables_are_named(
    open_shop: OpenShop, host: FakeUpstream
) -> None:
    shop = open_shop(staff_token="", payment_token="")

    assert shop.get("/api/config").json()["missingTokens"] == [
        "XCOVER_DEMO_STAFF_TOKEN",
        "XCOVER_DEMO_PAYMENT_TOKEN",
    ]
    assert "XCOVER_DEMO_STAFF_TOKEN" in shop.get("/api/staff/orders").json()["error"]
    assert host.received == []


def test_what_xcover_received_is_shown_without_people(
    open_shop: OpenShop, simulator: FakeUpstream
) -> None:
    call = {"at": "2026-01-01T10:00:00Z", "status": 200, "fault": None, "idempotency_key": "k"}
    confirm = {"operation": "confirm", "path": "/x/partners/P/offers/o-1/confirm/"}
    look = {"operation": "get_booking", "path": "/x/partners/P/bookings/SIM-INS/"}
    simulator.answers["GET /"] = {
        "calls": [{**call, **confirm, "body": {"email": "ada@example.com"}}, {**call, **look}],
        "bookings": [{"id": "SIM-INS", "offer_id": "o-1"}],
        "faults": [],
    }

    answer = open_shop(simulator=f"{simulator.url}/").get("/api/staff/xcover")

    calls = answer.json()["calls"]
    assert [each["operation"] for each in calls] == ["get_booking", "confirm"]
    assert [each["booking"] for each in calls] == ["SIM-INS", "SIM-INS"]
    assert "ada@example.com" not in answer.text


def test_the_switch_breaks_xcover_and_mends_it(
    open_shop: OpenShop, simulator: FakeUpstream
) -> None:
    simulator.answers = {
        "GET /_simulator": {"calls": [], "bookings": [], "faults": [{"kind": "html"}]},
        "DELETE /_simulator/faults": {"faults": []},
        "POST /_simulator/faults": {"faults": [{}]},
    }
    shop = open_shop(simulator=f"{simulator.url}/_simulator")

    assert shop.post("/api/staff/xcover", json={"isDown": True}).json()["isDown"] is True
    assert shop.post("/api/staff/xcover", json={"isDown": False}).status_code == 200

    ordered = [each for each in simulator.received if each.method != "GET"]
    assert [each.method for each in ordered] == ["DELETE", "POST", "DELETE"]
    assert ordered[1].body == {"operation": "*", "kind": "html", "times": None}


def test_without_a_simulator_nothing_can_be_broken(shop: OpenedShop) -> None:
    assert shop.get("/api/staff/xcover").json() == {"isGiven": False}
    assert shop.post("/api/staff/xcover", json={"isDown": True}).status_code == 409


@pytest.mark.parametrize("key", ["", "guessed", "ключ"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/staff/orders"),
        ("get", "/api/staff/xcover"),
        ("post", "/api/staff/order"),
        ("post", "/api/staff/refund"),
        ("post", "/api/staff/xcover"),
    ],
)
def test_the_staff_routes_want_the_key_of_the_staff_address(
    shop: OpenedShop, host: FakeUpstream, key: str, method: str, path: str
) -> None:
    body = {"json": {"orderId": "1", "isDown": True}} if method == "post" else {}

    answer = getattr(shop, method)(path, headers={"X-Staff-Key": key.encode()}, **body)

    assert answer.status_code == 403
    assert "staff address" in answer.json()["error"]
    assert host.received == []
