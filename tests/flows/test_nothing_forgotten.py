"""What a lost hook, a passed mark or an unlucky moment left is found again, and told."""

from __future__ import annotations

import io
import json
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command

from saleor_xcover_plugin.time_limits import HOOK, time_limits
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder
from testkit.rows import key
from testkit.simulator import SimulatorProcess
from testkit.steps import asked, bookings, buy_with_cover, sell_with_cover
from testkit.work import Work

from .holding import held_rows
from .waits import let_waits_pass

pytestmark = pytest.mark.usefixtures("earlier_orders_are_long_ago")

SendShopper = Callable[[Channel], Shopper]
LATER = timedelta(minutes=20)
"""Longer than anything is given to happen by itself."""


def rows(model: str) -> Any:
    from django.apps import apps

    return apps.get_model("saleor_xcover_plugin", model).objects


def reconcile(after: timedelta = LATER) -> Any:
    """Compare as beat does every night."""
    from saleor_xcover_plugin.operations.reconciliation import reconcile_tonight

    return reconcile_tonight(lambda: datetime.now(UTC) + after)


def sweep(after: timedelta) -> None:
    from saleor_xcover_plugin.operations.sweep import sweep as sweep_all

    sweep_all(lambda: datetime.now(UTC) + after)


def alarms() -> list[tuple[str, str]]:
    return list(rows("Alarm").filter(cleared_at=None).values_list("code", "subject"))


def status() -> tuple[dict[str, Any], int]:
    printed = io.StringIO()
    try:
        call_command("xcover_status", "--json", stdout=printed)
    except SystemExit as ended:
        return json.loads(printed.getvalue()), int(str(ended.code))
    return json.loads(printed.getvalue()), 0


def lose_rows() -> None:
    """Leave nothing of ours of a sale, as if no hook of it had been heard, and the mark past it."""
    rows("Cover").all().delete()
    rows("OutboxMessage").all().delete()
    rows("Watermark").all().delete()
    rows("Watermark").create(name="orders", reached_at=datetime.now(UTC) + timedelta(minutes=10))


@pytest.fixture
def paid(shopper: SendShopper, store: Store, payments: PaymentApp) -> PlacedOrder:
    """Sell two tickets with cover, paid; XCover was not asked for the policy yet."""
    order, _ = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    return order


