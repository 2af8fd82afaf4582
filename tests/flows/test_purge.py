"""``xcover_purge``: what is past its time goes, what is open stays, and nothing happens anew."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from demo.client.payment_app import PaymentApp
from demo.client.people import NEW_YORK
from demo.client.shopper import Shopper
from demo.client.staff import Staff
from demo.client.store import Channel, Store
from demo.simulator import SimulatorProcess

from .steps import Sale, accept_cover, asked, opt_outs, sell_with_cover
from .work import Work
from .years import pass_by, touch

SendShopper = Callable[[Channel], Shopper]
TEN_YEARS = 3_653
LONG_AFTER = TEN_YEARS + 60 + 7 + 1
"""Ten years after an event in sixty days was over."""


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
    names = ("Offer", "Quote", "Consent", "Cover", "OutboxMessage", "InboundEvent", "Cancellation")
    return {name: rows(name).count() for name in names}


def forget_order() -> None:
    """Have Saleor know nothing of the one order our rows are about: they name another."""
    import uuid

    order_id = uuid.uuid4()
    rows("Cover").update(order_id=order_id)
    rows("Offer").update(order_id=order_id, checkout_token=uuid.uuid4())


def delete_checkouts() -> None:
    """Have Saleor forget the checkouts nobody completed, as it does after some weeks."""
    from django.apps import apps

    apps.get_model("checkout", "Checkout").objects.all().delete()


@pytest.fixture
def sale(
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> Sale:
    return sell_with_cover(shopper(store.usd), store, payments, work, simulator)


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
    from saleor_xcover_plugin.services.reconciliation import reconcile_tonight

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


def test_reconciling_such_a_policy_with_xcover_finds_no_difference(
    sale: Sale, simulator: SimulatorProcess
) -> None:
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
    if why != "due_back":  # who is owed money is in the order, not in the hashes
        assert rows("Cover").get().policyholder_digests == digests


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
    from saleor_xcover_plugin.services.event_changes import tell_moved

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
    pass_by(days=1)
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
        rows("InboundEvent").create(
            **common, **more, booking_id="A", digest=digest, handled_at=handled_at
        )
    pass_by(days=91)

    outcome = run()

    assert outcome.of("webhooks") == (1, 0, 1, 0)
    assert list(rows("InboundEvent").values_list("digest", flat=True)) == ["open"]


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
    # hashes are counted twice by a dry run: stripping takes them along
    assert dry.done == {**expected, "buyer_hashes": (0, 1, 0, 0)}


def test_killed_between_two_batches_it_goes_on(
    decline: Callable[[], Shopper], simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.services.privacy import purge, remove

    for _ in range(3):
        decline()
    pass_by(days=TEN_YEARS + 1)
    monkeypatch.setattr(purge, "BATCH", 1)
    delete_all, done = remove.delete_all, []

    def dies_in_the_second(found: Any) -> int:
        count = delete_all(found)
        done.append(count)
        if len(done) == 2:
            raise KeyboardInterrupt
        return count

    with monkeypatch.context() as killed:
        killed.setattr(remove, "delete_all", dies_in_the_second)
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
    from saleor_xcover_plugin.services.privacy import purge, remove

    for _ in range(2):
        decline()
    pass_by(days=TEN_YEARS + 1)
    monkeypatch.setattr(purge, "BATCH", 1)
    first = rows("Offer").order_by("pk")[0].pk
    delete_all = remove.delete_all

    def fails_once(found: Any) -> int:
        count = delete_all(found)
        if first in found[0].offer_ids:
            raise ValueError
        return count

    monkeypatch.setattr(remove, "delete_all", fails_once)
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

    from saleor_xcover_plugin import outbox

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
        outbox.append(
            "opt_out", "another", subject_id=first.pk, channel_id=1, now=datetime.now(UTC)
        )
    runner.join(30)
    # then
    assert outcomes[0].data["kept"] == {"message": 1}
    assert counts() == {**had, "OutboxMessage": had["OutboxMessage"] + 1}


def test_a_message_outlives_no_subject_and_no_subject_its_message(
    sale: Sale, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    # given a stripped cover whose order is paid and complete
    pass_by(days=LONG_AFTER)
    run()
    (message,) = rows("OutboxMessage")
    # then the settled confirmation still stands for its operation
    (cover,) = rows("Cover")
    assert (message.kind, message.status, message.subject_id) == ("confirm", "settled", cover.pk)
    assert message.operation_id == f"{cover.order_id}:{cover.offer_id}"


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
