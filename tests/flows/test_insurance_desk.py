"""Staff look after policies through the plugin's own address; nobody else gets anything."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from testkit.client.driver import Driver, GraphQLFailed, Refused
from testkit.client.insurance_desk import InsuranceDesk
from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, TICKETS, Sale, asked, bookings, buy_with_cover
from testkit.work import Work

from .holding import held_rows

SendShopper = Callable[[Channel], Shopper]


@pytest.fixture
def desk(store: Store, driver: Driver, simulator: SimulatorProcess) -> InsuranceDesk:
    return InsuranceDesk(driver, store.usd, store.staff_token())


def refuse_cover(sale: Sale, staff: Staff, payments: PaymentApp, work: Work) -> None:
    """Give all tickets back, but not their cover."""
    (line,) = sale.order.ticket_lines
    staff.grant_refund(sale.order.id, sale.payment, lines={line.id: 2})
    payments.refund(sale.payment, TICKETS)
    work()


def codes(refused: Any) -> tuple[str, ...]:
    found: tuple[str, ...] = refused.value.codes
    return found


def test_a_cover_with_its_history(sale: Sale, desk: InsuranceDesk) -> None:
    cover = desk.cover(sale.order.number)

    assert (cover["status"], cover["policyNumber"]) == ("confirmed", sale.booking_id)
    assert cover["premium"] == {"amount": "6.66", "currency": "USD"}
    assert cover["amountDueBack"] == {"amount": "0.00", "currency": "USD"}
    assert cover["claim"] == "unknown"
    assert [step["what"] for step in cover["history"]] == [
        "offered",
        "accepted at 6.66 USD",
        "ordered",
        "paid",
        f"policy {sale.booking_id} confirmed",
    ]
    assert (cover["cancellations"], cover["parkedMessages"]) == ([], [])


def test_a_decision_from_the_list_to_the_end(
    sale: Sale,
    desk: InsuranceDesk,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given
    assert desk.covers(needsDecision=True)["covers"] == []
    refuse_cover(sale, staff, payments, work)
    # when
    (cover,) = desk.covers(needsDecision=True)["covers"]
    (waiting,) = cover["cancellations"]
    assert (waiting["rule"], waiting["status"]) == ("tickets", "parked")
    assert waiting["refund"] == {"amount": "6.66", "currency": "USD"}
    with pytest.raises(Refused) as wrong:
        desk.approve(waiting["id"], "6.67", "USD")
    assert codes(wrong) == ("refund_changed",)
    for amount, currency in (
        ("NaN", "USD"),
        ("Infinity", "USD"),
        ("1e999999", "USD"),
        ("six", "USD"),
        ("", ""),
    ):
        with pytest.raises(Refused) as odd:
            desk.approve(waiting["id"], amount, currency)
        assert codes(odd) in (("bad_input",), ("refund_changed",))
    desk.approve(waiting["id"], **waiting["refund"])
    work()
    # then
    (booking,) = bookings(simulator)
    assert booking["status"] == "CANCELLED"
    assert desk.covers(needsDecision=True)["covers"] == []
    (due,) = desk.covers(isDue=True)["covers"]
    assert due["amountDueBack"]["amount"] == "6.66"
    assert due["history"][-1]["what"] == "policy cancelled"
    # when the premium goes back, too
    payments.refund(sale.payment, PREMIUM)
    work()
    # then
    assert desk.covers(isDue=True)["covers"] == []


def test_staff_are_told_of_a_busy_database(sale: Sale, desk: InsuranceDesk) -> None:
    from saleor_xcover_plugin.models import Cover

    with held_rows(Cover), pytest.raises(Refused) as busy:
        desk.set_claim(sale.order.id, "open")
    assert codes(busy) == ("busy",)
    assert "Another database session holds rows or tables this needs" in str(busy.value)
    assert desk.cover(sale.order.number)["claim"] == "unknown"
    assert desk.set_claim(sale.order.id, "open")["cover"]["claim"] == "open"


def test_staff_keep_a_policy_ask_again_and_note_a_claim(
    sale: Sale,
    desk: InsuranceDesk,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    refuse_cover(sale, staff, payments, work)
    (waiting,) = desk.cover(sale.order.number)["cancellations"]

    kept = desk.keep(waiting["id"])["cover"]
    assert [row["status"] for row in kept["cancellations"]] == ["kept"]
    with pytest.raises(Refused) as twice:
        desk.keep(waiting["id"])
    assert codes(twice) == ("not_waiting",)

    desk.ask(sale.order.id)
    with pytest.raises(Refused) as busy:
        desk.ask(sale.order.id)
    assert codes(busy) == ("under_way",)
    work()
    rows = desk.cover(sale.order.number)["cancellations"]
    assert [(row["rule"], row["status"]) for row in rows] == [
        ("tickets", "kept"),
        ("staff", "parked"),
    ]
    assert asked(simulator)["cancel"] == 2
    assert "confirm_cancellation" not in asked(simulator)

    assert desk.set_claim(sale.order.id, "open")["cover"]["claim"] == "open"
    with pytest.raises(GraphQLFailed, match="InsuranceClaim"):
        desk.set_claim(sale.order.id, "perhaps")


def test_what_staff_asked_waits_for_nobody_once_a_refund_has_ended_the_policy(
    sale: Sale,
    desk: InsuranceDesk,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given staff who asked what cancelling would refund, and have not decided
    desk.ask(sale.order.id)
    work()
    (cover,) = desk.covers(needsDecision=True)["covers"]
    # when the whole order is refunded, which ends the policy without them
    payments.refund(sale.payment, sale.order.total)
    for _ in range(3):
        work()
    # then
    (booking,) = bookings(simulator)
    assert booking["status"] == "CANCELLED"
    assert desk.covers(needsDecision=True)["covers"] == []
    cover = desk.cover(sale.order.number)
    assert [(each["rule"], each["status"]) for each in cover["cancellations"]] == [
        ("staff", "kept"),
        ("everything", "cancelled"),
    ]
    with pytest.raises(Refused) as late:
        desk.approve(cover["cancellations"][0]["id"], "6.66", "USD")
    assert codes(late) == ("not_waiting",)


@pytest.mark.parametrize(
    "phone",
    ["", "on request", "+NoneNone", "+1", "+0155550123"],
    ids=["none", "words", "misread", "too short", "no country"],
)
def test_missing_buyer_details_are_filled_and_the_policy_is_made(
    phone: str,
    shopper: SendShopper,
    store: Store,
    desk: InsuranceDesk,
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a yes after which the phone went missing or became what nobody can call, and money
    ada = shopper(store.usd)
    order, _ = buy_with_cover(ada, payments, {store.concert: 2})
    _store_phone(order.number, phone)
    work()
    cover = desk.cover(order.number)
    assert (cover["status"], cover["reasonCode"]) == ("parked", "policyholder_incomplete")
    # when staff give what cannot be used
    for given in ({"phone": "555 0100"}, {"phone": "+0155550123"}, {}, {"email": "nobody"}):
        with pytest.raises(Refused) as bad:
            desk.complete(order.id, **given)
        assert codes(bad) == ("bad_input",)
    assert bookings(simulator) == []
    # when they give the phone, and another name that is there already
    desk.complete(order.id, phone="+14155550123", firstName="Grace")
    work()
    # then the policy is made, with the name the order has
    (call,) = simulator.calls("confirm")
    assert call["body"]["policyholder"]["phone"] == "+14155550123"
    assert call["body"]["policyholder"]["first_name"] == NEW_YORK["firstName"]
    assert desk.cover(order.number)["status"] == "confirmed"
    notes = " ".join(staff.order(order.id).notes)
    assert "staff completed the buyer's phone" in notes
    assert "4155550123" not in notes
    with pytest.raises(Refused) as late:
        desk.complete(order.id, phone="+14155550124")
    assert codes(late) == ("not_waiting",)


def _store_phone(order_number: str, phone: str) -> None:
    """As an import or another plugin could: Saleor's own API takes no such number."""
    from django.apps import apps

    order = apps.get_model("order", "Order").objects.get(number=order_number)
    for address in (order.billing_address, order.shipping_address):
        if address is not None:
            type(address).objects.filter(pk=address.pk).update(phone=phone)


