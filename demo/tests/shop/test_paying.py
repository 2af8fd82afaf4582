"""Paying charges once, whatever becomes of the order."""

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import PAYMENT_TOKEN, OpenShop
from .shop_process import OpenedShop
from .upstream_server import FakeUpstream

Pay = Callable[..., Any]
REFUSED = {"order": None, "errors": [{"message": "Your ticket protection has changed."}]}
ORDERED = {"order": {"id": "T3JkZXI6MQ==", "number": "7"}, "errors": []}


def total(amount: float) -> dict[str, Any]:
    return {"totalPrice": {"gross": {"amount": amount, "currency": "USD"}}}


@pytest.fixture
def pay(shop: OpenedShop, host: FakeUpstream) -> Pay:
    """Press "Pay now" with the total on the screen."""
    host.answers["checkout"] = total(106.66)
    host.answers["checkoutComplete"] = ORDERED
    host.answers["transactionCreate"] = {"transaction": {"id": "tx-1"}, "errors": []}
    host.answers["transactionEventReport"] = {"alreadyProcessed": False, "errors": []}

    def press(amount: str = "106.66") -> Any:
        return shop.post("/api/pay", json={"checkoutId": "Q2hlY2tvdXQ6MQ==", "total": amount})

    return press


def charges(host: FakeUpstream) -> list[str]:
    sent = host.operations("transactionCreate")
    return [each.body["variables"]["transaction"]["amountCharged"]["amount"] for each in sent]


def test_the_whole_total_is_charged_and_the_order_made(pay: Pay, host: FakeUpstream) -> None:
    assert pay().json() == {"order": ORDERED["order"], "charged": "106.66"}

    assert [each.operation for each in host.received] == [
        "checkout",
        "transactionCreate",
        "checkoutComplete",
    ]
    assert charges(host) == ["106.66"]
    # Only the payment app's call carries its token.
    assert [each.token for each in host.received] == ["", PAYMENT_TOKEN, ""]


def test_a_refused_order_is_not_charged_twice(pay: Pay, host: FakeUpstream) -> None:
    # given completing is refused after the money was taken
    host.answers["checkoutComplete"] = REFUSED
    assert pay().json() == {
        "refused": "Your ticket protection has changed.",
        "charged": "106.66",
        "currency": "USD",
    }
    # when the buyer presses again
    host.answers["checkoutComplete"] = ORDERED
    assert pay().json()["order"]["number"] == "7"
    # then the money was taken once
    assert charges(host) == ["106.66"]
    assert host.operations("transactionEventReport") == []


def test_a_total_the_buyer_did_not_see_is_not_charged(pay: Pay, host: FakeUpstream) -> None:
    answer = pay("100.00").json()

    assert answer["refused"].startswith("The total has changed.")
    assert answer["charged"] == "0"
    assert charges(host) == []
    assert host.operations("checkoutComplete") == []


@pytest.mark.parametrize(
    ("new_total", "charged", "returned"),
    [(100.00, ["106.66"], ["6.66"]), (206.66, ["106.66", "100.00"], [])],
)
def test_after_a_refusal_only_the_difference_moves(
    pay: Pay, host: FakeUpstream, new_total: float, charged: list[str], returned: list[str]
) -> None:
    host.answers["checkoutComplete"] = REFUSED
    pay()

    host.answers |= {"checkout": total(new_total), "checkoutComplete": ORDERED}
    pay(str(new_total))

    assert charges(host) == charged
    reports = [each.body["variables"] for each in host.operations("transactionEventReport")]
    assert [report["amount"] for report in reports] == returned
    assert all(report["type"] == "REFUND_SUCCESS" for report in reports)


def test_a_refused_charge_makes_no_order(pay: Pay, host: FakeUpstream) -> None:
    error = {"message": "Payments are closed."}
    host.answers["transactionCreate"] = {"transaction": None, "errors": [error]}

    answer = pay()

    assert (answer.status_code, answer.json()) == (409, {"error": "Payments are closed."})
    assert host.operations("checkoutComplete") == []


@pytest.mark.parametrize("amount", [None, "", "lots", "NaN", "Infinity", "1e-9"])
def test_an_amount_must_be_one(shop: OpenedShop, host: FakeUpstream, amount: object) -> None:
    answer = shop.post("/api/pay", json={"checkoutId": "1", "total": amount})

    assert answer.status_code == 400
    assert host.received == []


def test_without_the_payment_token_the_missing_variable_is_named(open_shop: OpenShop) -> None:
    answer = open_shop(payment_token="").post("/api/pay", json={"checkoutId": "1", "total": "1"})

    assert answer.status_code == 409
    assert "XCOVER_DEMO_PAYMENT_TOKEN" in answer.json()["error"]
