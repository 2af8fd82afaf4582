"""``xcover_purge``: expired records are deleted, open ones stay, and nothing happens again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import NEW_YORK
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import (
    PREMIUM,
    TOTAL,
    Sale,
    accept_cover,
    asked,
    buy_with_cover,
    change_the_buyer_twice,
    opt_outs,
)
from testkit.work import Work

from .years import pass_by, touch

SendShopper = Callable[[Channel], Shopper]
TEN_YEARS = 3_653
LONG_AFTER = TEN_YEARS + 60 + 7 + 1
"""Ten years after an event in sixty days was over."""
OF_A_CASE = (
    "Offer",
    "Quote",
    "Consent",
    "Cover",
    "Cancellation",
    "Modification",
    "OutboxMessage",
    "ReceivedNotification",
)


@dataclass
class Outcome:
    exit_code: int
    text: str

    @property
    def data(self) -> dict[str, Any]:
        return dict(json.loads(self.text))

    def of(self, kind: str) -> tuple[int, int, int, int]:
        """What was deleted, stripped, how many rows went, and what was kept."""
        (row,) = [row for row in self.data["kinds"] if row["kind"] == kind]
        return row["deleted"], row["stripped"], row["rows"], row["kept"]

    @property
    def done(self) -> dict[str, tuple[int, int, int, int]]:
        """The kinds anything is said of."""
        kinds = [row["kind"] for row in self.data["kinds"]]
        return {kind: self.of(kind) for kind in kinds if any(self.of(kind))}


def run(*arguments: str, as_json: bool = True) -> Outcome:
    out, code = StringIO(), 0
    try:
        call_command("xcover_purge", *arguments, *["--json"] * as_json, stdout=out)
    except SystemExit as ended:
        code = int(str(ended.code))
    return Outcome(code, out.getvalue())


def rows(name: str, **which: Any) -> Any:
    from django.apps import apps

    return apps.get_model("saleor_xcover_plugin", name).objects.filter(**which)


def counts() -> dict[str, int]:
    return {name: rows(name).count() for name in OF_A_CASE}


def forget_order() -> None:
    """Have Saleor know nothing of the one order our rows are about: they name another."""
    import uuid

    (known,) = set(rows("Offer").values_list("order_id", flat=True)) or {
        rows("Cover").get().order_id
    }
    order_id = uuid.uuid4()
    rows("Cover").update(order_id=order_id)
    rows("Offer").update(order_id=order_id, checkout_token=uuid.uuid4())
    for message in rows("OutboxMessage", kind="confirm"):
        operation = message.operation_id.replace(str(known), str(order_id))
        rows("OutboxMessage", pk=message.pk).update(operation_id=operation)


def lose_phone() -> None:
    """Have the one order lack what its policy needs."""
    from django.apps import apps

    apps.get_model("account", "Address").objects.update(phone="")


def delete_checkouts() -> None:
    """Have Saleor forget the checkouts nobody completed, as it does after some weeks."""
    from django.apps import apps

    apps.get_model("checkout", "Checkout").objects.all().delete()


@pytest.fixture
def decline(store: Store, shopper: SendShopper, work: Work) -> Callable[[], Shopper]:
    """Order without cover after an offer was superseded by another, both seen; XCover was told."""

    def order() -> Shopper:
        buyer = shopper(store.usd_unpaid)
        checkout = buyer.create_checkout({store.concert: 2})
        buyer.offer()
        buyer.set_quantity(checkout.lines[0], 3)
        buyer.offer()
        buyer.decline()
        buyer.complete()
        work()
        return buyer

    return order


def test_a_sold_cover_stays_bare_and_nothing_begins_anew(
    sale: Sale, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.operations.reconciliation import reconcile_tonight

    # given a policy whose event was over ten years ago
    pass_by(days=LONG_AFTER)
    before, calls = staff.order(sale.order.id), asked(simulator)
    had = counts()
    # when
    outcome = run()
    # then the evidence went, the cover did not
    assert outcome.exit_code == 0
    assert outcome.done == {"covers": (0, 1, 1, 0)}
    assert counts() == {**had, "Consent": 0}
    (cover,) = rows("Cover")
    assert (cover.status, cover.booking_id) == ("confirmed", sale.booking_id)
    assert cover.policyholder_digests == {}
    assert (cover.offer.content, cover.offer.quotes.get().content) == ({}, {})
    # when Saleor calls hooks for it again, the sweep and the night look at it
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": "+12125550177"})
    touch(sale.order.id)
    work()
    reconcile_tonight(lambda: datetime.now(UTC))
    call_command("xcover_report", "--json", stdout=StringIO())
    # then nothing was placed, parked, noted or asked
    assert asked(simulator) == calls
    assert counts() == {**had, "Consent": 0}
    assert rows("Cover").get().status == "confirmed"
    assert staff.order(sale.order.id).notes == before.notes
    assert rows("OutboxMessage", status__in=["pending", "parked"]).count() == 0
    # and a second run finds nothing
    assert run().done == {}


@pytest.mark.usefixtures("earlier_orders_are_long_ago")
def test_reconciling_such_a_policy_with_xcover_finds_no_difference(sale: Sale) -> None:
    pass_by(days=LONG_AFTER)
    run()
    day = str(rows("Cover").get().created_at.date())
    out = StringIO()
    # when
    call_command("xcover_reconcile", "--json", "--from", day, "--to", day, stdout=out)
    # then it is still compared by its quotes and premium
    report = json.loads(out.getvalue())
    assert (report["compared"], report["findings"], report["not_compared"]) == (1, [], [])


def test_all_of_a_cover_goes_when_saleor_deleted_its_order(
    sale: Sale, simulator: SimulatorProcess
) -> None:
    pass_by(days=LONG_AFTER)
    forget_order()
    calls = asked(simulator)
    # when
    outcome = run()
    # then: consent, quote, offer, cover and the settled confirmation
    assert outcome.done == {"covers": (1, 0, 5, 0)}
    assert set(counts().values()) == {0}
    assert asked(simulator) == calls
    assert run().done == {}


@pytest.mark.parametrize("days", [0, TEN_YEARS - 1, LONG_AFTER - 2])
def test_nothing_goes_early(sale: Sale, days: int) -> None:
    pass_by(days=days)
    had = counts()

    outcome = run("--hashes", str(2 * TEN_YEARS))

    assert (outcome.exit_code, outcome.done) == (0, {})
    assert counts() == had


def test_a_decline_goes_whole_and_xcover_is_not_told_again(
    decline: Callable[[], Shopper], staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given an order without cover after two offers, and its opt-out ten years ago
    buyer = decline()
    assert len(opt_outs(simulator)) == 1
    notes = staff.order(buyer.order_id).notes
    pass_by(days=TEN_YEARS + 1)
    # when
    outcome = run()
    touch(buyer.order_id)
    work()
    # then: two offers, two quotes, one answer, the settled opt-out
    assert outcome.done == {"orders_without_cover": (1, 0, 6, 0)}
    assert set(counts().values()) == {0}
    assert len(opt_outs(simulator)) == 1
    assert staff.order(buyer.order_id).notes == notes
    assert run().done == {}


def test_offers_nobody_ordered_after(store: Store, shopper: SendShopper, work: Work) -> None:
    # given one nobody saw, one somebody saw, and one somebody said no to
    unseen, seen, answered = (shopper(store.usd) for _ in range(3))
    work.fetch_offer(unseen.create_checkout({store.concert: 2}).id, store.usd)
    for buyer in (seen, answered):
        buyer.create_checkout({store.concert: 2})
        buyer.offer()
    answered.decline()
    # when the checkouts are still there, nothing goes
    pass_by(days=TEN_YEARS + 1)
    outcome = run()
    assert outcome.exit_code == 0  # nobody needs to act: Saleor and the sweep will
    assert sum(kept for *_, kept in outcome.done.values()) == 3
    # when they are gone, the sweep ends the offers, and time passes again
    delete_checkouts()
    work()
    gone = []
    for days in (91, 1_010, TEN_YEARS):
        pass_by(days=days)
        gone.append(run().done)
    # then each went in its time: offer and quote, of the answered one the answer too
    assert gone == [
        {"unseen_offers": (1, 0, 2, 0)},
        {"unanswered_offers": (1, 0, 2, 0)},
        {"answers_without_order": (1, 0, 3, 0)},
    ]


def test_an_answer_from_before_any_offer_goes_as_an_offer_nobody_saw(
    store: Store, shopper: SendShopper, simulator: SimulatorProcess
) -> None:
    # given a no that came before there was an offer
    buyer = shopper(store.usd)
    buyer.create_checkout({store.concert: 2})
    with pytest.raises(Refused):
        buyer.decline(page="one", turn=1)
    assert rows("Offer").count() == 1
    # when the checkout is there, it stays; when it is gone, it goes in time
    pass_by(days=91)
    assert run().done == {"unseen_offers": (0, 0, 0, 1)}
    delete_checkouts()
    assert run().done == {"unseen_offers": (1, 0, 1, 0)}
    # then nothing is left
    assert rows("Offer").count() == 0
    assert asked(simulator) == {}


@pytest.mark.parametrize(
    ("_case", "model", "changes", "why"),
    [
        ("parked cover", "Cover", {"status": "parked"}, "cover"),
        ("unpaid cover", "Cover", {"status": "placed"}, "cover"),
        ("running cancellation", "Cover", {"status": "cancelling"}, "cover"),
        ("money due", "Cover", {"amount_due_back": Decimal("6.66")}, "due_back"),
        ("open claim", "Cover", {"claim": "open"}, "claim"),
        ("unsent message", "OutboxMessage", {"status": "pending"}, "message"),
        ("parked message", "OutboxMessage", {"status": "parked"}, "message"),
    ],
)
def test_what_is_open_stays(
    sale: Sale, _case: str, model: str, changes: dict[str, Any], why: str
) -> None:
    pass_by(days=2 * TEN_YEARS)
    rows(model).update(**changes)
    digests = rows("Cover").get().policyholder_digests
    had = counts()
    # when
    outcome = run()
    # then
    assert outcome.exit_code == 1
    assert outcome.of("covers") == (0, 0, 0, 1)
    assert outcome.data["kept"] == {why: 1}
    assert counts() == had
    # who is owed money is in the order, not in the hashes; and of no policy nobody is the buyer
    is_needed = why != "due_back" and rows("Cover").get().status != "parked"
    assert rows("Cover").get().policyholder_digests == (digests if is_needed else {})


def test_a_judgement_that_waits_keeps_everything(
    sale: Sale, store: Store, payments: PaymentApp, work: Work
) -> None:
    payments.refund(sale.payment, Decimal("100.00"))
    work()
    pass_by(days=2 * TEN_YEARS)
    rows("Cancellation").update(status="parked")
    rows("Cover").update(status="confirmed")
    had = counts()

    outcome = run()

    assert outcome.data["kept"] == {"decision": 1}
    assert counts() == had


def test_the_event_moved_far_away_keeps_its_policy(sale: Sale, store: Store) -> None:
    from saleor_xcover_plugin.staff.event_changes import tell_moved

    pass_by(days=LONG_AFTER)
    (offer,) = rows("Offer")
    tell_moved(list(offer.request["tickets"]), datetime.now(UTC), datetime.now(UTC))

    assert run().done == {}
    assert rows("Consent").count() == 1
    assert rows("Cover").get().policyholder_digests


def test_hashes_of_the_buyer_go_a_month_after_the_event(
    sale: Sale, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given
    pass_by(days=60 + 7 + 29)
    assert run().done == {}
    pass_by(days=2)  # the evening ends some hours after its start
    had, calls = counts(), asked(simulator)
    # when
    outcome = run()
    # then
    assert outcome.done == {"buyer_hashes": (0, 1, 0, 0)}
    assert rows("Cover").get().policyholder_digests == {}
    assert counts() == had
    # and an edit of the order is nobody's business any more
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": "+12125550177"})
    work()
    assert asked(simulator) == calls
    assert rows("Modification").count() == 0
    assert run().done == {}


def test_webhooks_that_were_looked_after(
    sale: Sale, work: Work, simulator: SimulatorProcess
) -> None:
    now = datetime.now(UTC)
    common = {"channel_id": 1, "event": "BOOKING_UPDATED", "booking_status": "CONFIRMED"}
    more = {"next_attempt_at": now, "received_at": now}
    for digest, handled_at in (("done", now), ("open", None)):
        rows("ReceivedNotification").create(
            **common, **more, booking_id="A", digest=digest, handled_at=handled_at
        )
    pass_by(days=91)

    outcome = run()

    assert outcome.of("webhooks") == (1, 0, 1, 0)
    assert list(rows("ReceivedNotification").values_list("digest", flat=True)) == ["open"]


def test_a_dry_run_counts_the_same_and_removes_nothing(
    sale: Sale, decline: Callable[[], Shopper]
) -> None:
    decline()
    pass_by(days=LONG_AFTER)
    had = counts()
    # when
    dry = run("--dry-run")
    # then
    assert counts() == had
    assert rows("Cover").get().policyholder_digests
    wet = run()
    expected = {"covers": (0, 1, 1, 0), "orders_without_cover": (1, 0, 6, 0)}
    assert wet.done == expected
    assert dry.done == expected


def test_killed_between_two_batches_it_goes_on(
    decline: Callable[[], Shopper], simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.privacy import deletion, purge

    for _ in range(3):
        decline()
    pass_by(days=TEN_YEARS + 1)
    monkeypatch.setattr(purge, "BATCH", 1)
    delete_all, done = deletion.delete_all, []

    def dies_in_the_second(found: Any) -> int:
        count = delete_all(found)
        done.append(count)
        if len(done) == 2:
            raise KeyboardInterrupt
        return count

    with monkeypatch.context() as killed:
        killed.setattr(deletion, "delete_all", dies_in_the_second)
        with pytest.raises(KeyboardInterrupt):
            run()
    # then the second is whole again
    assert counts()["Offer"] == 4
    assert counts()["OutboxMessage"] == 2
    # when it is begun again
    assert run().of("orders_without_cover") == (2, 0, 12, 0)
    assert set(counts().values()) == {0}


def test_a_batch_that_fails_stops_no_other(
    decline: Callable[[], Shopper], monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.privacy import deletion, purge

    for _ in range(2):
        decline()
    pass_by(days=TEN_YEARS + 1)
    monkeypatch.setattr(purge, "BATCH", 1)
    first = rows("Offer").order_by("pk")[0].pk
    delete_all = deletion.delete_all

    def fails_once(found: Any) -> int:
        count = delete_all(found)
        if first in found[0].offer_ids:
            raise ValueError
        return count

    monkeypatch.setattr(deletion, "delete_all", fails_once)
    # when
    outcome = run()
    # then the broken one is whole
    assert (outcome.exit_code, outcome.data["failed"]) == (1, 1)
    assert outcome.done == {"orders_without_cover": (1, 0, 6, 0)}
    assert counts()["Offer"] == 2
    assert counts()["OutboxMessage"] == 1
    assert rows("Offer").filter(pk=first).exists()


def test_what_a_worker_begins_meanwhile_is_seen(decline: Callable[[], Shopper]) -> None:
    from django.db import connection, transaction

    from saleor_xcover_plugin.outbox import message_queue as outbox

    decline()
    pass_by(days=TEN_YEARS + 1)
    had, outcomes = counts(), []

    def purge() -> None:
        try:
            outcomes.append(run())
        finally:
            connection.close()

    # given a worker that holds the offers and appends a call while the purge waits for them
    runner = threading.Thread(target=purge)
    with transaction.atomic():
        first, _ = rows("Offer").select_for_update().order_by("pk")
        runner.start()
        runner.join(1.0)
        assert runner.is_alive()
        outbox.add("opt_out", "another", subject_id=first.pk, channel_id=1, now=datetime.now(UTC))
    runner.join(30)
    # then
    assert outcomes[0].data["kept"] == {"message": 1}
    assert counts() == {**had, "OutboxMessage": had["OutboxMessage"] + 1}


def test_the_settled_call_of_a_stripped_cover_stands_for_its_operation(sale: Sale) -> None:
    # given a stripped cover whose order is paid and complete
    pass_by(days=LONG_AFTER)
    run()
    (message,) = rows("OutboxMessage")
    # then what was sent once cannot be appended again
    (cover,) = rows("Cover")
    assert (message.kind, message.status, message.subject_id) == ("confirm", "settled", cover.pk)
    assert message.operation_id == f"{cover.order_id}:{cover.offer_id}"


def test_no_row_of_a_long_story_is_left(
    sale: Sale, payments: PaymentApp, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.outbox import message_queue as outbox

    # given a policy with one change that was applied, and one that waits for a person
    change_the_buyer_twice(sale, staff, work, simulator)
    assert [m.status for m in rows("Modification").order_by("pk")] == ["applied", "parked"]
    # and a refund, with a first confirmation that was dropped when its preview lapsed
    payments.refund(sale.payment, TOTAL)
    work()
    now, (judged,) = datetime.now(UTC), rows("Cancellation")
    lapsed = outbox.add(
        "confirm_cancellation",
        f"{sale.booking_id}:LAPSED",
        subject_id=judged.pk,
        channel_id=1,
        now=now,
    )
    outbox.drop(lapsed, "The preview lapsed before it could be confirmed.", now)
    rows("Cancellation").update(renewals=1)
    assert rows("Cover").get().status == "cancelled"
    assert set(rows("OutboxMessage").values_list("kind", flat=True)) == {
        "confirm",
        "preview_modification",
        "confirm_modification",
        "preview_cancellation",
        "confirm_cancellation",
    }
    assert all(count for name, count in counts().items() if name != "ReceivedNotification")
    rows("ReceivedNotification").delete()
    # when
    pass_by(days=LONG_AFTER)
    forget_order()
    outcome = run()
    # then
    assert outcome.exit_code == 0
    assert outcome.of("covers")[0] == 1
    assert counts() == dict.fromkeys(OF_A_CASE, 0)


def test_a_call_that_was_replaced_goes_with_its_cover(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a policy that was refused twice before it was made
    simulator.fault("confirm", "status", times=2, status=422)
    buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    work()
    for _ in range(2):
        store.command("xcover_replay", "--all")
        work()
    assert rows("Cover").get().status == "confirmed"
    assert rows("OutboxMessage").count() == 3
    # when
    pass_by(days=LONG_AFTER)
    forget_order()
    # then
    assert run().exit_code == 0
    assert rows("OutboxMessage").count() == 0


def test_a_line_without_cover_is_told(sale: Sale) -> None:
    rows("Cover").delete()
    pass_by(days=LONG_AFTER)
    had = counts()

    outcome = run()

    assert (outcome.exit_code, outcome.data["kept"]) == (1, {"no_cover": 1})
    assert outcome.of("covers") == (0, 0, 0, 1)
    assert counts() == had


def test_an_order_saleor_forgot_before_it_was_paid_keeps_nothing(
    store: Store, shopper: SendShopper
) -> None:
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    buyer.complete()
    assert rows("Cover").get().status == "placed"
    pass_by(days=LONG_AFTER)
    assert run().data["kept"] == {"cover": 1}

    forget_order()

    assert (run().exit_code, counts()) == (0, dict.fromkeys(OF_A_CASE, 0))


@pytest.mark.parametrize("incident", ["refused", "policyholder_incomplete", "unclear"])
def test_a_policy_put_aside_ends_with_the_hashes(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    incident: str,
) -> None:
    # given a paid order whose policy waits for a person
    if incident == "refused":
        simulator.fault("confirm", "status", times=1, status=422)
    elif incident == "unclear":
        simulator.fault("confirm", "errors_in_2xx", times=1)
    order, payment = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    if incident == "policyholder_incomplete":
        lose_phone()
    work()
    assert rows("Cover").get().reason_code == incident
    pass_by(days=60 + 7 + 29)
    assert run().done == {}
    # when
    pass_by(days=2)
    assert run("--dry-run").done == {"buyer_hashes": (0, 1, 0, 0)}
    assert run().done == {"buyer_hashes": (0, 1, 0, 0)}
    # then nothing is sealed, and what is due is told, without a word of replaying
    (message,), (cover,) = rows("OutboxMessage"), rows("Cover")
    assert (message.status, message.sealed_body) == ("dropped", None)
    assert (cover.status, cover.reason_code, cover.policyholder_digests) == (
        "parked",
        "event_over",
        {},
    )
    due = Decimal(0) if incident == "unclear" else PREMIUM
    assert cover.amount_due_back == due
    assert "efund the premium of 6.66 USD" in cover.reason
    assert "eplay" not in cover.reason
    assert staff.order(order.id).has_note(cover.reason)
    assert run().done == {}
    # when the money went back, and years have passed, nobody has to act any more
    if due:
        payments.refund(payment, PREMIUM)
        work()
    assert rows("Cover").get().amount_due_back == 0
    pass_by(days=TEN_YEARS + 8)
    assert (run().exit_code, rows("Consent").count()) == (0, 0)


def test_a_change_that_waits_ends_with_the_hashes(
    sale: Sale, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given a change XCover refused, nobody decided, and its event is over
    simulator.fault("preview_modification", "status", times=1, status=422)
    staff.update_order(sale.order.id, billing={**NEW_YORK, "phone": "+12125550188"})
    work()
    assert rows("OutboxMessage").filter(status="parked").count() == 1
    pass_by(days=60 + 7 + 31)
    # when
    outcome = run()
    # then
    assert (outcome.exit_code, outcome.done) == (0, {"buyer_hashes": (0, 1, 0, 0)})
    (change,) = rows("Modification")
    assert (change.status, change.wanted, change.wanted_digest) == ("dropped", {"phone": ""}, "")
    assert rows("Cover").get().policyholder_digests == {}
    assert rows("OutboxMessage").filter(status="parked").count() == 0
    assert run().done == {}


def test_hashes_somebody_needs_are_counted(sale: Sale) -> None:
    pass_by(days=60 + 7 + 31)
    call_command("xcover_cancellation", "claim", sale.order.number, "open", stdout=StringIO())
    pass_by(days=31)

    outcome = run()

    assert (outcome.exit_code, outcome.data["kept"]) == (1, {"claim": 1})
    assert outcome.done == {"buyer_hashes": (0, 0, 0, 1)}
    assert rows("Cover").get().policyholder_digests


def test_a_batch_of_hashes_that_fails_stops_nothing(
    sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.privacy import deletion

    def fails(_covers: Any) -> None:
        raise ValueError

    pass_by(days=60 + 7 + 31)
    monkeypatch.setattr(deletion, "forget_buyer", fails)

    outcome = run()

    assert (outcome.exit_code, outcome.data["failed"], outcome.done) == (1, 1, {})
    assert rows("Cover").get().policyholder_digests


def test_only_what_is_due_is_locked(sale: Sale, decline: Callable[[], Shopper]) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    # given a sale of which everything is older than the shortest period, and nothing is due
    pass_by(days=LONG_AFTER - 2)
    with CaptureQueriesContext(connection) as asked_first:
        run("--hashes", str(TEN_YEARS))
    assert not [q for q in asked_first.captured_queries if "FOR UPDATE" in q["sql"]]
    # when another case is due
    decline()
    pass_by(days=1)
    rows("Offer", status="opted_out").update(updated_at=datetime.now(UTC) - timedelta(days=9_999))
    rows("Offer", status="superseded").update(updated_at=datetime.now(UTC) - timedelta(days=9_999))
    with CaptureQueriesContext(connection) as asked_then:
        outcome = run("--hashes", str(TEN_YEARS))
    # then it alone is locked
    assert outcome.done == {"orders_without_cover": (1, 0, 6, 0)}
    (locking,) = [
        q["sql"]
        for q in asked_then.captured_queries
        if "FOR UPDATE" in q["sql"] and "saleor_xcover_plugin_offer" in q["sql"].split("WHERE")[0]
    ]
    assert str(rows("Offer").get().checkout_token) not in locking


def test_a_checkout_that_becomes_an_order_meanwhile_is_seen(
    store: Store, shopper: SendShopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.privacy import records

    # given a checkout that is completed after the first of the two was looked at
    buyer = shopper(store.usd_unpaid)
    buyer.create_checkout({store.concert: 2})
    buyer.offer()
    (offer,) = rows("Offer")
    done: list[str] = []

    def first_of(name: str, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def reading(keys: Any) -> Any:
            found = read(keys)
            if not done:
                done.append(name)
                buyer.complete()
                rows("Offer").update(order_id=None)  # as it was read
            return found

        return reading

    with monkeypatch.context() as patched:
        for module, name in ((records.checkouts, "existing"), (records.orders, "ids_by_checkout")):
            patched.setattr(module, name, first_of(name, getattr(module, name)))
        (row,) = records.of_checkouts([offer.checkout_token], lock=False)
    # then it is one of both
    assert len(done) == 1
    assert row.case is not None
    assert row.case.has_checkout or row.case.became_order


def test_a_cover_no_offer_stands_behind(
    store: Store, shopper: SendShopper, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given an order whose line nobody quoted
    buyer = shopper(store.usd_unpaid)
    accept_cover(buyer, store)
    buyer.complete()
    rows("Quote").delete()
    rows("Consent").delete()
    rows("Cover").update(offer=None, status="void")
    rows("Offer").delete()
    pass_by(days=TEN_YEARS + 1)
    # then it stays while Saleor has the order
    assert run().done == {}
    assert rows("Cover").count() == 1
    forget_order()
    assert run().of("covers")[0] == 1
    assert rows("Cover").count() == 0


def test_people_read_a_table(sale: Sale) -> None:
    pass_by(days=LONG_AFTER)
    rows("Cover").update(status="parked")

    text = run("--dry-run", as_json=False).text

    assert text.splitlines()[0].split() == ["KIND", "DAYS", "DELETED", "STRIPPED", "ROWS", "KEPT"]
    assert "Kept, 1: The cover is not in a final state: see xcover_status.\n" in text
    assert "Nothing was removed: this is what a run without --dry-run removes.\n" in text


@pytest.mark.parametrize(
    "arguments",
    [("--evidence", "364"), ("--unseen", "6"), ("--hashes", "0"), ("--unseen", "99999")],
)
def test_a_period_too_short_is_refused(arguments: tuple[str, str], sale: Sale) -> None:
    with pytest.raises(CommandError, match=f"{arguments[0]}: ") as refused:
        run(*arguments)

    assert refused.value.returncode == 2
    assert rows("Consent").count() == 1


NIGHT = timedelta(days=1)


def night(at: datetime) -> None:
    """Run the purge of one night."""
    from saleor_xcover_plugin.privacy.nightly import purge_tonight

    purge_tonight(lambda: at)


def announced() -> dict[str, tuple[int, int]]:
    """Return what ``xcover_status`` says the next night removes: cases and rows, by kind."""
    out = StringIO()
    with suppress(SystemExit):
        call_command("xcover_status", "--json", stdout=out)
    return {
        row["kind"]: (row["goes_next_deleted"] + row["goes_next_stripped"], row["goes_next_rows"])
        for row in json.loads(out.getvalue())["purge"]
        if row["goes_next_deleted"] or row["goes_next_stripped"]
    }


def found() -> dict[str, Any]:
    return dict(rows("Heartbeat").get(name="purge").details)


def test_the_purge_of_a_night_removes_what_was_announced_the_night_before(
    sale: Sale, decline: Callable[[], Shopper]
) -> None:
    # given a declined order that is past its time
    decline()
    pass_by(days=LONG_AFTER)
    had, tonight = counts(), datetime.now(UTC)
    # when it runs for the first time
    night(tonight)
    # then nothing is gone, and the status says what will go
    assert counts() == had
    assert announced() == {"covers": (1, 1), "orders_without_cover": (1, 6)}
    assert (found()["removed"], found()["goes_next"]) == (0, 2)
    # when the next night comes
    night(tonight + NIGHT)
    # then just that is gone
    assert (found()["removed"], found()["goes_next"]) == (2, 0)
    assert announced() == {}
    assert counts()["Offer"] == 1
    assert rows("Consent").count() == 0


def test_what_falls_due_meanwhile_waits_for_its_own_announcement(
    sale: Sale, decline: Callable[[], Shopper]
) -> None:
    decline()
    tonight = datetime.now(UTC)
    night(tonight)
    assert announced() == {}
    pass_by(days=LONG_AFTER)
    had = counts()
    # the announcement was for a moment before that: nothing was past its time then
    rows("Heartbeat").filter(name="purge").update(
        details={**found(), "until": (tonight - timedelta(days=LONG_AFTER)).isoformat()}
    )

    night(tonight + NIGHT)

    assert counts() == had
    assert announced() == {"covers": (1, 1), "orders_without_cover": (1, 6)}


def test_other_periods_are_announced_before_they_count(
    decline: Callable[[], Shopper], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an order without cover that is kept for ten years
    decline()
    pass_by(days=400)
    tonight = datetime.now(UTC)
    night(tonight)
    assert announced() == {}
    had = counts()
    # when it is to be kept for a year
    monkeypatch.setenv("XCOVER_PURGE", "evidence=365")
    night(tonight + NIGHT)
    # then it goes a night later
    assert counts() == had
    assert announced() == {"orders_without_cover": (1, 6)}
    night(tonight + 2 * NIGHT)
    assert set(counts().values()) == {0}


def test_it_can_be_switched_off(
    decline: Callable[[], Shopper], monkeypatch: pytest.MonkeyPatch
) -> None:
    decline()
    pass_by(days=LONG_AFTER)
    had, tonight = counts(), datetime.now(UTC)
    night(tonight)
    monkeypatch.setenv("XCOVER_PURGE", "off")

    night(tonight + NIGHT)

    assert counts() == had
    assert (found(), announced()) == ({"switched_off": True}, {})


def test_a_period_nobody_can_read_removes_nothing_and_is_told(
    decline: Callable[[], Shopper], monkeypatch: pytest.MonkeyPatch
) -> None:
    decline()
    pass_by(days=LONG_AFTER)
    had, tonight = counts(), datetime.now(UTC)
    night(tonight)
    monkeypatch.setenv("XCOVER_PURGE", "evidence=4O18")  # a letter

    night(tonight + NIGHT)

    assert counts() == had
    assert rows("Failure").get().work == "periods of the purge"
    # when it is put right, what was announced before goes
    monkeypatch.setenv("XCOVER_PURGE", "")
    night(tonight + 2 * NIGHT)
    assert set(counts().values()) == {0}
    assert not rows("Failure").exists()
