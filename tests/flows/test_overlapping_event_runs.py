"""Runs of the desk over several performances: one policy may insure tickets of two of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from testkit.client.desk import Desk
from testkit.client.insurance_desk import ASK, SET_CLAIM
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Variant
from testkit.client.values import PlacedOrder
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, asked, bookings, buy_with_cover
from testkit.work import Work

from .desk_staff import desk_of, new_user
from .test_background_event_runs import APPROVE, BEGIN, WITHDRAW, codes, read
from .test_cancelled_event import remembered, slug_of
from .test_series import FIRST, SECOND

if TYPE_CHECKING:
    from testkit.rows import RowStore

CHOICE = """
query Choice($product: String!, $variants: [ID!]!) {
  insuranceEventChoice(product: $product, variants: $variants) {
    choice { policies premiums outcomes { what policies refund { amount currency } } }
    errors { code message }
  }
}"""

SendShopper = Callable[[Channel], Shopper]
Sell = Callable[..., PlacedOrder]
Begin = Callable[..., Any]


@pytest.fixture
def desk(store: RowStore, simulator: SimulatorProcess) -> Desk:
    return desk_of(new_user())


@pytest.fixture
def evenings(store: RowStore) -> list[Variant]:
    return store.new_series(price="100.00", starts=[FIRST, SECOND])


@pytest.fixture
def sell(shopper: SendShopper, store: RowStore, payments: PaymentApp, work: Work) -> Sell:
    """Return a function that sells two tickets of each variant with cover, up to the policy."""

    def sold(*variants: Variant, channel: Channel = store.usd) -> PlacedOrder:
        order, _ = buy_with_cover(shopper(channel), payments, dict.fromkeys(variants, 2))
        work()
        return order

    return sold


@pytest.fixture
def begin(desk: Desk) -> Begin:
    """Return a function that begins a run for performances of one product."""

    def begun(variants: list[Variant], change: str, policies: int, **more: Any) -> Any:
        return desk.ask(
            BEGIN,
            product=slug_of(variants[0]),
            variants=[key(variant.id) for variant in variants],
            change=change,
            policies=policies,
            **more,
        )

    return begun


def chosen(desk: Desk, *variants: Variant) -> Any:
    keys = [key(variant.id) for variant in variants]
    return desk.ask(CHOICE, product=slug_of(variants[0]), variants=keys)


def approve(desk: Desk, shown: Any, policies: int) -> Any:
    return desk.ask(APPROVE, id=shown["id"], policies=policies, seenAt=shown["seenAt"])


def statuses(simulator: SimulatorProcess) -> list[str]:
    return [booking["status"] for booking in bookings(simulator)]


def waiting_rules() -> list[str]:
    """Return the rule of each cancellation that waits for a person."""
    from saleor_xcover_plugin.models import Cancellation

    waiting = Cancellation.objects.filter(status="parked").order_by("pk")
    return list(waiting.values_list("rule", flat=True))


def end_of(run: Any, desk: Desk, work: Work) -> Any:
    """Let workers work on a run, and return what is shown of it then."""
    for _ in range(3):
        work()
    return read(desk, run)


def test_a_policy_of_two_chosen_performances_counts_once(
    sell: Sell, begin: Begin, desk: Desk, evenings: list[Variant]
) -> None:
    # given a policy for both evenings and one for the first
    sell(*evenings)
    sell(evenings[0])
    # when each evening is looked at, and both together
    each = [chosen(desk, evening)["choice"]["policies"] for evening in evenings]
    both = chosen(desk, *evenings)
    # then the sum over the evenings is not the number of policies
    assert (each, both["errors"]) == ([2, 1], [])
    assert both["choice"] == {
        "policies": 2,
        "premiums": f"{3 * PREMIUM} USD",
        "outcomes": [
            {
                "what": "not asked yet",
                "policies": 2,
                "refund": {"amount": "0.00", "currency": "USD"},
            }
        ],
    }
    # and a run begins with the number that was shown
    assert codes(begin(evenings, "CANCELLED", 3)) == ["NUMBER_CHANGED"]
    assert codes(begin(evenings, "CANCELLED", 2)) == []


@pytest.mark.parametrize("variants", [[], ["999999999"], ["rubbish"]])
def test_only_tickets_of_the_product_can_be_chosen(
    desk: Desk, evenings: list[Variant], variants: list[str]
) -> None:
    answer = desk.ask(CHOICE, product=slug_of(evenings[0]), variants=variants)

    assert (answer["choice"], codes(answer)) == (None, ["BAD_INPUT"])


def test_two_runs_never_work_on_one_policy(
    sell: Sell, begin: Begin, desk: Desk, evenings: list[Variant], work: Work, store: RowStore
) -> None:
    # given a policy for both evenings, and an open run for the first
    sell(*evenings)
    first = begin([evenings[0]], "CANCELLED", 1)
    shown = end_of(first, desk, work)
    assert shown["status"] == "ASKED"
    # when the second evening is cancelled, too
    refused = begin([evenings[1]], "CANCELLED", 1)
    # then that run is refused, and the other one is named
    assert (refused["run"], codes(refused)) == (None, ["UNDER_WAY"])
    (error,) = refused["errors"]
    assert shown["label"] in error["message"]
    assert "Approve it or take it back first." in error["message"]
    assert remembered() == 1
    # and an event that shares no policy is not concerned
    assert codes(begin([store.concert], "CANCELLED", 0)) == []
    # when the first run has ended
    approve(desk, shown, 0)
    assert end_of(first, desk, work)["status"] == "DONE"
    # then the second can begin
    assert codes(begin([evenings[1]], "CANCELLED", 1)) == []


def test_a_case_that_another_cancelled_event_needs_outlives_a_withdrawal(
    sell: Sell,
    begin: Begin,
    desk: Desk,
    evenings: list[Variant],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a policy for both evenings, which waits for a person as the first is cancelled
    sell(*evenings)
    first = begin([evenings[0]], "CANCELLED", 1)
    approve(desk, end_of(first, desk, work), 0)
    assert end_of(first, desk, work)["status"] == "DONE"
    assert waiting_rules() == ["some_events_cancelled"]
    # and the second evening cancelled as well
    second = begin([evenings[1]], "CANCELLED", 1)
    assert (second["run"]["done"], second["run"]["total"]) == (0, 1)
    assert end_of(second, desk, work)["refundable"] == 1
    assert waiting_rules() == ["event_cancelled"]
    # when that is taken back
    desk.ask(WITHDRAW, id=second["run"]["id"])
    # then the policy waits for the first evening as before
    assert end_of(second, desk, work)["status"] == "WITHDRAWN"
    assert waiting_rules() == ["some_events_cancelled"]
    assert (remembered(), statuses(simulator)) == (1, ["CONFIRMED"])
    # and for nothing, once that one takes place
    assert codes(begin([evenings[0]], "TAKES_PLACE", 1)) == []
    work()
    assert (remembered(), waiting_rules()) == (0, [])


def test_a_decision_to_keep_the_policy_outlives_a_withdrawal(
    sell: Sell, begin: Begin, desk: Desk, evenings: list[Variant], work: Work
) -> None:
    from saleor_xcover_plugin.models import Cancellation
    from saleor_xcover_plugin.staff import decisions

    # given a policy for both evenings that staff kept when the first was cancelled
    sell(*evenings)
    first = begin([evenings[0]], "CANCELLED", 1)
    shown = end_of(first, desk, work)
    decisions.keep(Cancellation.objects.get().pk, datetime.now(UTC))
    approve(desk, shown, 0)
    end_of(first, desk, work)
    # when the second is cancelled and that is taken back
    second = begin([evenings[1]], "CANCELLED", 1)
    end_of(second, desk, work)
    desk.ask(WITHDRAW, id=second["run"]["id"])
    end_of(second, desk, work)
    # then nobody is asked again
    assert waiting_rules() == []


def test_a_withdrawal_while_xcover_is_being_asked_leaves_the_other_case(
    sell: Sell,
    begin: Begin,
    desk: Desk,
    evenings: list[Variant],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from .waits import let_waits_pass

    # given a policy for both evenings, of which the first is cancelled
    sell(*evenings)
    first = begin([evenings[0]], "CANCELLED", 1)
    approve(desk, end_of(first, desk, work), 0)
    end_of(first, desk, work)
    # and a run for the second that XCover does not answer
    simulator.fault("cancel", "status", times=None, status=503)
    second = begin([evenings[1]], "CANCELLED", 1)
    assert end_of(second, desk, work)["status"] == "ASKING"
    # when it is taken back
    desk.ask(WITHDRAW, id=second["run"]["id"])
    # then the policy waits for the first evening at once
    assert end_of(second, desk, work)["status"] == "WITHDRAWN"
    assert waiting_rules() == ["some_events_cancelled"]
    # and XCover is not asked any more
    simulator.clear_faults()
    before = asked(simulator)["cancel"]
    let_waits_pass()
    work()
    assert asked(simulator)["cancel"] == before
    assert (waiting_rules(), statuses(simulator)) == (["some_events_cancelled"], ["CONFIRMED"])


def test_a_preview_that_arrives_after_a_withdrawal_leaves_no_case(
    sell: Sell,
    begin: Begin,
    desk: Desk,
    evenings: list[Variant],
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.models import Cover
    from saleor_xcover_plugin.policies.cancel import PreviewCancellationHandler
    from saleor_xcover_plugin.staff.background_event_runs import advance

    # given a run that is taken back while XCover's response is on its way
    sell(evenings[0])
    run = begin([evenings[0]], "CANCELLED", 1)
    record = PreviewCancellationHandler.record

    def record_late(*arguments: Any) -> None:
        desk.ask(WITHDRAW, id=run["run"]["id"])
        advance(int(run["run"]["id"]), utc_now)
        assert read(desk, run)["status"] == "WITHDRAWN"
        record(*arguments)

    monkeypatch.setattr(PreviewCancellationHandler, "record", record_late)
    # when it arrives
    work()
    work()
    # then nobody has to decide about it
    assert (asked(simulator)["cancel"], waiting_rules()) == (1, [])
    assert Cover.objects.get().status == "confirmed"
    assert (remembered(), statuses(simulator)) == (0, ["CONFIRMED"])


def test_a_run_approves_only_policies_that_end_with_its_event(
    sell: Sell,
    begin: Begin,
    desk: Desk,
    evenings: list[Variant],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a policy for both evenings, one for the first, and one for it with an open claim
    of_both, of_first, claimed = sell(*evenings), sell(evenings[0]), sell(evenings[0])
    desk.ask(SET_CLAIM, orderId=claimed.id, claim="OPEN")
    run = begin([evenings[0]], "CANCELLED", 3)
    assert end_of(run, desk, work)["refundable"] == 1
    # when staff have XCover asked about the two that a person decides about
    for order in (of_both, claimed):
        assert desk.ask(ASK, orderId=order.id)["errors"] == []
    shown = end_of(run, desk, work)
    # then the run does not count them, and says of each what it waits for
    assert (shown["status"], shown["refundable"]) == ("ASKED", 1)
    assert shown["refunds"] == f"{PREMIUM} USD"
    assert {row["what"]: row["policies"] for row in shown["outcomes"]} == {
        "refund offered": 1,
        "waits for a person: some_events_cancelled": 1,
        "waits for a person: claim_open": 1,
    }
    # and its approval ends the one
    assert codes(approve(desk, shown, 3)) == ["NUMBER_CHANGED"]
    assert codes(approve(desk, shown, 1)) == []
    assert end_of(run, desk, work)["status"] == "DONE"
    assert sorted(statuses(simulator)) == ["CANCELLED", "CONFIRMED", "CONFIRMED"]
    assert waiting_rules() == ["some_events_cancelled", "claim_open"]
    (ended,) = (b for b in bookings(simulator) if b["status"] == "CANCELLED")
    from saleor_xcover_plugin.models import Cover

    assert Cover.objects.get(booking_id=ended["id"]).order_number == of_first.number


def test_a_run_that_cancels_does_not_wait_for_what_staff_ask_beside_it(
    sell: Sell,
    begin: Begin,
    desk: Desk,
    evenings: list[Variant],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a run whose refund is approved
    of_both = sell(*evenings)
    sell(evenings[0])
    run = begin([evenings[0]], "CANCELLED", 2)
    approve(desk, end_of(run, desk, work), 1)
    # when staff have XCover asked about another policy of the event, and it does not answer
    simulator.fault("cancel", "status", times=None, status=503)
    assert desk.ask(ASK, orderId=of_both.id)["errors"] == []
    # then the run ends all the same
    assert end_of(run, desk, work)["status"] == "DONE"
    assert sorted(statuses(simulator)) == ["CANCELLED", "CONFIRMED"]


def test_an_event_is_cancelled_again_after_a_withdrawal(
    sell: Sell,
    begin: Begin,
    desk: Desk,
    evenings: list[Variant],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a cancellation that was taken back
    sell(evenings[0])
    first = begin([evenings[0]], "CANCELLED", 1)
    end_of(first, desk, work)
    desk.ask(WITHDRAW, id=first["run"]["id"])
    assert end_of(first, desk, work)["status"] == "WITHDRAWN"
    # when it is cancelled again
    second = begin([evenings[0]], "CANCELLED", 1)
    shown = end_of(second, desk, work)
    # then XCover is asked again, and the policy ends once
    assert (shown["status"], shown["refundable"]) == ("ASKED", 1)
    assert asked(simulator)["cancel"] == 2
    assert codes(approve(desk, shown, 1)) == []
    assert end_of(second, desk, work)["status"] == "DONE"
    assert (statuses(simulator), asked(simulator)["confirm_cancellation"]) == (["CANCELLED"], 1)
    assert read(desk, first)["status"] == "WITHDRAWN"


def test_an_event_is_moved_twice_and_takes_place(
    sell: Sell, begin: Begin, desk: Desk, evenings: list[Variant], work: Work, staff: Staff
) -> None:
    order = sell(evenings[0])
    dates = [FIRST + timedelta(days=days) for days in (7, 14)]
    for start in dates:
        run = begin([evenings[0]], "MOVED", 1, startsAt=start.isoformat())
        assert end_of(run, desk, work)["status"] == "DONE"

    run = begin([evenings[0]], "TAKES_PLACE", 1)

    assert end_of(run, desk, work)["status"] == "DONE"
    assert remembered() == 0
    notes = staff.order(order.id).notes
    for start in dates:
        assert sum(f"was moved to {start:%Y-%m-%d %H:%M} UTC" in note for note in notes) == 1
    assert sum("it was not moved" in note for note in notes) == 1


def test_an_event_without_a_policy_is_cancelled_and_moved(
    begin: Begin, desk: Desk, evenings: list[Variant], work: Work, simulator: SimulatorProcess
) -> None:
    # when an event is cancelled of which nothing was sold
    run = begin([evenings[0]], "CANCELLED", 0)
    assert (run["run"]["done"], run["run"]["total"]) == (0, 0)
    shown = end_of(run, desk, work)
    # then there is nothing to approve, and it ends with that
    assert (shown["status"], shown["refundable"], shown["refunds"]) == ("ASKED", 0, "nothing")
    assert codes(approve(desk, shown, 0)) == []
    shown = end_of(run, desk, work)
    assert (shown["status"], shown["outcomes"]) == ("DONE", [])
    # and it may be moved
    later = FIRST + timedelta(days=7)
    run = begin([evenings[0]], "MOVED", 0, startsAt=later.isoformat())
    assert end_of(run, desk, work)["status"] == "DONE"
    assert (remembered(), "cancel" in asked(simulator)) == (1, False)


def test_a_run_over_two_channels(
    sell: Sell,
    begin: Begin,
    desk: Desk,
    store: RowStore,
    evenings: list[Variant],
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.domain.states import EventChangeKind
    from saleor_xcover_plugin.host import tickets
    from saleor_xcover_plugin.staff import background_event_runs as runs
    from saleor_xcover_plugin.staff.decisions import DecisionRefused

    # given a policy of each evening in its own channel
    sell(evenings[0])
    sell(evenings[1], channel=store.eur)
    both = chosen(desk, *evenings)["choice"]
    assert (both["policies"], both["premiums"]) == (2, f"{PREMIUM} EUR, {PREMIUM} USD")
    # when somebody cancels both who may manage one of the channels only
    found = tickets.tickets_of(slug_of(evenings[0]), utc_now())
    change = runs.Change(EventChangeKind.CANCELLED, found)
    usd = int(key(store.usd.id))
    with pytest.raises(DecisionRefused, match="channels whose orders you may not manage"):
        runs.begin(change, 2, [usd], utc_now())
    assert remembered() == 0
    # when somebody does who may manage all
    run = begin(evenings, "CANCELLED", 2)
    shown = end_of(run, desk, work)
    # then the sums are told by currency, and both policies end
    assert (shown["refundable"], shown["refunds"]) == (2, f"{PREMIUM} EUR, {PREMIUM} USD")
    assert codes(approve(desk, shown, 2)) == []
    assert end_of(run, desk, work)["status"] == "DONE"
    assert statuses(simulator) == ["CANCELLED", "CANCELLED"]
    # and the other person sees nothing of it
    assert runs.find(int(run["run"]["id"]), [usd]) is None
    assert runs.runs_of([usd], 20) == []
