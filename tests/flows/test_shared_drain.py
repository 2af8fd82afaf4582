"""New messages share one drain: who adds one asks for a worker only where none is expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.saleor.broker import celery_with
from testkit.simulator import SimulatorProcess
from testkit.steps import bookings

from .holding import held_table

SendShopper = Callable[[Channel], Shopper]
Sell = Callable[[], Any]
Sent = Callable[[], list[tuple[str, Any]]]
ASKED, ASKED_IN_A_RUSH = [("deliver_new", [False])], [("deliver_new", [True])]


@pytest.fixture
def sell(shopper: SendShopper, store: Store, staff: Staff) -> Sell:
    """Return a function that sells tickets with cover, paid, and returns the order."""

    def sell_one() -> Any:
        ada = shopper(store.usd_unpaid)
        ada.create_checkout({store.concert: 2})
        ada.accept(ada.offer())
        order = ada.complete()
        staff.mark_as_paid(order.id)
        return order

    return sell_one


@pytest.fixture
def sent() -> Iterator[Sent]:
    """Return a function that takes the tasks of deliveries out of the broker, with arguments."""
    with celery_with("memory://") as app, app.connection_for_write() as connection:

        def take() -> list[tuple[str, Any]]:
            tasks, queue = [], connection.SimpleQueue(app.conf.task_default_queue)
            try:
                while queue.qsize():
                    message = queue.get_nowait()
                    message.ack()
                    name = message.headers["task"].rsplit(".", 1)[1]
                    tasks.append((name, message.payload[0]))
            finally:
                queue.close()
            return [task for task in tasks if task[0].startswith(("deliver", "drain"))]

        take()
        yield take
        take()


def deliver_new(**given: Any) -> int:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.outbox.drains import deliver_new

    return deliver_new(utc_now, **given)


def confirmed() -> int:
    from saleor_xcover_plugin.models import Cover

    return Cover.objects.filter(status="confirmed").count()


@pytest.fixture
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a worker expected for as long as a slow machine takes for a few sales."""
    from saleor_xcover_plugin.outbox import new_messages

    monkeypatch.setattr(new_messages, "SOON", timedelta(minutes=5))
    monkeypatch.setattr(new_messages, "RUSH", timedelta(minutes=5))


@pytest.mark.usefixtures("simulator", "slow_machine")
def test_sales_in_a_rush_share_one_task(sell: Sell, sent: Sent) -> None:
    # given three sales, while no worker is free
    for _ in range(3):
        sell()
    # then one task was sent, and its worker delivers all three
    assert sent() == ASKED
    assert deliver_new() == 3
    assert confirmed() == 3
    # and the next sale asks for a worker again, who is told that they come one upon the other
    sell()
    assert sent() == ASKED_IN_A_RUSH


