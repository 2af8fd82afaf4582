"""What the desk shows beside an order, of sales, of health and of payloads."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from testkit.client.desk import Desk
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import Sale, accept_cover
from testkit.work import Work

from .desk_staff import desk_of, new_user
from .test_cancelled_event import slug_of

SendShopper = Callable[[Channel], Shopper]

ORDER = """
query Order($id: ID!) {
  insuranceOrder(orderId: $id) {
    order {
      number wasOffered
      cover { status policyNumber history { what } }
      products { title premium { amount } tax { amount currency } wordingUrl }
      answers {
        answer source language isIntact shownAt answeredAt
        quotes { title isChosen premium { amount currency } }
      }
      cases { id kind }
    }
    errors { code message }
  }
}"""
SALES = """
query Sales($first: Date!, $last: Date!, $channel: String) {
  insuranceSales(first: $first, last: $last, channel: $channel) {
    markets {
      channel currency
      total { shown sold declined attachRate premium { amount } }
      days { day figures { sold } }
    }
    csv
    refusals { code requests why }
    errors { code message }
  }
}"""
HEALTH = """{
  insuranceHealth {
    alarms { code subject sentence } findings { check subject severity sentence }
    errors { code message }
  }
}"""
PAYLOAD = """
query Payload($product: String, $checkoutId: ID, $orderNumber: String, $reveal: Boolean) {
  insurancePayload(
    product: $product, checkoutId: $checkoutId, orderNumber: $orderNumber, reveal: $reveal
  ) {
    previews { about body refusal missing { path name why } } errors { code message }
  }
}"""


@pytest.fixture
def desk(store: Store, simulator: SimulatorProcess) -> Desk:
    return desk_of(new_user())


def test_an_order_shows_its_policy_and_what_the_buyer_saw_and_said(sale: Sale, desk: Desk) -> None:
    from saleor_xcover_plugin.models import Cover

    order = desk.ask(ORDER, id=sale.order.id)["order"]

    assert (order["number"], order["wasOffered"], order["cases"]) == (sale.order.number, True, [])
    assert order["cover"]["status"] == "CONFIRMED"
    assert order["cover"]["policyNumber"] == sale.booking_id
    (product,) = order["products"]
    assert product["premium"] == {"amount": "6.66"}
    policy = Cover.objects.get()
    assert product["wordingUrl"] == policy.pds_url
    assert policy.pds_url != policy.offer.quotes.get().pds_url  # which is of the offer
    (answer,) = order["answers"]
    assert (answer["answer"], answer["source"], answer["isIntact"]) == (
        "ACCEPTED",
        "storefront",
        True,
    )
    assert answer["quotes"] == [
        {
            "title": product["title"],
            "isChosen": True,
            "premium": {"amount": "6.66", "currency": "USD"},
        }
    ]
    assert answer["shownAt"] <= answer["answeredAt"]


def test_an_order_without_protection_shows_the_no(
    shopper: SendShopper, store: Store, desk: Desk
) -> None:
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    buyer.decline()
    order_id = buyer.complete().id

    order = desk.ask(ORDER, id=order_id)["order"]

    assert (order["cover"], order["products"], order["wasOffered"]) == (None, [], True)
    assert [each["answer"] for each in order["answers"]] == ["DECLINED"]
    assert [quote["isChosen"] for quote in order["answers"][0]["quotes"]] == [False]


def test_an_order_that_is_not_there_is_refused(desk: Desk) -> None:
    for text in ("rubbish", "3f0e2b1c-0000-4000-8000-000000000000"):
        found = desk.ask(ORDER, id=text)
        assert found["order"] is None
        assert [error["code"] for error in found["errors"]] == ["BAD_INPUT"]


def test_sales_of_a_period_are_figures_days_and_the_file_of_the_report(
    sale: Sale, shopper: SendShopper, store: Store, desk: Desk
) -> None:
    # given one yes and one no today
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    buyer.decline()
    today = datetime.now(UTC).date()
    # when
    period = {"first": str(today - timedelta(days=6)), "last": str(today)}
    found = desk.ask(SALES, **period)
    # then
    (market,) = found["markets"]
    assert (market["channel"], market["currency"]) == (store.usd.slug, "USD")
    total = market["total"]
    assert (total["shown"], total["sold"], total["attachRate"]) == (2, 1, "1.0000")
    assert total["premium"] == {"amount": "6.66"}
    assert [day["day"] for day in market["days"]] == [
        str(today - timedelta(days=back)) for back in range(6, -1, -1)
    ]
    assert [day["figures"]["sold"] for day in market["days"]] == [0, 0, 0, 0, 0, 0, 1]
    assert found["csv"] == store.command(
        "xcover_report", "--from", period["first"], "--to", period["last"], "--csv", "-"
    )
    assert desk.ask(SALES, **period, channel=store.usd_unpaid.slug)["markets"] == []


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-02-01", "2026-01-01"), ("2000-01-01", "2026-01-01"), ("9999-12-31", str(date.max))],
)
def test_a_period_that_cannot_be_is_refused(desk: Desk, first: str, last: str) -> None:
    found = desk.ask(SALES, first=first, last=last)

    assert [error["code"] for error in found["errors"]] == ["BAD_INPUT"]
    assert (found["markets"], found["csv"]) == ([], None)


def test_health_tells_alarms_and_findings_and_calls_nobody(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    desk: Desk,
) -> None:
    # given a paid order whose policy waits for a person
    ada = shopper(store.usd_unpaid)
    accept_cover(ada, store)
    order = ada.complete()
    simulator.fault("confirm", "status", times=1, status=404)
    staff.mark_as_paid(order.id)
    work()
    calls = len(simulator.calls())
    # when
    found = desk.ask(HEALTH)
    # then
    assert found["errors"] == []
    alarms = {(alarm["code"], alarm["subject"]) for alarm in found["alarms"]}
    assert ("PARKED", order.number) in alarms
    checks = {finding["check"]: finding for finding in found["findings"]}
    assert checks["credentials"]["severity"] == "SKIPPED"
    assert checks["desk"]["sentence"]
    assert len(simulator.calls()) == calls


def test_a_payload_is_shown_without_personal_data_unless_they_are_asked_for(
    sale: Sale, shopper: SendShopper, store: Store, desk: Desk
) -> None:
    hidden = desk.ask(PAYLOAD, orderNumber=sale.order.number)
    shown = desk.ask(PAYLOAD, orderNumber=sale.order.number, reveal=True)
    product = desk.ask(PAYLOAD, product=slug_of(store.concert))
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    checkout = desk.ask(PAYLOAD, checkoutId=buyer.checkout().id, reveal=True)

    name = json.loads(shown["previews"][0]["body"])["policyholder"]["first_name"]
    assert name
    assert name not in hidden["previews"][0]["body"]
    assert "[hidden]" in hidden["previews"][0]["body"]
    assert all(not preview["missing"] for preview in product["previews"])
    assert {preview["about"].split(":")[0] for preview in product["previews"]} >= {store.usd.slug}
    assert all(name not in str(preview["body"]) for preview in checkout["previews"])


def test_a_payload_of_nothing_is_refused(desk: Desk) -> None:
    for named in (
        {},
        {"product": "none"},
        {"orderNumber": "0"},
        {"product": "a", "checkoutId": "b"},
    ):
        found = desk.ask(PAYLOAD, **named)
        assert [error["code"] for error in found["errors"]] == ["BAD_INPUT"]