def test_the_night_brings_an_order_in_line_whose_hooks_were_lost(
    paid: PlacedOrder, work: Work, simulator: SimulatorProcess, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    lose_rows()
    # when
    report = reconcile()
    # then it is mended, and nobody has to act
    assert [finding.code.value for finding in report.mended] == ["paid_without_policy"]
    assert report.left == []
    beat = rows("Heartbeat").get(name="reconcile").details
    assert (beat["findings"], beat["mended"], beat["by_code"]) == (0, 1, {})
    assert "xcover.reconcile.finding" not in [record.message for record in caplog.records]
    # and its policy is made
    let_waits_pass()
    work()
    assert len(bookings(simulator)) == 1


def test_the_night_sends_nothing_a_person_parked(
    paid: PlacedOrder, work: Work, simulator: SimulatorProcess
) -> None:
    # given a policy XCover refused
    simulator.fault("confirm", "status", times=1, status=422)
    work()
    assert rows("OutboxMessage").get().status == "parked"
    # when
    report = reconcile()
    let_waits_pass()
    work()
    # then it waits as before, and is told as before
    assert [finding.code.value for finding in report.left] == ["paid_without_policy"]
    assert report.mended == []
    assert rows("OutboxMessage").get().status == "parked"
    assert asked(simulator)["confirm"] == 1


def test_the_night_leaves_alone_what_staff_do_not_want(
    paid: PlacedOrder, store: Store, work: Work, simulator: SimulatorProcess
) -> None:
    simulator.fault("confirm", "status", times=1, status=422)
    work()
    store.command("xcover_policy", paid.number, "--do-not-make")

    report = reconcile()
    let_waits_pass()
    work()

    assert report.left == []
    assert rows("Cover").get().status == "void"
    assert asked(simulator)["confirm"] == 1


def test_a_paid_order_the_mark_has_passed_is_found_by_its_line(
    paid: PlacedOrder, simulator: SimulatorProcess
) -> None:
    lose_rows()

    sweep(after=LATER)
    sweep(after=LATER)

    assert rows("Cover").get().status == "confirmed"
    assert len(bookings(simulator)) == 1
    assert rows("Failure").count() == 0


def test_a_paid_order_of_which_nothing_is_known_is_an_alarm_of_its_own(
    paid: PlacedOrder,
    staff: Staff,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given an order that leaves no row of ours although it is looked at
    lose_rows()
    with monkeypatch.context() as deaf:
        deaf.setattr("saleor_xcover_plugin.operations.sweep.sync_order", lambda *_: None)
        # when
        sweep(after=LATER)
        # then it is told at once, by its number
        assert alarms() == [("order_unfollowed", paid.number)]
        report, code = status()
        assert code == 1
        assert "order_unfollowed" in [row["code"] for row in report["alarms"]]
        notes = [n for n in staff.order(paid.id).notes if "no record of it" in n]
        assert len(notes) == 1
        # and it waits ever longer for the next look
        first = rows("Failure").get()
        sweep(after=LATER + timedelta(minutes=2))
        again = rows("Failure").get()
        assert (first.times, again.times) == (1, 2)
        assert again.next_attempt_at - again.last_at > first.next_attempt_at - first.last_at
    # when it can be looked at
    sweep(after=LATER + timedelta(minutes=10))
    # then it is insured, and the alarm is over
    assert rows("Cover").get().status == "confirmed"
    assert alarms() == []
    assert rows("Failure").count() == 0


def test_a_lock_blames_no_order_that_cannot_be_looked_at(
    paid: PlacedOrder,
    staff: Staff,
    simulator: SimulatorProcess,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from saleor_xcover_plugin.models import Offer

    # given a paid order of which we hold nothing, the mark past it
    lose_rows()
    notes = staff.order(paid.id).notes
    # when another session holds the rows of its offer
    with held_rows(Offer), time_limits(HOOK):
        sweep(after=LATER)
    # then nobody is told anything untrue of it
    assert set(rows("Failure").values_list("error", flat=True)) == {"DatabaseBusy"}
    assert alarms() == []
    assert staff.order(paid.id).notes == notes
    assert "xcover.work.failed" not in [record.message for record in caplog.records]
    # and it is insured once they are let go
    sweep(after=LATER + timedelta(minutes=2))
    assert rows("Cover").get().status == "confirmed"
    assert len(bookings(simulator)) == 1
    assert rows("Failure").count() == 0


def test_a_lock_does_not_end_the_alarm_of_an_order_of_which_nothing_is_known(
    paid: PlacedOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.models import Offer

    # given an order that leaves no row of ours although it is looked at
    lose_rows()
    with monkeypatch.context() as deaf:
        deaf.setattr("saleor_xcover_plugin.operations.sweep.sync_order", lambda *_: None)
        sweep(after=LATER)
    assert alarms() == [("order_unfollowed", paid.number)]
    # when the next look meets a lock
    with held_rows(Offer), time_limits(HOOK):
        sweep(after=LATER + timedelta(minutes=2))
    # then it is still true
    assert alarms() == [("order_unfollowed", paid.number)]
    # and the look after that insures it
    sweep(after=LATER + timedelta(minutes=10))
    assert rows("Cover").get().status == "confirmed"
    assert alarms() == []


def test_one_lock_of_the_night_is_not_told_as_one_that_lasts(paid: PlacedOrder) -> None:
    from saleor_xcover_plugin.models import Offer

    # given a comparison that met a lock once
    lose_rows()
    with held_rows(Offer), time_limits(HOOK):
        reconcile()
    assert rows("Failure").get().error == "DatabaseBusy"
    # when the night is long over
    sweep(after=LATER + timedelta(minutes=15))
    # then nobody is sent to look for who holds it
    assert "database_busy" not in [code for code, _ in alarms()]


def test_a_look_that_paused_in_between_writes_no_untrue_note(
    shopper: SendShopper,
    store: Store,
    staff: Staff,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker waits for the order's rows, and meanwhile the refund is taken back."""
    from django.db import connection

    from saleor_xcover_plugin.policies import order_sync as module

    # given a refund of some money that waits for a person
    sale = sell_with_cover(shopper(store.usd), store, payments, work, simulator)
    payments.refund(sale.payment, Decimal("50.00"))
    work()
    assert rows("Cancellation").get().status == "parked"
    before = staff.order(sale.order.id).notes
    # when a worker is paused before it locks the rows
    lock_and_read, pauses = module._lock_and_read, []

    def take_back() -> None:
        try:
            payments.reverse_refund(sale.payment, Decimal("50.00"))
        finally:
            connection.close()

    def paused(order_id: uuid.UUID) -> Any:
        if not pauses:
            pauses.append(order_id)
            meanwhile = threading.Thread(target=take_back)
            meanwhile.start()
            meanwhile.join(30)
        return lock_and_read(order_id)

    monkeypatch.setattr(module, "_lock_and_read", paused)
    module.sync_order(uuid.UUID(key(sale.order.id)), datetime.now(UTC))
    # then staff read once that there is nothing to decide, and nothing waits
    new = [note for note in staff.order(sale.order.id).notes if note not in before]
    assert len(pauses) == 1
    assert len(new) == 1
    assert "The refund was taken back: there is nothing to decide" in new[0]
    assert list(rows("Cancellation").values_list("status", flat=True)) == ["kept"]