@pytest.mark.usefixtures("slow_machine")
def test_what_is_added_after_the_last_claim_is_not_forgotten(
    sell: Sell, sent: Sent, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.outbox import new_messages

    # given a sale, and another one while its worker has just found nothing more
    sell()
    assert sent() == ASKED
    ends = new_messages.looks_for_the_last_time

    def sells_and_ends(now: Any) -> None:
        monkeypatch.setattr(new_messages, "looks_for_the_last_time", ends)
        sell()
        ends(now)

    monkeypatch.setattr(new_messages, "looks_for_the_last_time", sells_and_ends)
    # when the worker comes
    deliver_new()
    # then the other one, which asked for no worker, was delivered by the last look
    assert sent() == []
    assert confirmed() == 2
    assert len(bookings(simulator)) == 2


@pytest.mark.usefixtures("simulator")
def test_a_worker_that_never_comes_is_not_waited_for(sell: Sell, sent: Sent) -> None:
    from saleor_xcover_plugin.models import ExpectedDrain
    from saleor_xcover_plugin.outbox.new_messages import SOON

    # given a task that was lost with its worker
    sell()
    assert sent() == ASKED
    assert ExpectedDrain.objects.update(until=timezone.now()) == 1
    # when somebody buys after the time in which it was expected
    sell()
    # then another one is asked for, also where a wrong clock expects one tomorrow
    assert sent() == ASKED
    ExpectedDrain.objects.update(until=timezone.now() + timedelta(days=1))
    sell()
    assert sent() == ASKED
    left = ExpectedDrain.objects.get().until - timezone.now()
    assert timedelta(0) < left <= SOON


def test_an_order_paid_just_now_does_not_wait_behind_a_backlog(
    sell: Sell, sent: Sent, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import Cover, OutboxMessage

    # given an order that has waited for longer than a minute, and a new one
    old = sell()
    OutboxMessage.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    new = sell()
    # when the worker of the new one comes
    sent()
    assert deliver_new() == 1
    # then the old one is left to the sweep
    assert Cover.objects.get(order_number=new.number).status == "confirmed"
    assert Cover.objects.get(order_number=old.number).status == "confirming"
    assert len(bookings(simulator)) == 1


@pytest.mark.usefixtures("simulator")
def test_what_is_wanted_again_is_new_again(sell: Sell, sent: Sent) -> None:
    from saleor_xcover_plugin.models import Cover, OutboxMessage
    from saleor_xcover_plugin.outbox import message_queue as outbox

    # given a confirmation that was dropped minutes ago
    order = sell()
    sent()
    message = OutboxMessage.objects.get(kind="confirm")
    outbox.drop(message, "Not wanted just now.", timezone.now())
    OutboxMessage.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    # when it is wanted again
    outbox.add(
        "confirm",
        message.operation_id,
        subject_id=message.subject_id,
        channel_id=message.channel_id,
        now=timezone.now(),
    )
    # then it does not wait for the sweep
    assert deliver_new() == 1
    assert Cover.objects.get(order_number=order.number).status == "confirmed"


@pytest.mark.usefixtures("simulator")
def test_a_worker_is_asked_for_where_nobody_can_tell_whether_one_is_expected(
    sell: Sell, sent: Sent, store: Store, shopper: SendShopper, staff: Staff
) -> None:
    from saleor_xcover_plugin.models import ExpectedDrain

    # given a sale, and a migration that holds the table in which that is told
    sell()
    sent()
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    order = ada.complete()
    # when somebody pays
    with held_table(ExpectedDrain):
        staff.mark_as_paid(order.id)
        # then the sale goes on, and a task is sent
        assert sent() == ASKED
    assert deliver_new() == 2


@pytest.mark.usefixtures("simulator", "sent")
def test_a_worker_that_is_busy_for_long_says_so(
    sell: Sell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.models import ExpectedDrain
    from saleor_xcover_plugin.outbox import drains

    # given two sales, and a worker that takes one message at a time
    sell()
    sell()
    ExpectedDrain.objects.update(until=None)
    monkeypatch.setattr(drains, "_AT_A_TIME", 1)
    seen = []
    deliver = drains.deliver_due

    def looked(*arguments: Any, **options: Any) -> int:
        seen.append(ExpectedDrain.objects.get().until)
        return deliver(*arguments, **options)

    monkeypatch.setattr(drains, "deliver_due", looked)
    # when it delivers them
    assert deliver_new() == 2
    # then it is expected from its second look on, and no longer at the last one
    first, *others, last = seen
    assert (first, last) == (None, None)
    assert others
    assert None not in others
    assert ExpectedDrain.objects.get().until is None


@pytest.mark.usefixtures("simulator", "sent")
def test_in_a_rush_a_worker_looks_again_before_it_goes(sell: Sell) -> None:
    # given a sale in a rush, and one more while its worker rests
    sell()
    to_come = [sell]

    def one_comes(_seconds: float) -> None:
        if to_come:
            to_come.pop()()

    # when a worker comes
    assert deliver_new(is_rush=True, rest=one_comes) == 2
    # then it has made both, and goes after it found no more
    assert confirmed() == 2
    assert to_come == []


@pytest.mark.usefixtures("sent")
def test_what_is_paid_while_a_worker_delivers_gathers_while_it_rests(
    sell: Sell, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_xcover_plugin.outbox import claims
    from saleor_xcover_plugin.policies.confirm_batch import ConfirmBatch

    # given a rush in which somebody pays while the first policy is stored
    sell()
    together, claim, record = [], claims.claim_plain, ConfirmBatch.record

    def somebody_pays(self: Any, outcomes: Any, now: Any) -> Any:
        monkeypatch.setattr(ConfirmBatch, "record", record)
        sell()
        return record(self, outcomes, now)

    def counted(*given: Any, **others: Any) -> Any:
        claimed = claim(*given, **others)
        together.append(len(claimed))
        return claimed

    monkeypatch.setattr(ConfirmBatch, "record", somebody_pays)
    monkeypatch.setattr(claims, "claim_plain", counted)
    more = [sell, sell]

    def others_pay(_seconds: float) -> None:
        while more:
            more.pop()()

    # when it rests before it looks again, and others pay meanwhile
    assert deliver_new(is_rush=True, rest=others_pay) == 4
    # then who paid during the delivery is confirmed together with them
    assert together == [1, 3]
    assert len(bookings(simulator)) == 4


def test_every_task_is_in_the_list_the_doctor_asks_workers_for() -> None:
    from celery import current_app

    from saleor_xcover_plugin import tasks  # noqa: F401 (it registers them)
    from saleor_xcover_plugin.outbox.task_queue import TASKS

    current_app.finalize()
    assert {name for name in current_app.tasks if name.startswith("saleor_xcover")} == TASKS
