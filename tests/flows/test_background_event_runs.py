"""The desk cancels or moves an event: a person confirms, workers do the rest, nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.client.desk import Desk
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder
from testkit.simulator import SimulatorProcess
from testkit.steps import PREMIUM, asked, bookings, buy_with_cover
from testkit.work import Work

from .desk_cases import listed
from .desk_staff import desk_of, new_user
from .holding import held
from .test_cancelled_event import remembered, slug_of

SendShopper = Callable[[Channel], Shopper]

EVENT = """
query Event($product: String!) {
  insuranceEvent(product: $product) {
    performances {
      label isCancelled variants policies premiums
      outcomes { what policies refund { amount currency } }
    }
    errors { code message }
  }
}"""
RUN = """{
  run { id status change label policies seenAt done total refundable refunds
    outcomes { what policies refund { amount } } }
  errors { code message }
}"""
READ = f"query Run($id: ID!) {{ insuranceEventRun(id: $id) {RUN} }}"
RUNS = "{ insuranceEventRuns { runs { id status } errors { code } } }"
BEGIN = f"""
mutation Begin(
  $product: String!, $variants: [ID!]!, $change: InsuranceEventChange!, $startsAt: DateTime,
  $policies: Int!
) {{
  insuranceBeginEventRun(
    product: $product, variants: $variants, change: $change, startsAt: $startsAt,
    policies: $policies
  ) {RUN}
}}"""
APPROVE = f"""
mutation Approve($id: ID!, $policies: Int!, $seenAt: DateTime!) {{
  insuranceApproveEventRun(id: $id, policies: $policies, seenAt: $seenAt) {RUN}
}}"""
WITHDRAW = f"mutation Withdraw($id: ID!) {{ insuranceWithdrawEventRun(id: $id) {RUN} }}"


@pytest.fixture
def desk(store: Store, simulator: SimulatorProcess) -> Desk:
    return desk_of(new_user())


@pytest.fixture
def sold(shopper: SendShopper, store: Store, payments: PaymentApp, work: Work) -> list[PlacedOrder]:
    """Three policies of the concert."""
    orders = [buy_with_cover(shopper(store.usd), payments, {store.concert: 2})[0] for _ in range(3)]
    work()
    return orders


@pytest.fixture
def begin(desk: Desk, store: Store) -> Callable[..., Any]:
    """Return what begins a run for the concert."""

    def begun(change: str, policies: int, **more: Any) -> Any:
        product = slug_of(store.concert)
        (one,) = desk.ask(EVENT, product=product)["performances"]
        return desk.ask(
            BEGIN,
            product=product,
            variants=one["variants"],
            change=change,
            policies=policies,
            **more,
        )

    return begun


def codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer["errors"]]


def read(desk: Desk, run: Any) -> Any:
    return desk.ask(READ, id=run["run"]["id"])["run"]


def test_a_cancelled_event_from_the_look_to_the_last_policy(
    sold: list[PlacedOrder],
    begin: Callable[..., Any],
    desk: Desk,
    store: Store,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a look, which changes nothing
    (one,) = desk.ask(EVENT, product=slug_of(store.concert))["performances"]
    assert (one["policies"], one["premiums"], one["isCancelled"]) == (3, "19.98 USD", False)
    # when a wrong number is typed
    wrong = begin("CANCELLED", 4)
    # then nothing is remembered or sent
    assert (wrong["run"], codes(wrong)) == (None, ["NUMBER_CHANGED"])
    assert remembered() == 0
    before = asked(simulator)
    # when the right one is
    run = begin("CANCELLED", 3)
    assert (run["run"]["status"], run["run"]["total"]) == ("ASKING", 3)
    # and a second person does the same
    assert codes(begin("CANCELLED", 3)) == ["UNDER_WAY"]
    work()
    work()
    # then XCover was asked and nothing is cancelled
    shown = read(desk, run)
    assert (shown["status"], shown["refundable"], shown["refunds"]) == ("ASKED", 3, "19.98 USD")
    assert "confirm_cancellation" not in asked(simulator)
    assert asked(simulator)["cancel"] == 3
    assert "cancel" not in before
    # and each case says that its policy belongs to the run
    assert [case["eventRun"] for case in listed(desk)] == [shown["label"]] * 3
    # when the sum is approved for another number, and then for the right one, twice
    approval = {"id": shown["id"], "seenAt": shown["seenAt"]}
    assert codes(desk.ask(APPROVE, policies=2, **approval)) == ["NUMBER_CHANGED"]
    assert codes(desk.ask(APPROVE, policies=3, **approval)) == []
    assert codes(desk.ask(APPROVE, policies=3, **approval)) == ["NOT_WAITING"]
    work()
    work()
    # then every policy is cancelled once
    shown = read(desk, run)
    assert shown["status"] == "DONE"
    assert shown["outcomes"] == [
        {"what": "cancelled", "policies": 3, "refund": {"amount": str(3 * PREMIUM)}}
    ]
    assert {booking["status"] for booking in bookings(simulator)} == {"CANCELLED"}
    assert asked(simulator)["confirm_cancellation"] == 3


def test_what_changes_after_a_person_looked_is_left_to_them(
    sold: list[PlacedOrder],
    begin: Callable[..., Any],
    desk: Desk,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import Cancellation

    # given refunds a person looked at, one of which waits anew since
    run = begin("CANCELLED", 3)
    work()
    work()
    shown = read(desk, run)
    last = Cancellation.objects.order_by("pk").last()
    assert last is not None
    Cancellation.objects.filter(pk=last.pk).update(updated_at=datetime.now(UTC))
    # when the three they saw are approved
    answer = desk.ask(APPROVE, id=shown["id"], policies=3, seenAt=shown["seenAt"])
    # then nothing is
    assert codes(answer) == ["NUMBER_CHANGED"]
    # when the two that stand are
    answer = desk.ask(APPROVE, id=shown["id"], policies=2, seenAt=shown["seenAt"])
    work()
    work()
    # then the third still waits
    assert codes(answer) == []
    statuses = sorted(booking["status"] for booking in bookings(simulator))
    assert statuses == ["CANCELLED", "CANCELLED", "CONFIRMED"]
    assert read(desk, run)["status"] == "DONE"


def test_a_cancellation_is_taken_back_before_the_sum_is_approved(
    sold: list[PlacedOrder],
    begin: Callable[..., Any],
    desk: Desk,
    work: Work,
    staff: Staff,
    simulator: SimulatorProcess,
) -> None:
    run = begin("CANCELLED", 3)
    work()
    work()

    taken = desk.ask(WITHDRAW, id=run["run"]["id"])
    work()
    work()

    assert taken["run"]["status"] == "WITHDRAWING"
    assert read(desk, run)["status"] == "WITHDRAWN"
    assert remembered() == 0
    assert {booking["status"] for booking in bookings(simulator)} == {"CONFIRMED"}
    assert all(staff.order(order.id).has_note("takes place after all") for order in sold)
    assert codes(desk.ask(WITHDRAW, id=run["run"]["id"])) == ["NOT_WAITING"]
    # and it can be begun again
    assert codes(begin("CANCELLED", 3)) == []


def test_a_moved_event_tells_each_order_once(
    sold: list[PlacedOrder],
    begin: Callable[..., Any],
    desk: Desk,
    work: Work,
    staff: Staff,
    simulator: SimulatorProcess,
) -> None:
    start = (datetime.now(UTC) + timedelta(days=200)).replace(microsecond=0)

    run = begin("MOVED", 3, startsAt=start.isoformat())
    for _ in range(3):
        work()

    assert read(desk, run)["status"] == "DONE"
    for order in sold:
        notes = [note for note in staff.order(order.id).notes if "was moved" in note]
        assert len(notes) == 1
        assert f"{start:%Y-%m-%d %H:%M} UTC" in notes[0]
    assert "cancel" not in asked(simulator)


def test_an_event_takes_place_after_all(
    sold: list[PlacedOrder],
    begin: Callable[..., Any],
    desk: Desk,
    work: Work,
    store: Store,
    simulator: SimulatorProcess,
) -> None:
    # given a cancellation that was approved for no policy, as XCover refunded none
    simulator.settings(refund_rule="zero")
    run = begin("CANCELLED", 3)
    work()
    work()
    shown = read(desk, run)
    assert shown["refundable"] == 0
    desk.ask(APPROVE, id=shown["id"], policies=0, seenAt=shown["seenAt"])
    work()
    assert remembered() > 0
    # when it takes place after all
    again = begin("TAKES_PLACE", 3)
    work()
    # then nothing waits because of it
    assert read(desk, again)["status"] == "DONE"
    assert remembered() == 0
    (one,) = desk.ask(EVENT, product=slug_of(store.concert))["performances"]
    assert one["policies"] == 3


def test_a_worker_that_died_is_followed_by_another(
    sold: list[PlacedOrder], begin: Callable[..., Any], desk: Desk, work: Work
) -> None:
    import uuid

    from saleor_xcover_plugin.models import EventRun

    # given a run that a worker holds
    run = begin("CANCELLED", 3)
    row = EventRun.objects.filter(pk=run["run"]["id"])
    later = datetime.now(UTC) + timedelta(seconds=60)
    row.update(lease_token=uuid.uuid4(), leased_until=later)
    # when others come
    work()
    # then they leave it alone
    assert read(desk, run)["status"] == "ASKING"
    # when its lease is over
    row.update(leased_until=datetime.now(UTC) - timedelta(seconds=1))
    work()
    work()
    # then another takes it up
    assert read(desk, run)["status"] == "ASKED"


def test_several_people_begin_the_same_run_at_once(
    sold: list[PlacedOrder], begin: Callable[..., Any], desk: Desk
) -> None:
    from .together import together

    answers = together(*(lambda: begin("CANCELLED", 3) for _ in range(4)))

    assert sorted(map(str, map(codes, answers))) == ["['UNDER_WAY']"] * 3 + ["[]"]
    assert len(desk.ask(RUNS)["runs"]) == 1


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ("MOVED", {}),
        ("MOVED", {"startsAt": "2300-01-01T00:00:00Z"}),
        ("MOVED", {"startsAt": "2027-01-01T00:00:00"}),
        ("CANCELLED", {"startsAt": "2027-01-01T00:00:00Z"}),
    ],
)
def test_a_start_that_cannot_be_is_refused(
    begin: Callable[..., Any], change: str, more: dict[str, str]
) -> None:
    answer = begin(change, 0, **more)

    assert codes(answer) == ["BAD_INPUT"]
    assert remembered() == 0


@pytest.mark.parametrize(
    "seen_at",
    [
        "0001-01-01T00:00:00+15:00",
        "2026-01-01T00:00:00+23:00",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00Z",
        "2199-01-01T00:00:00Z",
    ],
)
def test_a_time_at_which_nobody_saw_the_refunds_approves_nothing(
    sold: list[PlacedOrder], begin: Callable[..., Any], desk: Desk, work: Work, seen_at: str
) -> None:
    run = begin("CANCELLED", 3)
    work()
    work()

    answer = desk.ask(APPROVE, id=run["run"]["id"], policies=0, seenAt=seen_at)

    assert codes(answer) == ["BAD_INPUT"]
    assert read(desk, run)["status"] == "ASKED"


def test_policies_whose_rows_were_held_are_not_passed_over(
    sold: list[PlacedOrder],
    begin: Callable[..., Any],
    desk: Desk,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import Cancellation, Cover

    second = Cover.objects.filter(order_number=sold[1].number)
    # given that another session holds the second policy while XCover is asked
    with held(second):
        run = begin("CANCELLED", 3)
        work()
        work()
        # then the others are asked for, and the run waits for it
        assert asked(simulator)["cancel"] == 2
        assert read(desk, run)["status"] == "ASKING"
    work()
    work()
    shown = read(desk, run)
    assert (shown["status"], shown["refundable"]) == ("ASKED", 3)
    # when it is held again while the refunds are approved
    with held(second):
        desk.ask(APPROVE, id=shown["id"], policies=3, seenAt=shown["seenAt"])
        work()
        work()
        assert read(desk, run)["status"] == "CANCELLING"
    work()
    work()
    # then its refund is approved as the others were
    assert read(desk, run)["status"] == "DONE"
    assert {booking["status"] for booking in bookings(simulator)} == {"CANCELLED"}
    assert Cancellation.objects.count() == 3


def test_a_policy_that_was_held_while_a_run_was_withdrawn_is_taken_back_later(
    sold: list[PlacedOrder], begin: Callable[..., Any], desk: Desk, work: Work
) -> None:
    from saleor_xcover_plugin.models import Cancellation, Cover

    run = begin("CANCELLED", 3)
    work()
    work()
    waiting = Cancellation.objects.filter(status="parked")
    with held(Cover.objects.filter(order_number=sold[1].number)):
        desk.ask(WITHDRAW, id=run["run"]["id"])
        work()
        assert (waiting.count(), read(desk, run)["status"]) == (1, "WITHDRAWING")
    work()
    work()

    assert (waiting.count(), read(desk, run)["status"]) == (0, "WITHDRAWN")


def test_only_tickets_of_the_product_are_meant(desk: Desk, store: Store) -> None:
    for variants in ([], ["999999999"], ["rubbish"]):
        answer = desk.ask(
            BEGIN,
            product=slug_of(store.concert),
            variants=variants,
            change="CANCELLED",
            policies=0,
        )
        assert codes(answer) == ["BAD_INPUT"]


def test_events_are_found_by_a_part_of_their_name(desk: Desk, store: Store) -> None:
    search = "query Find($text: String!) { insuranceEvents(search: $text) { events { id name } } }"
    slug = slug_of(store.concert)

    by_slug = desk.ask(search, text=slug)["events"]
    assert len(by_slug) == 1
    by_name = desk.ask(search, text=by_slug[0]["name"][1:].upper())["events"]

    assert by_slug[0] in by_name
    assert desk.ask(search, text="no such event")["events"] == []
    assert desk.ask(EVENT, product=by_slug[0]["id"])["errors"] == []