def test_a_parked_message_is_sent_again(
    shopper: SendShopper,
    store: Store,
    desk: InsuranceDesk,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    simulator.fault("confirm", "status", times=1, status=422)
    order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    work()
    cover = desk.cover(order.number)
    (message,) = cover["parkedMessages"]
    assert message["reasonCode"] == "refused"

    for wrong in ("0", "x", "99999999999999999999"):
        with pytest.raises(Refused) as refused:
            desk.retry(order.id, wrong)
        assert codes(refused) == ("not_waiting",)
    desk.retry(order.id, message["id"])
    work()

    assert desk.cover(order.number)["status"] == "confirmed"
    assert len(bookings(simulator)) == 1


def test_pages_and_filters(
    shopper: SendShopper,
    store: Store,
    desk: InsuranceDesk,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    numbers = []
    for _ in range(3):
        order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 1})
        numbers.append(order.number)
    work()

    first = desk.covers(first=2)
    assert [row["orderNumber"] for row in first["covers"]] == [numbers[2], numbers[1]]
    assert first["hasNextPage"] is True
    second = desk.covers(first=2, after=first["endCursor"])
    assert [row["orderNumber"] for row in second["covers"]] == [numbers[0]]
    assert second["hasNextPage"] is False
    assert len(desk.covers(status="confirmed")["covers"]) == 3
    assert desk.covers(status="parked")["covers"] == []
    with pytest.raises(GraphQLFailed, match="InsuranceCoverStatus"):
        desk.covers(status="sold")
    for wanted in ({"after": "x"}, {"after": "Y292ZXI6eA=="}, {"first": 101}, {"first": 0}):
        with pytest.raises(Refused) as refused:
            desk.covers(**wanted)
        assert codes(refused) == ("bad_input",)


