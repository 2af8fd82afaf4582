"""``xcover_erase``: a buyer asks to be forgotten. Nothing a running policy needs is removed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from saleor_xcover_plugin.crypto import encrypt
from testkit.client.payment_app import PaymentApp
from testkit.client.people import EMAIL, NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder, Transaction
from testkit.simulator import SimulatorProcess
from testkit.steps import (
    PREMIUM,
    TOTAL,
    Sale,
    accept_cover,
    asked,
    bookings,
    buy_with_cover,
    change_the_buyer_twice,
)
from testkit.work import Work

from .years import pass_by

SendShopper = Callable[[Channel], Shopper]
AFTER_THE_EVENT = 60 + 7 + 1
NOTE = "what the ticket protection held about the buyer's details was removed on request."


def run(number: str, *arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("xcover_erase", "--order", number, "--json", *arguments, stdout=out)
    return dict(json.loads(out.getvalue()))


def refusal(number: str) -> str:
    with pytest.raises(CommandError) as refused:
        run(number, "--confirm")
    assert refused.value.returncode == 1
    return str(refused.value)


def goes(said: dict[str, Any]) -> int:
    """How much of what is held is removed on request."""
    return sum(one["count"] for one in said["held"] if one["goes"])


def rows(name: str) -> Any:
    from django.apps import apps

    return apps.get_model("saleor_xcover_plugin", name).objects


def lose_phone() -> None:
    from django.apps import apps

    apps.get_model("account", "Address").objects.update(phone="")


def erase_notes(staff: Staff, order_id: str) -> int:
    return sum(NOTE in note for note in staff.order(order_id).notes)


@pytest.fixture
def refused_order(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> PlacedOrder:
    """A paid order whose policy XCover refused: the message waits for a person."""
    simulator.fault("confirm", "status", times=1, status=422)
    order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    work()
    return order


@pytest.fixture
def incomplete_sale(
    shopper: SendShopper, store: Store, payments: PaymentApp, work: Work
) -> tuple[PlacedOrder, Transaction]:
    """A paid order whose policy waits for the buyer's phone."""
    order, payment = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    lose_phone()
    work()
    assert rows("Cover").get().reason_code == "policyholder_incomplete"
    return order, payment


@pytest.fixture
def incomplete_order(incomplete_sale: tuple[PlacedOrder, Transaction]) -> PlacedOrder:
    return incomplete_sale[0]


def test_a_policy_in_force_keeps_all(sale: Sale, staff: Staff, simulator: SimulatorProcess) -> None:
    digests, calls = rows("Cover").get().policyholder_digests, asked(simulator)

    said = run(sale.order.number)
    sentence = refusal(sale.order.number)

    assert (said["refused"], said["removed"]) == ("policy_active", False)
    assert sentence == f"policy_active: {said['sentence']}"
    assert "Cancel it first with xcover_cancellation" in sentence
    assert rows("Cover").get().policyholder_digests == digests
    assert erase_notes(staff, sale.order.id) == 0
    assert asked(simulator) == calls


