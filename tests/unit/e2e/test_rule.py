"""The rule takes out one cover line and exactly the premium, and nothing else."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from tests.saleor.e2e.rule import Facts, Insured, RuleBroken, untagged, without_cover

PREMIUM = Decimal("6.66")


def money(amount: str) -> dict[str, Decimal]:
    return {"amount": Decimal(amount)}


def taxed(gross: str, net: str, tax: str = "0") -> dict[str, dict[str, Decimal]]:
    return {"gross": money(gross), "net": money(net), "tax": money(tax)}


def line(identity: str, total: str, quantity: int = 1) -> dict[str, Any]:
    return {
        "xcoverType": "OrderLine",
        "xcoverId": identity,
        "quantity": quantity,
        "totalPrice": taxed(total, total),
        "undiscountedUnitPrice": money(total),
    }


def order(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "data": {
            "orderDetails": {
                "xcoverType": "Order",
                "xcoverId": "order-1",
                "status": "UNFULFILLED",
                **({"lines": list(lines)} if lines else {}),
                **fields,
            }
        }
    }


def facts(**insured: Any) -> Facts:
    return Facts(insured={"order-1": Insured(PREMIUM, "cover", **insured)})


def test_an_insured_order_reads_as_the_same_order_without_its_cover():
    # given an order of 20.00 with tax and shipping, and a premium of 6.66 on top
    answer = order(
        line("ticket", "10.00"),
        line("cover", "6.66"),
        total=taxed("26.66", "24.79", "1.87"),
        subtotal=taxed("16.66", "15.96", "0.70"),
        undiscountedTotal=taxed("26.66", "24.79", "1.87"),
        shippingPrice=taxed("10.00", "8.83", "1.17"),
    )

    # when the cover is taken out
    read = untagged(without_cover(answer, facts()))["data"]["orderDetails"]

    # then one line is gone, gross and net are lower by the premium, and tax and shipping stay
    assert [item["totalPrice"]["gross"] for item in read["lines"]] == [money("10.00")]
    assert read["total"] == taxed("20.00", "18.13", "1.87")
    assert read["subtotal"] == taxed("10.00", "9.30", "0.70")
    assert read["undiscountedTotal"] == taxed("20.00", "18.13", "1.87")
    assert read["shippingPrice"] == taxed("10.00", "8.83", "1.17")
    assert "xcoverId" not in read


def test_what_is_not_insured_is_left_alone():
    answer = order(line("ticket", "10.00"), total=taxed("20.00", "20.00"))
    before = copy.deepcopy(answer)

    assert without_cover(answer, Facts()) == before


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([line("ticket", "10.00")], "not among them"),
        ([line("cover", "6.66"), line("ticket", "10.00")], "number 1 of 2"),
        ([line("ticket", "10.00"), line("cover", "6.65")], "is 6.65, not 6.66"),
        ([line("ticket", "10.00"), line("cover", "6.66", quantity=2)], "2 covers"),
    ],
)
def test_a_cover_that_is_missing_misplaced_or_not_as_accepted_breaks_the_rule(lines, said):
    with pytest.raises(RuleBroken, match=said):
        without_cover(order(*lines), facts())


def test_a_second_line_too_many_is_not_taken_out():
    answer = order(line("ticket", "10.00"), line("strange", "6.66"), line("cover", "6.66"))

    read = without_cover(answer, facts())["data"]["orderDetails"]

    assert [item["xcoverId"] for item in read["lines"]] == ["ticket", "strange"]


def test_a_balance_is_lower_by_what_of_the_premium_is_not_charged_yet():
    unpaid = order(totalBalance=money("-26.66"), totalCharged=money("0"))
    paid = order(totalBalance=money("0"), totalCharged=money("26.66"))

    before = without_cover(unpaid, facts())["data"]["orderDetails"]
    after = without_cover(paid, facts(charged=PREMIUM))["data"]["orderDetails"]

    assert (before["totalBalance"], before["totalCharged"]) == (money("-20.00"), money("0"))
    assert (after["totalBalance"], after["totalCharged"]) == (money("0"), money("20.00"))


def test_what_a_gift_card_pays_of_the_premium_is_not_in_the_total():
    # given a gift card that pays the tickets and 4.00 of the premium
    answer = order(total=taxed("2.66", "2.66"), subtotal=taxed("16.66", "16.66"))

    read = without_cover(answer, facts(by_gift_card=Decimal("4.00")))["data"]["orderDetails"]

    assert read["total"] == taxed("0.00", "0.00")
    assert read["subtotal"] == taxed("10.00", "10.00")


def test_only_the_payment_that_got_the_premium_says_less():
    def transaction(identity: str) -> dict[str, Any]:
        return {
            "xcoverType": "TransactionItem",
            "xcoverId": identity,
            "chargedAmount": money("26.66"),
            "authorizedAmount": money("0"),
        }

    answer = order(transactions=[transaction("first"), transaction("second")])

    read = without_cover(answer, Facts(added={"first": PREMIUM}))["data"]["orderDetails"]

    first, second = read["transactions"]
    assert (first["chargedAmount"], first["authorizedAmount"]) == (money("20.00"), money("0"))
    assert second["chargedAmount"] == money("26.66")
