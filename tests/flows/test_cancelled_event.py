"""``xcover_event``: every policy of a cancelled event is asked about and ended once."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store, Variant
from testkit.client.values import PlacedOrder
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, asked, bookings, buy_with_cover
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]
Sell = Callable[[Variant], tuple[Shopper, PlacedOrder]]


def run(*arguments: str) -> tuple[dict[str, Any], int, str]:
    """Run the command; return what it prints, its exit code, and what it says beside."""
    out, said, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("xcover_event", *arguments, "--json", stdout=out, stderr=said)
    except SystemExit as end:
        code = int(end.code or 0)
    return json.loads(out.getvalue()), code, said.getvalue()


def groups(data: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """Return of each outcome how many policies came to it and their refund, as it is printed."""
    return {row["what"]: (row["policies"], row["refund"]) for row in data["outcomes"]}


def remembered() -> int:
    """Count the variants whose event was told to be cancelled or moved."""
    from saleor_xcover_plugin.models import EventChange

    return int(EventChange.objects.count())


def slug_of(variant: Variant) -> str:
    from django.apps import apps

    rows = apps.get_model("product", "ProductVariant").objects
    return str(rows.get(sku=variant.sku).product.slug)


@pytest.fixture
def sell(shopper: SendShopper, store: Store, payments: PaymentApp, work: Work) -> Sell:
    """Return a function that sells two tickets with cover, up to the policy."""

    def sold(variant: Variant) -> tuple[Shopper, PlacedOrder]:
        ada = shopper(store.usd)
        order, _ = buy_with_cover(ada, payments, {variant: 2})
        work()
        return ada, order

    return sold


def test_a_cancelled_event_from_the_first_look_to_the_last_policy(
    sell: Sell, store: Store, staff: Staff, simulator: SimulatorProcess
) -> None:
    # given three policies of the concert and one of the festival
    buyers = [sell(store.concert) for _ in range(3)]
    sell(store.festival)
    product = slug_of(store.concert)
    sold = asked(simulator)
    # when somebody looks
    data, code, _ = run(product)
    # then nothing happens
    assert (groups(data), code) == ({"not asked yet": (3, "0.00")}, 0)
    assert asked(simulator) == sold
    # when it is cancelled and nobody confirmed, or a wrong number is confirmed
    data, code, said = run(product, "--cancelled")
    assert (groups(data), code) == ({"not asked yet": (3, "0.00")}, 3)
    assert "of 19.98 USD" in said
    assert "add --confirm 3" in said
    data, code, said = run(product, "--cancelled", "--confirm", "4")
    assert (groups(data), code) == ({"not asked yet": (3, "0.00")}, 3)
    assert "3 policies in force, not 4: nothing was changed" in said
    # then nothing was sent, and nothing is remembered
    assert asked(simulator) == sold
    assert remembered() == 0
    # when the right one is, twice
    data, code, _ = run(product, "--cancelled", "--confirm", "3")
    assert (groups(data), code) == ({"cancelled": (3, str(3 * PREMIUM))}, 0)
    data, code, _ = run(product, "--cancelled", "--confirm", "3")
    assert {
        call["body"]["quotes"][0]["reason_for_cancellation"] for call in simulator.calls("cancel")
    } == {"Event cancelled"}
    # then each is cancelled once, the festival's stays, and the premiums are due
    assert (groups(data), code) == ({"cancelled": (3, str(3 * PREMIUM))}, 0)
    assert asked(simulator) == {**sold, "cancel": 3, "confirm_cancellation": 3}
    statuses = sorted(booking["status"] for booking in bookings(simulator))
    assert statuses == ["CANCELLED"] * 3 + ["CONFIRMED"]
    for ada, order in buyers:
        cover = ada.cover()
        assert cover is not None
        assert (cover.status, cover.amount_due_back) == ("cancelled", PREMIUM)
        assert len([n for n in staff.order(order.id).notes if "Refund 6.66 USD" in n]) == 1


def test_policies_without_a_refund_stay_in_force(
    sell: Sell, store: Store, simulator: SimulatorProcess
) -> None:
    for _ in range(2):
        sell(store.concert)
    simulator.settings(refund_rule="zero")

    data, code, _ = run(slug_of(store.concert), "--cancelled", "--confirm", "2")

    assert (groups(data), code) == ({"no refund offered": (2, "0.00")}, 1)
    assert {booking["status"] for booking in bookings(simulator)} == {"CONFIRMED"}
    assert "confirm_cancellation" not in asked(simulator)


def test_what_xcover_refunds_itself_is_left_out_of_the_run(
    sell: Sell, store: Store, simulator: SimulatorProcess
) -> None:
    # given a policy whose refund XCover pays itself, and one the store pays
    (ada, _), (bob, _) = sell(store.concert), sell(store.concert)
    product = slug_of(store.concert)
    simulator.settings(xpay_refund_enabled=True)
    simulator.fault("cancel", "status", times=1, status=422)
    # when the event is cancelled
    data, code, _ = run(product, "--cancelled", "--confirm", "2")
    # then the one is refused, the other left to a person
    assert groups(data) == {"refused by XCover": (1, "0.00"), "XCover refunds it": (1, "6.66")}
    assert code == 1
    assert "confirm_cancellation" not in asked(simulator)
    assert {booking["status"] for booking in bookings(simulator)} == {"CONFIRMED"}
    for buyer in (ada, bob):
        cover = buyer.cover()
        assert cover is not None
        assert (cover.status, cover.amount_due_back) == ("confirmed", 0)


def test_refusals_and_claims_are_told_apart(
    sell: Sell, store: Store, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.domain.cancellations import ClaimState
    from saleor_xcover_plugin.models import Cover
    from saleor_xcover_plugin.staff.decisions import note_claim

    sell(store.concert)
    sell(store.concert)
    claimed = Cover.objects.latest("pk")
    note_claim(claimed.order_id, ClaimState.OPEN, datetime.now(UTC))
    simulator.settings(refund_rule="refuse")

    data, code, _ = run(slug_of(store.concert), "--cancelled", "--confirm", "2")

    assert groups(data) == {
        "refused by XCover": (1, "0.00"),
        "not asked: claim_open": (1, "0.00"),
    }
    assert code == 1
    assert asked(simulator)["cancel"] == 1


def test_a_refund_after_the_event_was_cancelled_needs_no_run(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a policy of an event that is cancelled, about which XCover was asked
    ada = shopper(store.usd)
    order, payment = buy_with_cover(ada, payments, {store.concert: 2})
    work()
    simulator.settings(refund_rule="zero")
    run(slug_of(store.concert), "--cancelled", "--confirm", "1")
    simulator.settings(refund_rule="full")
    # when the order is refunded
    payments.refund(payment, order.total)
    work()
    # then it is cancelled by itself: the buyer has the premium back
    cover = ada.cover()
    assert cover is not None
    assert (cover.status, cover.amount_due_back) == ("cancelled", 0)
    assert asked(simulator)["confirm_cancellation"] == 1
    # and a later run finds nothing to do
    data, code, _ = run(slug_of(store.concert), "--cancelled", "--confirm", "0")
    assert (groups(data), code) == ({"cancelled": (1, str(PREMIUM))}, 0)


def test_xcover_down_says_what_is_left_and_the_next_run_ends_it(
    sell: Sell, store: Store, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from .waits import let_waits_pass

    sell(store.concert)
    monkeypatch.setattr("saleor_xcover_plugin.staff.event_runs._MAX_WAIT", timedelta(seconds=1))
    simulator.fault("cancel", "status", times=None, status=503)

    data, code, _ = run(slug_of(store.concert), "--cancelled", "--confirm", "1")
    assert (groups(data), code) == ({"under way": (1, "0.00")}, 1)

    simulator.clear_faults()
    let_waits_pass()
    data, code, _ = run(slug_of(store.concert), "--cancelled", "--confirm", "1")
    assert (groups(data), code) == ({"cancelled": (1, str(PREMIUM))}, 0)
    assert asked(simulator)["confirm_cancellation"] == 1


def test_a_moved_event_is_told_to_its_orders_and_judged_by_its_new_date(
    sell: Sell,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.checkout.ticketed_events import insured_events

    _, order = sell(store.concert)
    past = datetime.now(UTC) - timedelta(hours=1)

    product = slug_of(store.concert)
    _, code, said = run(product, "--moved-to", past.isoformat(), "--confirm", "1")
    assert (code, remembered()) == (3, 0)
    assert "is in the past or years away. Nothing was changed. Add --even-so" in said
    _, code, said = run(product, "--moved-to", past.isoformat(), "--even-so")
    assert (code, remembered()) == (3, 0)
    assert "add --confirm 1" in said
    data, code, said = run(product, "--moved-to", past.isoformat(), "--even-so", "--confirm", "1")

    assert code == 0
    assert "1 order was told" in said
    assert groups(data) == {"not asked yet": (1, "0.00")}
    assert staff.order(order.id).has_note("event was moved to", "stays in force")
    from saleor_xcover_plugin.models import Cover

    events = insured_events(Cover.objects.get().offer)
    assert (events.first_start, events.are_cancelled) == (past, False)
    staff.cancel(order.id)
    work()
    assert "cancel" not in asked(simulator)  # the event has begun: a person decides


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("--cancelled", "--confirm", "0"), "event_cancelled"),
        (
            ("--moved-to", "2026-01-01T20:00+00:00", "--even-so", "--confirm", "0"),
            "event_started",
        ),
    ],
)
def test_an_event_that_is_off_before_the_policy_is_made_gets_none(
    change: tuple[str, ...],
    code: str,
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given a paid order that nobody has worked on
    buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    # when its event is cancelled, or has been brought forward
    run(slug_of(store.concert), *change)
    work()
    # then nothing is bought, and the buyer is owed the premium
    assert bookings(simulator) == []
    (cover,) = Cover.objects.all()
    assert (cover.status, cover.reason_code) == ("parked", code)
    assert cover.amount_due_back == PREMIUM
    # when it takes place after all
    run(slug_of(store.concert), "--takes-place", "--confirm", "0")
    work()
    # then it is insured as it was paid, and nothing is owed
    (cover,) = Cover.objects.all()
    assert (cover.status, cover.reason_code, cover.amount_due_back) == ("confirmed", "", 0)
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


@dataclass(frozen=True)
class GivenBack:
    """What went back while the event was off, and what the cover is when it is on again."""

    amount: str
    pieces: Callable[[PlacedOrder], dict[str, int]] | None
    status: str
    reason_code: str
    due: Decimal


GIVEN_BACK = {
    "other goods": GivenBack(
        "25.00", lambda order: {line_of(order, 25): 1}, "confirmed", "", Decimal(0)
    ),
    "money for nothing named": GivenBack("20.00", None, "parked", "refunded_in_part", PREMIUM),
    "a ticket": GivenBack(
        "100.00", lambda order: {line_of(order, 100): 1}, "parked", "refunded_in_part", PREMIUM
    ),
    "the premium": GivenBack(
        "6.66",
        lambda order: {order.cover_lines[0].id: 1},
        "parked",
        "event_cancelled",
        Decimal(0),
    ),
}


def line_of(order: PlacedOrder, price: int) -> str:
    return next(line.id for line in order.lines if line.unit_price == price)


@pytest.mark.parametrize("case", GIVEN_BACK)
def test_what_went_back_while_the_event_was_off_decides_when_it_is_on(
    case: str,
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import Cover

    given = GIVEN_BACK[case]
    # given a paid order, with a shirt, whose event is cancelled before the policy is made
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    ada.add(store.shirt, 1)
    payment = payments.charge(ada.checkout_id, ada.checkout().total)
    order = ada.complete()
    run(slug_of(store.concert), "--cancelled", "--confirm", "0")
    work()
    assert Cover.objects.get().status == "parked"
    # and money that goes back
    if given.pieces is not None:
        staff.grant_refund(order.id, payment, lines=given.pieces(order))
    payments.refund(payment, Decimal(given.amount))
    work()
    # when it takes place after all
    run(slug_of(store.concert), "--takes-place", "--confirm", "0")
    work()
    # then it is insured, or says itself why not
    cover = Cover.objects.get()
    assert (cover.status, cover.reason_code) == (given.status, given.reason_code)
    assert cover.amount_due_back == given.due
    assert len(bookings(simulator)) == (given.status == "confirmed")
    is_told = staff.order(order.id).has_note("takes place after all", "Do not refund")
    assert is_told == (given.status == "confirmed")


def test_a_move_is_told_to_orders_whose_policy_is_still_to_be_made(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given an order that is not paid, one that waits for its policy, and one without protection
    unpaid = shopper(store.usd_unpaid)
    unpaid.create_checkout({store.concert: 2})
    unpaid.accept(unpaid.offer())
    waiting_for_money = unpaid.complete()
    waiting, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    grace = shopper(store.usd)
    grace.create_checkout({store.concert: 2})
    payments.charge(grace.checkout_id, grace.checkout().total)
    uninsured = grace.complete()
    # when their event is moved
    later = datetime.now(UTC) + timedelta(days=90)
    _, code, said = run(slug_of(store.concert), "--moved-to", later.isoformat(), "--confirm", "0")
    # then both are told, in words that are true of them
    assert (code, "2 orders were told" in said) == (0, True)
    for order in (waiting_for_money, waiting):
        assert staff.order(order.id).has_note("event was moved to", "is made for the date")
    assert not staff.order(uninsured.id).has_note("event was moved to")


def test_an_event_that_was_not_moved_after_all_is_told_to_its_orders_too(
    sell: Sell, store: Store, staff: Staff
) -> None:
    # given an event that was moved
    _, order = sell(store.concert)
    later = datetime.now(UTC) + timedelta(days=90)
    run(slug_of(store.concert), "--moved-to", later.isoformat(), "--confirm", "1")
    # when that is taken back
    _, code, said = run(slug_of(store.concert), "--takes-place", "--confirm", "1")
    # then its order says so
    assert (code, remembered()) == (0, 0)
    assert "1 order was told" in said
    assert staff.order(order.id).has_note("takes place when it was sold for", "not moved")


def test_a_policy_that_is_being_made_meanwhile_is_not_forgotten(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import Cover

    from .waits import let_waits_pass

    # given a confirmation that was sent, and nobody knows what came of it
    buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    simulator.fault("confirm", "status", times=None, status=503)
    work()
    # when the event is cancelled
    data, code, _ = run(slug_of(store.concert), "--cancelled", "--confirm", "0")
    # then the command says that something waits
    assert (groups(data), code) == ({"policy being made": (1, "0.00")}, 1)
    # and when the policy is there
    simulator.clear_faults()
    let_waits_pass()
    work()
    # then a person decides about it by itself
    for _ in range(2):
        Cover.objects.update(updated_at=datetime.now(UTC) - timedelta(minutes=5))
        work()
    data, code, _ = run(slug_of(store.concert))
    assert (groups(data), code) == ({"refund offered": (1, str(PREMIUM))}, 0)
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("no-such-product",), "no product"),
        (("CONCERT", "--moved-to", "tomorrow"), "with its offset"),
        (("CONCERT", "--moved-to", "2027-01-01T20:00"), "with its offset"),
        (("CONCERT", "--moved-to", "9999-12-31T23:59:59+00:00"), "from 1970 to 2199"),
        (("CONCERT", "--moved-to", "0001-01-01T00:00+09:00"), "from 1970 to 2199"),
        (("CONCERT", "--confirm", "1"), "goes with --cancelled"),
        (("CONCERT", "--cancelled", "--performance", "NOPE"), "No performance is called NOPE"),
        (("CONCERT", "--cancelled", "--moved-to", "2027-01-01T20:00Z"), "not allowed with"),
    ],
)
def test_bad_arguments_change_nothing(
    store: Store, simulator: SimulatorProcess, arguments: tuple[str, ...], sentence: str
) -> None:
    given = [slug_of(store.concert) if word == "CONCERT" else word for word in arguments]

    with pytest.raises(CommandError, match=sentence):
        run(*given)

    assert remembered() == 0


def test_people_get_a_table(sell: Sell, store: Store, simulator: SimulatorProcess) -> None:
    sell(store.concert)
    out = io.StringIO()

    call_command("xcover_event", slug_of(store.concert), stdout=out)
    call_command("xcover_event", slug_of(store.mystery), stdout=out)

    assert "WHAT           POLICIES  REFUND  CURRENCY\nnot asked yet  1" in out.getvalue()
    assert "No cover was sold for it." in out.getvalue()
