"""The worklist shows what waits for a person, what each action will do, and who was faster."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.client.desk import Desk
from testkit.client.driver import Driver, Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import TICKETS, Sale, accept_cover, asked, change_the_buyer_twice
from testkit.work import Work

from .desk_cases import APPROVE, CASES, DO_NOT_MAKE, ONE, actions, listed
from .desk_staff import desk_of, new_user
from .test_cancelled_event import slug_of
from .test_parked_messages import kill_workers

SendShopper = Callable[[Channel], Shopper]

RETRY = """
mutation Retry($messageId: ID!) {
  insuranceRetry(messageId: $messageId) { cover { orderNumber } errors { code message } }
}"""

SET_CLAIM = """
mutation Claim($orderId: ID!, $claim: InsuranceClaim!) {
  insuranceSetClaim(orderId: $orderId, claim: $claim) { errors { code message } }
}"""


@pytest.fixture
def desk(store: Store, simulator: SimulatorProcess) -> Desk:
    return desk_of(new_user())


@pytest.fixture
def refunded(sale: Sale, staff: Staff, payments: PaymentApp, work: Work) -> Sale:
    """A sale whose tickets went back, but not their cover: staff decide about the policy."""
    (line,) = sale.order.ticket_lines
    staff.grant_refund(sale.order.id, sale.payment, lines={line.id: 2})
    payments.refund(sale.payment, TICKETS)
    work()
    return sale


def test_a_refund_to_judge_says_what_each_action_will_do(
    refunded: Sale, store: Store, desk: Desk
) -> None:
    (case,) = listed(desk)

    assert case["kind"] == "CANCELLATION"
    assert case["orderNumber"] == refunded.order.number
    assert case["channel"] == store.usd.slug
    assert case["money"] == {"amount": "6.66", "currency": "USD"}
    assert (len(case["events"]), case["eventRun"]) == (1, None)
    assert actions(case) == ["APPROVE", "ASK", "KEEP"]
    approve, ask, keep = case["actions"]
    assert approve["effect"] == (
        f"XCover cancels policy {refunded.booking_id} and refunds 6.66 USD to the store. It cannot "
        "be undone."
    )
    assert (approve["isFinal"], ask["isFinal"], keep["isFinal"]) == (True, False, False)
    assert "Nothing is cancelled" in ask["effect"]
    assert "stays in force" in keep["effect"]


def test_the_first_of_two_people_decides_and_the_other_is_told(
    refunded: Sale, desk: Desk, work: Work, simulator: SimulatorProcess
) -> None:
    # given two people look at the same case
    other = desk_of(new_user())
    (mine,), (theirs,) = listed(desk), listed(other)
    assert mine["id"] == theirs["id"]
    decision = {"id": mine["cancellation"]["id"], "refund": mine["money"]}
    # when both approve
    first, second = desk.ask(APPROVE, **decision), other.ask(APPROVE, **decision)
    work()
    # then one wins, and the other reads why not
    assert first["errors"] == []
    (error,) = second["errors"]
    assert error["code"] == "NOT_WAITING"
    assert "confirming" in error["message"]
    assert asked(simulator)["confirm_cancellation"] == 1
    # and the case is gone for both
    for each in (desk, other):
        assert each.ask(ONE, id=mine["id"]) == {"case": None, "errors": []}
    # what is due now is another case, which waits since the policy ended
    (due,) = listed(desk)
    assert (due["kind"], due["money"]["amount"]) == ("DUE", "6.66")


def test_a_lapsed_preview_says_so(refunded: Sale, desk: Desk) -> None:
    from saleor_xcover_plugin.models import Cancellation

    Cancellation.objects.update(confirm_before=datetime.now(UTC) - timedelta(hours=1))

    (case,) = listed(desk)

    assert case["isLapsed"]
    assert "The preview has lapsed" in case["actions"][0]["effect"]


def test_a_policy_that_cannot_be_made_is_retried_or_given_up(gone: Any, desk: Desk) -> None:
    (case,) = listed(desk)

    assert (case["kind"], case["orderNumber"]) == ("POLICY", gone.number)
    assert case["money"] == {"amount": "6.66", "currency": "USD"}
    assert actions(case) == ["RETRY", "DO_NOT_MAKE", "TAKE_OVER"]
    assert case["messageId"] is not None


def test_an_opt_out_that_stopped_is_sent_again_although_the_order_has_no_cover(
    shopper: SendShopper, store: Store, desk: Desk, work: Work, simulator: SimulatorProcess
) -> None:
    # given an opt-out that every worker seemed to die of
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    order = buyer.complete()
    kill_workers()
    work()
    # then it is listed behind all money, with its order
    (case,) = listed(desk)
    assert (case["kind"], case["orderNumber"], case["cover"]) == ("CALL", order.number, None)
    assert actions(case) == ["RETRY"]
    # when somebody tries again
    answer = desk.ask(RETRY, messageId=case["messageId"])
    work()
    # then
    assert answer == {"cover": None, "errors": []}
    assert listed(desk) == []
    assert len(simulator.state()["opt_outs"]) == 1


def test_a_change_of_the_buyer_that_was_refused_is_a_case_without_money(
    sale: Sale, staff: Staff, work: Work, simulator: SimulatorProcess, desk: Desk
) -> None:
    change_the_buyer_twice(sale, staff, work, simulator)

    (case,) = listed(desk)

    assert (case["kind"], case["money"]) == ("CHANGE", None)
    assert actions(case) == ["RETRY"]


def test_missing_details_are_named_where_they_can_be_filled_in(
    shopper: SendShopper, store: Store, staff: Staff, work: Work, desk: Desk
) -> None:
    # given an order whose buyer lost the phone number after the yes
    ada = shopper(store.usd_unpaid)
    accept_cover(ada, store)
    order = ada.complete()
    from testkit.client.people import NEW_YORK

    staff.update_order(order.id, billing={**NEW_YORK, "phone": ""})
    staff.mark_as_paid(order.id)
    work()

    (case,) = listed(desk)

    assert case["reasonCode"] == "POLICYHOLDER_INCOMPLETE"
    assert case["missingDetails"] == ["phone"]
    assert actions(case)[0] == "COMPLETE"


def test_what_changes_meanwhile_does_not_move_a_case(gone: Any, desk: Desk) -> None:
    from saleor_xcover_plugin.models import Cover

    (case,) = listed(desk)
    # when something else of it changes
    note = desk.ask(SET_CLAIM, orderId=case["orderId"], claim="NONE")
    # then it waits since the same moment
    assert note["errors"] == []
    (later,) = listed(desk)
    assert later["since"] == case["since"]
    # when a person decides, what is due waits since then
    desk.ask(DO_NOT_MAKE, orderId=case["orderId"])
    (due,) = listed(desk)
    assert (due["kind"], due["since"] > case["since"]) == ("DUE", True)
    # given a row that an older version wrote
    moment = datetime.now(UTC) - timedelta(days=3)
    Cover.objects.update(waits_since=None, updated_at=moment)
    # then its last change counts, and stays when there is another
    for claim in ("OPEN", "NONE"):
        assert datetime.fromisoformat(listed(desk)[0]["since"]) == moment
        desk.ask(SET_CLAIM, orderId=case["orderId"], claim=claim)
    assert datetime.fromisoformat(listed(desk)[0]["since"]) == moment


def test_cases_are_filtered_and_counted(
    refunded: Sale, gone: Any, store: Store, desk: Desk
) -> None:
    assert [case["kind"] for case in listed(desk)] == ["CANCELLATION", "POLICY"]
    assert [case["kind"] for case in listed(desk, kind="POLICY")] == ["POLICY"]
    assert [case["kind"] for case in listed(desk, channel=store.usd.slug)] == ["CANCELLATION"]
    assert [c["orderNumber"] for c in listed(desk, orderNumber=gone.number)] == [gone.number]
    assert len(listed(desk, event=slug_of(store.concert))) == 2
    assert listed(desk, event=slug_of(store.festival)) == []
    assert listed(desk, before="2026-01-01T00:00:00Z") == []
    counts = {row["kind"]: row["count"] for row in desk.ask(CASES)["counts"]}
    assert counts == {"POLICY": 1, "CANCELLATION": 1, "DUE": 0, "CHANGE": 0, "CALL": 0}


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"channel": "nowhere"}, "no such channel"),
        ({"orderNumber": "999999999"}, "no order of this number"),
        ({"event": "no-such-product"}, "no such product"),
        ({"after": "rubbish"}, "after is a cursor"),
        ({"first": 0}, "first is 1 to 100"),
        ({"first": 101}, "first is 1 to 100"),
        ({"event": "con\u202ecert"}, "cannot be seen"),
        ({"event": base64.b64encode(b"Product:1\0").decode()}, "no such product"),
        ({"before": "2026-01-01T00:00:00"}, "before is a time"),
        ({"before": "0001-01-01T00:00:00+15:00"}, "before is a time"),
        ({"before": "2026-01-01T00:00:00+23:00"}, "before is a time"),
    ],
    ids=str,
)
def test_conditions_that_cannot_be_are_refused_in_words(
    desk: Desk, condition: dict[str, Any], sentence: str
) -> None:
    found = desk.ask(CASES, **condition)

    (error,) = found["errors"]
    assert error["code"] == "BAD_INPUT"
    assert sentence in error["message"]
    assert found["edges"] == []


def test_pages_follow_each_other_without_gaps_or_repetitions(
    shopper: SendShopper, store: Store, staff: Staff, work: Work, simulator: Any, desk: Desk
) -> None:
    from saleor_xcover_plugin.models import Cover

    # given five covers, two of which wait since the very same moment
    for _ in range(5):
        ada = shopper(store.usd_unpaid)
        accept_cover(ada, store)
        order = ada.complete()
        simulator.fault("confirm", "status", times=1, status=404)
        staff.mark_as_paid(order.id)
        work()
    keys = list(Cover.objects.order_by("pk").values_list("pk", flat=True))
    moment = datetime.now(UTC) - timedelta(days=3)
    Cover.objects.filter(pk__in=keys[1:3]).update(waits_since=moment)
    whole = [case["id"] for case in listed(desk)]
    # when they are read two at a time
    found: list[str] = []
    after: str | None = None
    for _ in range(3):
        page = desk.ask(CASES, first=2, after=after)
        found += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    # then
    assert not page["pageInfo"]["hasNextPage"]
    assert found == whole
    assert len(set(found)) == 5
    assert whole[:2] == [f"policy-{keys[1]}", f"policy-{keys[2]}"]


def test_the_worklist_is_at_the_address_of_a_channel_too(
    refunded: Sale, gone: Any, store: Store, driver: Driver
) -> None:
    """Apps that watch one channel get its cases, and no token for staff gets those of another."""
    found = driver.ask_plugin(store.usd.slug, CASES, {}, token=store.staff_token())

    assert [edge["node"]["kind"] for edge in found["edges"]] == ["cancellation"]
    for token in (None, store.payment_app_token()):
        with pytest.raises(Refused) as refused:
            driver.ask_plugin(store.usd.slug, CASES, {}, token=token)
        assert refused.value.codes == ("permission_denied",)