@pytest.mark.parametrize("who", ["a shopper", "a payment app", "rubbish"])
def test_nobody_else_learns_or_changes_anything(
    sale: Sale,
    desk: InsuranceDesk,
    store: Store,
    driver: Driver,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    who: str,
) -> None:
    # given
    refuse_cover(sale, staff, payments, work)
    (waiting,) = desk.cover(sale.order.number)["cancellations"]
    token = {"a shopper": None, "a payment app": store.payment_app_token(), "rubbish": "x.y.z"}
    stranger = InsuranceDesk(driver, store.usd, token[who])
    # when
    for act in (
        lambda: stranger.covers(),
        lambda: stranger.ask(sale.order.id),
        lambda: stranger.approve(waiting["id"], "6.66", "USD"),
        lambda: stranger.keep(waiting["id"]),
        lambda: stranger.set_claim(sale.order.id, "open"),
        lambda: stranger.retry(sale.order.id, "1"),
        lambda: stranger.complete(sale.order.id, phone="+14155550123"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert codes(refused) == ("permission_denied",)
    # then
    assert desk.cover(sale.order.number)["claim"] == "unknown"
    assert [row["status"] for row in desk.cover(sale.order.number)["cancellations"]] == ["parked"]


def test_another_channel_is_another_desk(
    sale: Sale, store: Store, driver: Driver, desk: InsuranceDesk
) -> None:
    elsewhere = InsuranceDesk(driver, store.usd_unpaid, store.staff_token())

    assert elsewhere.covers()["covers"] == []
    for act in (
        lambda: elsewhere.ask(sale.order.id),
        lambda: elsewhere.set_claim(sale.order.id, "open"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert codes(refused) == ("cover_not_found",)
    with pytest.raises(Refused) as unknown:
        elsewhere.keep("1")
    assert codes(unknown) == ("cancellation_not_found",)
    assert Decimal(desk.cover(sale.order.number)["premium"]["amount"]) == PREMIUM


def test_missing_buyer_details_are_filled_from_a_shell(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.core.management import CommandError, call_command

    order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    _store_phone(order.number, "")
    work()

    for text, sentence in (("", "bad_input"), ("shoe_size: 44\n", "bad_input: Not a field")):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        with pytest.raises(CommandError, match=sentence):
            call_command("xcover_complete", order.number)
    with pytest.raises(CommandError, match="Order 0 has no protection"):
        call_command("xcover_complete", "0")
    assert bookings(simulator) == []

    monkeypatch.setattr("sys.stdin", io.StringIO("phone: +14155550123\n"))
    out = io.StringIO()
    call_command("xcover_complete", order.number, stdout=out)
    work()

    assert out.getvalue() == "The confirmation will be sent again.\n"
    (call,) = simulator.calls("confirm")
    assert call["body"]["policyholder"]["phone"] == "+14155550123"


@pytest.mark.parametrize(
    ("manages_orders", "channels", "may"),
    [
        (True, None, True),
        (True, {1, 2}, True),
        (True, {2, 3}, False),
        (True, set(), False),
        (False, None, False),
        (False, {1}, False),
    ],
)
def test_who_may_manage_a_channel(
    manages_orders: bool, channels: set[int] | None, may: bool
) -> None:
    from saleor_xcover_plugin.host.requestor import Requestor

    limited_to = None if channels is None else frozenset(channels)

    assert Requestor(manages_orders, limited_to).may_manage(1) is may


@pytest.mark.parametrize(
    "amount", ["6,66", "\u0666.\u0666\u0666", "6.66\u00b2", "6_6", "1e2", "NaN", ""]
)
def test_an_amount_is_written_as_it_was_shown(amount: str) -> None:
    from saleor_xcover_plugin.staff.decisions import DecisionRefused, read_refund

    with pytest.raises(DecisionRefused, match="as it was shown"):
        read_refund(amount, "USD")


@pytest.mark.parametrize("currency", ["", "US", "USDT", "U\u017fD", "US\u202e", "\x00\x00\x00"])
def test_a_currency_is_written_as_it_was_shown(currency: str) -> None:
    from saleor_xcover_plugin.staff.decisions import DecisionRefused, read_refund

    with pytest.raises(DecisionRefused, match="as it was shown"):
        read_refund("6.66", currency)


@pytest.mark.parametrize("amount", ["6.66", "0.00", "-1.50", "6"])
def test_an_amount_as_it_was_shown(amount: str) -> None:
    from saleor_xcover_plugin.staff.decisions import read_refund

    assert read_refund(amount, "usd").amount == Decimal(amount)
