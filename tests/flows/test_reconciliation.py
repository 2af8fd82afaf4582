"""Reconciliation: what differs between orders, our tables and XCover, and what mends it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from testkit.steps import bookings, opt_outs

pytestmark = pytest.mark.usefixtures("earlier_orders_are_long_ago")


@dataclass
class Outcome:
    """One run of the command."""

    exit_code: int
    data: dict
    text: str = ""

    @property
    def found(self):
        return [(row["code"], row["order_number"]) for row in self.data["findings"]]

    def mend_of(self, code):
        (row,) = [row for row in self.data["findings"] if row["code"] == code]
        return row["mend"]


def run(*arguments, as_json=True):
    out, code = StringIO(), 0
    try:
        more = ["--json"] if as_json else []
        call_command("xcover_reconcile", "--older-than", "0", *arguments, *more, stdout=out)
    except SystemExit as ended:
        code = ended.code
    text = out.getvalue()
    return Outcome(code, json.loads(text) if as_json else {}, text)


@pytest.fixture
def healthy(store, shopper, staff, work, simulator):
    """Make two orders nothing is wrong with: one with its policy, one declined and reported."""
    sold = buy(store, shopper, staff, work)
    declined = shopper(store.usd_unpaid)
    declined.create_checkout({store.concert: 2})
    declined.offer()
    declined.decline()
    declined.complete()
    work()
    assert len(opt_outs(simulator)) == 1
    return sold


def buy(store, shopper, staff, work=None):
    """Sell a cover and take the money; with ``work`` up to the policy."""
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    staff.mark_as_paid(ada.complete().id)
    if work:
        work()
    return ada


def number(staff, shopper):
    return staff.order(shopper.order_id).number


def covers():
    from saleor_xcover_plugin.models import Cover

    return Cover.objects


def messages():
    from saleor_xcover_plugin.models import OutboxMessage

    return OutboxMessage.objects


def test_a_healthy_store_has_no_differences(healthy, simulator):
    before = len(simulator.calls())

    outcome = run()

    assert (outcome.exit_code, outcome.found) == (0, [])
    assert (outcome.data["orders"], outcome.data["compared"]) == (2, 1)
    assert outcome.data["not_compared"] == []
    assert len(simulator.calls()) == before + 1  # one booking looked at, nothing written


def test_a_paid_order_whose_hooks_were_all_lost(healthy, store, shopper, staff, work, simulator):
    # given
    ada = buy(store, shopper, staff)
    covers().filter(booking_id=None).delete()
    messages().filter(status="pending").delete()
    # when
    outcome = run("--local")
    # then it is found, and the command it names mends it
    assert (outcome.exit_code, outcome.found) == (
        1,
        [("paid_without_policy", number(staff, ada))],
    )
    (row,) = outcome.data["findings"]
    assert (row["amount"], row["currency"]) == ("6.66", "USD")
    today = datetime.now(UTC).date()
    assert row["mend"].endswith(f"xcover_reconcile --mend --from {today} --to {today}")
    assert run("--mend", "--local").exit_code == 1
    work()
    assert (run().exit_code, len(bookings(simulator))) == (0, 2)


def test_a_confirmation_that_waits_too_long_names_the_work(healthy, store, shopper, staff):
    ada = buy(store, shopper, staff)

    outcome = run("--local")

    assert outcome.found == [("paid_without_policy", number(staff, ada))]
    assert outcome.mend_of("paid_without_policy") == "python manage.py xcover_work"
    assert run("--local", "--older-than", "15").found == []  # on its way


def test_a_parked_confirmation_names_its_message(healthy, store, shopper, staff, work, simulator):
    simulator.fault("confirm", "status", status=400)
    ada = buy(store, shopper, staff, work)
    (parked,) = messages().filter(status="parked")

    outcome = run("--local")

    assert outcome.found[0] == ("paid_without_policy", number(staff, ada))
    assert outcome.mend_of("paid_without_policy").endswith(f"xcover_replay {parked.pk}")


def test_a_policy_whose_order_was_refunded_behind_our_back(
    healthy, store, shopper, staff, payments, work, simulator
):
    from saleor_xcover_plugin.models import Cancellation

    # given a refund nobody told us of
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    payment = payments.charge(ada.checkout_id, Decimal("206.66"))
    ada.complete()
    work()
    payments.refund(payment, Decimal("206.66"))
    Cancellation.objects.all().delete()
    messages().exclude(status="settled").delete()
    covers().filter(status="cancelling").update(status="confirmed")
    # when
    outcome = run()
    # then
    assert outcome.found == [("policy_without_payment", number(staff, ada))]
    # and the command it names requests the cancellation
    run("--mend")
    work()
    assert (run().exit_code, ada.cover().status) == (0, "cancelled")


def test_a_booking_with_another_price(healthy, staff):
    covers().update(premium=Decimal("6.65"))

    outcome = run()

    assert outcome.found == [("booking_differs", number(staff, healthy))]
    assert outcome.mend_of("booking_differs") == "ask Cover Genius before anything else"
    assert run("--local").found == []


def test_a_decline_xcover_was_not_told(healthy, store, shopper, staff, work, simulator):
    # given an offer shown, an order without cover, and an opt-out that was lost
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.offer()
    ada.complete()
    messages().filter(status="pending").delete()
    # when
    outcome = run("--local")
    # then
    assert outcome.found == [("decline_not_reported", number(staff, ada))]
    run("--local", "--mend")
    work()
    assert (run().exit_code, len(opt_outs(simulator))) == (0, 2)


def test_an_offer_of_alternatives_nobody_took_is_worth_the_dearest_of_them(
    store, shopper, simulator
):
    # given two plans of which one could have been taken, and an opt-out that was lost
    simulator.settings(products="alternatives")
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.offer()
    ada.complete()
    messages().filter(status="pending").delete()
    # when
    (found,) = run("--local").data["findings"]
    # then
    assert found["code"] == "decline_not_reported"
    assert found["amount"] == "9.99"


def test_a_policy_cancelled_on_one_side(healthy, staff, work):
    covers().update(status="cancelled")

    outcome = run()

    assert outcome.found == [("cancelled_here_only", number(staff, healthy))]


def test_a_policy_xcover_never_heard_of(healthy, staff):
    covers().update(booking_id="OTHER-00000-INS")

    assert run().found == [("unknown_at_xcover", number(staff, healthy))]


def test_what_the_buyer_is_owed_is_said_and_is_no_difference(healthy, staff):
    covers().update(amount_due_back=Decimal("0.74"))

    outcome = run()

    assert (outcome.exit_code, outcome.found) == (
        0,
        [("amount_due_back", number(staff, healthy))],
    )
    # and in the digits of its currency, for people too
    assert outcome.data["findings"][0]["amount"] == "0.74"
    assert " 0.74 " in run(as_json=False).text


def test_xcover_down_says_what_was_not_compared(healthy, store, shopper, staff, work, simulator):
    ada = buy(store, shopper, staff, work)
    simulator.fault("get_booking", "status", times=None, status=503)

    outcome = run()

    assert (outcome.exit_code, outcome.data["compared"]) == (3, 0)
    assert outcome.data["not_compared"] == [number(staff, healthy), number(staff, ada)]
    assert outcome.found == []


def test_one_booking_nobody_can_read_hides_no_other(
    healthy, store, shopper, staff, work, simulator
):
    buy(store, shopper, staff, work)
    covers().update(premium=Decimal("6.65"))
    simulator.fault("get_booking", "malformed", times=1)

    outcome = run()

    assert (outcome.exit_code, len(outcome.data["not_compared"])) == (3, 1)
    assert [code for code, _ in outcome.found] == ["booking_differs"]


def test_one_broken_order_hides_no_other(healthy, store, shopper, staff, work, monkeypatch):
    # given a defect of ours with one of two orders
    from saleor_xcover_plugin.operations.reconciliation import runner as module

    ada = buy(store, shopper, staff, work)
    covers().update(premium=Decimal("6.65"))
    compare = module.compare

    def break_down(books, *more):
        assert books.order.number != number(staff, ada)
        return compare(books, *more)

    monkeypatch.setattr(module, "compare", break_down)
    # when
    outcome = run()
    # then
    assert (outcome.exit_code, outcome.data["not_compared"]) == (3, [number(staff, ada)])
    assert outcome.found == [("booking_differs", number(staff, healthy))]
    # and people read what to do when looking again does not help
    assert (
        f"Not compared: orders {number(staff, ada)}. Run this again; where it stays so, the log "
        "says why (xcover.work.failed): report it."
    ) in run(as_json=False).text


def test_the_period_is_whole_days_of_creation(healthy, staff):
    today = datetime.now(UTC).date()
    yesterday = str(today - timedelta(days=1))

    assert run("--local", "--from", str(today), "--to", str(today)).data["orders"] == 2
    assert run("--local", "--from", yesterday, "--to", yesterday).data["orders"] == 0


def test_one_channel_only(healthy, store):
    assert run("--local", "--channel", store.usd_unpaid.slug).data["orders"] == 2
    assert run("--local", "--channel", store.usd.slug).data["orders"] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--to", "9999-12-31"),
        ("--older-than", "-1"),
        ("--from", "yesterday"),
        ("--from", "2026-02-02", "--to", "2026-01-01"),
        ("--channel", "x y"),
    ],
)
def test_bad_arguments_are_named(store, arguments):
    with pytest.raises(CommandError) as refused:
        run(*arguments)

    assert refused.value.returncode == 2


def test_people_get_a_table_and_a_sum(healthy, staff):
    covers().update(premium=Decimal("6.65"))

    text = run(as_json=False).text

    assert "CODE" in text
    assert "booking_differs" in text
    assert "2 orders with our traces, 1 policy compared, 1 difference." in text


def test_every_night_is_written_down_and_logged(healthy, staff, caplog):
    from saleor_xcover_plugin.models import Heartbeat
    from saleor_xcover_plugin.tasks import reconcile

    covers().update(premium=Decimal("6.65"))

    reconcile()

    (beat,) = Heartbeat.objects.filter(name="reconcile")
    assert beat.details == {
        "findings": 1,
        "mended": 0,
        "by_code": {"booking_differs": 1},
        "compared": 1,
        "not_compared": 0,
    }
    logged = [r for r in caplog.records if r.message == "xcover.reconcile.finding"]
    assert [(r.order, r.code) for r in logged] == [(number(staff, healthy), "booking_differs")]


def nights(start):
    """Reconcile on 28 nights and return how many differences each found."""
    from saleor_xcover_plugin.operations.reconciliation import reconcile_tonight
    from saleor_xcover_plugin.operations.reconciliation.nightly import NIGHTS

    return [
        len(reconcile_tonight(lambda night=night: start + timedelta(days=night)).defects)
        for night in range(NIGHTS)
    ]


def grow_old(days):
    from django.apps import apps

    past = datetime.now(UTC) - timedelta(days=days)
    apps.get_model("order", "Order").objects.update(created_at=past)
    covers().update(created_at=past, confirmed_at=past)


@pytest.mark.parametrize(("event_in", "found"), [(60, 1), (0, 0)])
def test_an_older_policy_is_looked_at_once_a_month_until_its_event(
    healthy, event_in, found, simulator
):
    from saleor_xcover_plugin.models import Offer

    # given a policy of a month ago that differs from XCover's
    grow_old(days=30)
    covers().update(premium=Decimal("6.65"))
    start = datetime.now(UTC)
    Offer.objects.update(event_starts_at=start + timedelta(days=event_in))
    before = len(simulator.calls())
    # when
    counts = nights(start)
    # then
    assert (sum(counts), max(counts)) == (found, found)
    assert len(simulator.calls()) == before + found


def test_alarms_that_were_over_long_ago_are_forgotten(healthy):
    from saleor_xcover_plugin.models import Alarm
    from saleor_xcover_plugin.operations.reconciliation import reconcile_tonight

    now = datetime.now(UTC)
    past = {"sentence": "s", "raised_at": now - timedelta(days=200)}
    Alarm.objects.create(code="old", cleared_at=now - timedelta(days=91), **past)
    Alarm.objects.create(code="recent", cleared_at=now - timedelta(days=89), **past)
    Alarm.objects.create(code="open", **past)

    reconcile_tonight(lambda: now)

    assert sorted(Alarm.objects.values_list("code", flat=True)) == ["open", "recent"]


def test_looking_twice_changes_nothing(healthy, store, shopper, staff):
    buy(store, shopper, staff)
    before = [list(covers().order_by("pk").values()), list(messages().order_by("pk").values())]

    first, second = run(), run()

    assert first.data["findings"] == second.data["findings"]
    after = [list(covers().order_by("pk").values()), list(messages().order_by("pk").values())]
    assert after == before
