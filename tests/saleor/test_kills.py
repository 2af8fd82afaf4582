"""Processes killed with SIGKILL on a real Saleor, with a real worker and a real broker.

Needs Redis on localhost:6379. A few of the steps by default; ``make deep`` tries each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import pytest

from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.saleor.broker import Worker, celery_with, empty, is_there, own_broker
from testkit.simulator import SimulatorProcess
from testkit.steps import accept_cover, bookings

from ..chaos.killing import killed_at
from ..deep.counts import count as count_of
from ..flows.waits import let_waits_pass

SendShopper = Callable[[Channel], Shopper]

EVERY = count_of("steps between kills in Saleor")
MAX_WAIT = 240.0
"""Seconds a worker may take to start and do what is due; on a busy machine it starts in 40."""

pytestmark = pytest.mark.skipif(
    not is_there(),
    reason="needs Redis on localhost:6379 (Debian: redis-server)",
)


@pytest.fixture
def broker() -> Iterator[Any]:
    empty(own_broker())
    with celery_with(own_broker()) as app:
        yield app
    empty(own_broker())


@pytest.fixture
def worker(broker: Any) -> Iterator[Worker]:
    started = Worker(own_broker())
    started.start()
    yield started
    started.kill()


def order_with_cover(shopper: SendShopper, store: Store) -> Shopper:
    ada = shopper(store.usd_unpaid)
    accept_cover(ada, store)
    ada.complete()
    return ada


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + MAX_WAIT
    while not is_so():
        assert time.monotonic() < deadline, "the worker did not do it"
        time.sleep(0.2)


def ring(broker: Any) -> None:
    """Do what beat does every minute."""
    # A connection of its own: the pool may remember the broker of another test.
    with broker.connection_for_write(own_broker()) as connection:
        task = "saleor_xcover_plugin.tasks.sweep"
        broker.send_task(task, ignore_result=True, connection=connection)


def is_confirmed(buyer: Shopper) -> bool:
    from django.db import close_old_connections

    close_old_connections()
    cover = buyer.cover()
    return cover is not None and cover.status == "confirmed"


def require_one_policy(buyer: Shopper, staff: Staff, simulator: SimulatorProcess) -> None:
    from saleor_xcover_plugin.models import OutboxMessage

    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    assert len({call["idempotency_key"] for call in simulator.calls("confirm")}) == 1
    (message,) = OutboxMessage.objects.all()
    assert (message.status, message.sealed_body) == ("settled", None)
    notes = [note for note in staff.order(buyer.order_id).notes if "confirmed, premium" in note]
    assert len(notes) == 1


def test_a_web_process_killed_in_the_hook_loses_no_policy(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    simulator: SimulatorProcess,
    broker: Any,
    worker: Worker,
) -> None:
    # given a worker, and a web process that dies further and further into our hook
    killed = 0
    for step in count(1, EVERY):
        store.forget()
        simulator.reset()
        ada = order_with_cover(shopper, store)
        # when the order is paid
        pay = partial(staff.mark_as_paid, ada.order_id)
        end = killed_at(step, pay, only_in_hooks=True)
        ring(broker)
        # then the policy is there, once
        eventually(partial(is_confirmed, ada))
        require_one_policy(ada, staff, simulator)
        if not end.killed:
            break
        killed += 1
    assert killed >= 3
    print(f"\nkilled in the hook {killed} times (every {EVERY}. step), one policy each")


@pytest.mark.parametrize("moment", ["before it was booked", "after it was booked"])
def test_a_worker_killed_in_the_middle_of_the_call_loses_no_policy(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    simulator: SimulatorProcess,
    broker: Any,
    worker: Worker,
    moment: str,
) -> None:
    # given XCover that hangs
    ada = order_with_cover(shopper, store)
    simulator.fault("confirm", "hang", seconds=60, after_work="after" in moment)
    staff.mark_as_paid(ada.order_id)
    eventually(lambda: len(simulator.calls("confirm")) == 1)
    # when the worker is killed while it waits, and another one comes
    worker.kill()
    assert len(bookings(simulator)) == ("after" in moment)
    worker.start()
    let_waits_pass()
    ring(broker)
    # then
    eventually(lambda: is_confirmed(ada))
    require_one_policy(ada, staff, simulator)
    assert len(simulator.calls("confirm")) == 2


def test_what_a_worker_never_heard_of_is_found_by_the_sweep(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    simulator: SimulatorProcess,
    broker: Any,
) -> None:
    # given a broker that lost everything, and no worker
    ada = order_with_cover(shopper, store)
    staff.mark_as_paid(ada.order_id)
    empty(own_broker())
    late = Worker(own_broker())
    late.start()
    try:
        # when a worker comes and beat rings
        ring(broker)
        # then
        eventually(lambda: is_confirmed(ada))
    finally:
        late.kill()
    require_one_policy(ada, staff, simulator)