def test_after_the_event_the_buyer_is_forgotten(
    sale: Sale, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given
    pass_by(days=AFTER_THE_EVENT)
    calls, before = asked(simulator), rows("Cover").get()
    # when somebody looks first
    looked = run(sale.order.number)
    assert (looked["refused"], looked["removed"]) == (None, False)
    assert goes(looked) == len(before.policyholder_digests) + len(["links"])
    assert rows("Cover").get().policyholder_digests == before.policyholder_digests
    # when it is confirmed
    said = run(sale.order.number, "--confirm")
    # then the hashes are gone; the evidence and the order are as they were
    assert said["removed"]
    after = rows("Cover").get()
    assert (after.policyholder_digests, after.sealed_links) == ({}, None)
    assert (after.status, after.booking_id, after.updated_at) == (
        "confirmed",
        sale.booking_id,
        before.updated_at,
    )
    assert rows("Consent").count() == 1
    assert erase_notes(staff, sale.order.id) == 1
    # when the order changes later, and it is asked for again
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": "+12125550177"})
    work()
    again = run(sale.order.number, "--confirm")
    # then nothing happens any more
    assert goes(again) == 0
    assert asked(simulator) == calls
    assert rows("Modification").count() == 0
    assert erase_notes(staff, sale.order.id) == 1


def test_changes_that_were_made_or_wait_are_forgotten_too(
    sale: Sale, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given one change that was applied, and one XCover refused
    change_the_buyer_twice(sale, staff, work, simulator)
    assert [m.status for m in rows("Modification").order_by("pk")] == ["applied", "parked"]
    assert rows("OutboxMessage").filter(status="parked").count() == 1
    pass_by(days=AFTER_THE_EVENT)
    # when
    run(sale.order.number, "--confirm")
    # then nothing waits, nothing is sealed, and which field it was is still known
    assert [m.status for m in rows("Modification").order_by("pk")] == ["applied", "dropped"]
    assert [m.wanted for m in rows("Modification").all()] == [{"phone": ""}] * 2
    assert rows("OutboxMessage").exclude(sealed_body=None).count() == 0
    assert rows("OutboxMessage").filter(status__in=["pending", "parked"]).count() == 0


def test_a_cancelled_policy_need_not_wait_for_its_event(
    sale: Sale, payments: PaymentApp, work: Work
) -> None:
    payments.refund(sale.payment, TOTAL)
    work()
    assert rows("Cover").get().status == "cancelled"

    said = run(sale.order.number, "--confirm")

    assert goes(said) > 0
    assert rows("Cover").get().policyholder_digests == {}
    assert rows("Cancellation").count() == 1


def test_the_request_of_a_refused_policy_goes_after_the_event(
    refused_order: PlacedOrder, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    (message,) = rows("OutboxMessage").all()
    assert message.sealed_body is None  # XCover refused it: what it held is not needed any more
    assert refusal(refused_order.number).startswith("outcome_unknown: ")
    pass_by(days=AFTER_THE_EVENT)
    calls = asked(simulator)
    # when
    run(refused_order.number, "--confirm")
    work()
    # then it cannot be replayed, and the paid premium is due
    message.refresh_from_db()
    assert (message.status, message.sealed_body) == ("dropped", None)
    cover = rows("Cover").get()
    assert (cover.status, cover.reason_code) == ("parked", "event_over")
    assert cover.policyholder_digests == {}
    assert cover.amount_due_back == PREMIUM
    sentence = "No policy was made. Refund the premium of 6.66 USD unless it went back already."
    assert cover.reason == sentence
    (note,) = [note for note in staff.order(refused_order.id).notes if NOTE in note]
    assert note.endswith(sentence)
    assert asked(simulator) == calls


def test_what_waits_for_a_detail_is_no_obstacle_after_the_event(
    incomplete_order: PlacedOrder,
) -> None:
    assert refusal(incomplete_order.number).startswith("put_aside: ")
    assert rows("OutboxMessage").get().status == "parked"
    pass_by(days=AFTER_THE_EVENT)

    run(incomplete_order.number, "--confirm")

    cover = rows("Cover").get()
    assert (cover.reason_code, cover.amount_due_back) == ("event_over", PREMIUM)
    assert "eplay" not in cover.reason
    assert rows("OutboxMessage").get().status == "dropped"


def test_an_order_that_was_refunded_and_cancelled_need_not_wait(
    incomplete_sale: tuple[PlacedOrder, Transaction], payments: PaymentApp, work: Work
) -> None:
    incomplete_order, payment = incomplete_sale
    payments.refund(payment, TOTAL)
    work()
    assert rows("Cover").get().status == "void"

    assert run(incomplete_order.number)["refused"] is None
    run(incomplete_order.number, "--confirm")

    assert rows("Cover").get().amount_due_back == 0


def test_a_success_with_errors_may_hide_a_policy(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given XCover books, and says errors
    simulator.fault("confirm", "errors_in_2xx", times=1)
    order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    work()
    (booking,) = bookings(simulator)
    # then the message that finds the policy stays
    assert refusal(order.number).startswith("outcome_unknown: ")
    store.command("xcover_replay", "--all")
    work()
    assert rows("Cover").get().booking_id == booking["id"]
    assert refusal(order.number).startswith("policy_active: ")


@pytest.mark.parametrize("is_made", [True, False])
def test_what_never_became_known_ends_with_cover_geniuss_word(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    is_made: bool,
) -> None:
    # given a policy whose answer was lost, and whose call went when its event was over
    order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    rows("OutboxMessage").filter(kind="confirm").update(attempts=287)
    simulator.fault("confirm", "reset_after" if is_made else "reset", times=1)
    work()
    assert rows("Cover").get().reason_code == "gave_up"
    pass_by(days=AFTER_THE_EVENT)
    run(order.number, "--confirm")
    cover = rows("Cover").get()
    assert (cover.reason_code, cover.amount_due_back) == ("event_over", 0)
    assert '"Make no policy", saying that you asked' in cover.reason
    # when nobody asked Cover Genius, nothing is said to be over
    with pytest.raises(CommandError, match="Ask Cover Genius"):
        store.command("xcover_policy", order.number, "--do-not-make")
    assert rows("Cover").get().reason_code == "event_over"
    # when they said what they know
    if is_made:
        (booking,) = bookings(simulator)
        store.command("xcover_policy", order.number, "--take-over", booking["id"])
    else:
        store.command("xcover_policy", order.number, "--do-not-make", "--asked-xcover")
    work()
    # then it has an end, and what is due is due once
    cover = rows("Cover").get()
    assert cover.status == ("confirmed" if is_made else "void")
    assert cover.amount_due_back == (0 if is_made else PREMIUM)
    assert asked(simulator)["confirm"] == 1


def test_a_line_whose_cover_is_not_placed_yet_comes_first(
    store: Store, shopper: SendShopper
) -> None:
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    order = buyer.complete()
    rows("Cover").all().delete()  # as before the first look at the order

    assert refusal(order.number).startswith("message_unsent: ")


def test_nobody_is_sent_to_an_order_saleor_deleted(store: Store, shopper: SendShopper) -> None:
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    buyer.complete()
    rows("Cover").update(order_id=uuid.uuid4(), order_number="987654321")

    assert run("987654321")["refused"] is None


def test_a_season_is_over_after_its_last_day(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a policy for an event of six weeks
    starts_at = datetime.now(UTC) + timedelta(days=60)
    season = store.new_event(
        price="100.00",
        starts_at=starts_at,
        event_end=(starts_at + timedelta(days=42)).isoformat(),
    )
    order, _ = buy_with_cover(shopper(store.usd), payments, {season: 2})
    work()
    pass_by(days=AFTER_THE_EVENT)
    assert refusal(order.number).startswith("policy_active: ")
    pass_by(days=42)
    assert run(order.number)["refused"] is None


@pytest.mark.parametrize("reason", ["gave_up", "unexpected", "other_booking"])
def test_while_it_is_unknown_whether_a_policy_exists(
    refused_order: PlacedOrder, reason: str
) -> None:
    rows("Cover").update(reason_code=reason)
    rows("OutboxMessage").update(sending="outcome_unknown", sealed_body=encrypt(b"{}"))
    assert refusal(refused_order.number).startswith("outcome_unknown: ")
    # after the event nobody can be insured any more
    pass_by(days=AFTER_THE_EVENT)
    run(refused_order.number, "--confirm")
    assert rows("OutboxMessage").get().sealed_body is None


def test_what_is_still_to_be_sent_comes_first(
    shopper: SendShopper, store: Store, payments: PaymentApp
) -> None:
    order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})

    assert refusal(order.number).startswith("message_unsent: ")
    assert rows("OutboxMessage").filter(status="pending").count() == 1


def test_an_unpaid_order_may_still_get_its_policy(store: Store, shopper: SendShopper) -> None:
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)

    assert refusal(buyer.complete().number).startswith("cover_open: ")


def test_an_open_claim_keeps_all(sale: Sale) -> None:
    pass_by(days=AFTER_THE_EVENT)
    call_command("xcover_cancellation", "claim", sale.order.number, "open", stdout=StringIO())

    assert refusal(sale.order.number).startswith("claim_open: ")
    assert rows("Cover").get().policyholder_digests


def test_an_order_without_cover_holds_no_person(
    store: Store, shopper: SendShopper, work: Work
) -> None:
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    buyer.decline()
    order = buyer.complete()
    assert refusal(order.number).startswith("message_unsent: ")  # its opt-out
    work()

    said = run(order.number, "--confirm")

    assert goes(said) == 0
    held = {one["what"]: one["count"] for one in said["held"]}
    assert held["offers, with country and language"] == 1
    assert held["answers, without a name"] == 1


def test_an_unknown_order_is_named(store: Store) -> None:
    assert refusal("987654321") == "No such order: 987654321. Nothing was changed."


def test_nobody_is_named_anywhere(sale: Sale, staff: Staff) -> None:
    pass_by(days=AFTER_THE_EVENT)
    out = StringIO()
    call_command("xcover_erase", "--order", sale.order.number, "--confirm", stdout=out)

    text = out.getvalue() + "".join(staff.order(sale.order.id).notes)
    assert "removed" in text
    assert "Not touched: the order in Saleor" in text
    for part in ("Ada", EMAIL, NEW_YORK["phone"], "Example Street", "10001"):
        assert part not in text


def test_money_due_is_not_forgotten(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given an offer XCover no longer knew when it was paid
    simulator.fault("confirm", "status", times=1, status=404)
    order, payment = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    work()
    before = rows("Cover").get()
    assert (before.reason_code, before.amount_due_back) == ("offer_gone", PREMIUM)
    assert refusal(order.number).startswith("put_aside: ")
    pass_by(days=AFTER_THE_EVENT)
    # when
    run(order.number, "--confirm")
    # then it is due, once, until it went back
    after = rows("Cover").get()
    assert (after.reason, after.amount_due_back) == (before.reason, PREMIUM)
    work()
    payments.refund(payment, PREMIUM)
    work()
    assert rows("Cover").get().amount_due_back == 0
