"""Sending a task never delays or breaks a sale: no broker, dead broker, real broker."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest

from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.saleor.broker import celery_with, is_there, own_broker
from testkit.simulator import SimulatorProcess
from testkit.work import Work

SendShopper = Callable[[Channel], Shopper]
WAITED_PER_SALE = [0.5, 0.5]
"""Seconds after which each of a sale's connections to the broker is given up; no sleep between."""
SLEEP = time.sleep
SLEEPS = ("time.sleep", "kombu.utils.functional.sleep", "redis.retry.sleep")
"""The names under which Celery's libraries wait between two attempts."""


def buy(shopper: SendShopper, store: Store, staff: Staff) -> Shopper:
    """Buy tickets with cover, paid; return the buyer."""
    ada = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    order = ada.complete()
    staff.mark_as_paid(order.id)
    assert order.total == Decimal("206.66")
    return ada


@contextmanager
def waiting_for(port: int) -> Iterator[list[float | None]]:
    """Note, in seconds, how long each connection to a port may take, and every sleep.

    What a clock says depends on what else the machine does; this bounds what a sale waits.
    """
    waits: list[float | None] = []
    here, connect = threading.get_ident(), socket.socket.connect

    def connecting(self: socket.socket, address: Any) -> None:
        if address[1] == port:
            waits.append(self.gettimeout())
        connect(self, address)

    def sleeping(seconds: float) -> None:
        if threading.get_ident() == here:
            waits.append(seconds)
        SLEEP(seconds)

    with ExitStack() as patches:
        patches.enter_context(mock.patch.object(socket.socket, "connect", connecting))
        for name in SLEEPS:
            patches.enter_context(mock.patch(name, sleeping))
        yield waits


def test_an_eager_celery_does_not_call_xcover_in_the_shoppers_request(
    store: Store, shopper: SendShopper, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    from celery import current_app

    assert current_app.conf.task_always_eager

    ada = buy(shopper, store, staff)

    assert simulator.calls("confirm") == []
    work()
    assert (cover := ada.cover()) is not None
    assert cover.status == "confirmed"


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that accepts nothing: its queue of connections is full."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    try:
        yield listener.getsockname()[1]
    finally:
        for opened in (*fillers, listener):
            opened.close()


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_dead_broker_loses_nothing_and_delays_nobody(
    store: Store,
    shopper: SendShopper,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    scheme: str,
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    with waiting_for(port) as waits, celery_with(f"{scheme}://127.0.0.1:{port}//"):
        ada = buy(shopper, store, staff)

    assert waits == WAITED_PER_SALE
    work()
    assert (cover := ada.cover()) is not None
    assert cover.status == "confirmed"
    assert len(simulator.state()["bookings"]) == 1


def test_a_broker_address_nobody_can_read_loses_nothing(
    store: Store, shopper: SendShopper, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    with celery_with("amqp://localhost:567O//"):
        ada = buy(shopper, store, staff)

    work()
    assert (cover := ada.cover()) is not None
    assert cover.status == "confirmed"
    assert len(simulator.state()["bookings"]) == 1


def test_a_broker_that_swallows_connections_is_tried_once_for_half_a_second_each_time(
    store: Store, shopper: SendShopper, staff: Staff, work: Work, simulator: SimulatorProcess
) -> None:
    with (
        black_hole() as port,
        waiting_for(port) as waits,
        celery_with(f"redis://127.0.0.1:{port}/0"),
    ):
        ada = buy(shopper, store, staff)

    assert waits == WAITED_PER_SALE
    work()
    assert (cover := ada.cover()) is not None
    assert cover.status == "confirmed"


def test_with_a_broker_one_worker_is_asked_for_and_told_nothing_of_the_sale(
    store: Store, shopper: SendShopper, staff: Staff, simulator: SimulatorProcess
) -> None:
    if not is_there():
        pytest.skip("needs Redis on localhost:6379 (Debian: redis-server)")
    import json

    import redis

    with celery_with(own_broker()) as app:
        queue = redis.Redis.from_url(own_broker())
        queue.flushdb()
        buy(shopper, store, staff)
        # The worker defers a task with a countdown, so every message lies in the queue.
        messages = [json.loads(text) for text in queue.lrange(app.conf.task_default_queue, 0, -1)]
        queue.flushdb()
        queue.close()

    tasks = [(m["headers"]["task"].rsplit(".", 1)[1], m["headers"]["argsrepr"]) for m in messages]
    ours = [(task, args) for task, args in tasks if task in {"deliver_new", "request_offer"}]
    assert [args for task, args in ours if task == "deliver_new"] == ["(False,)"]
    written = json.dumps(messages)
    assert "demo-secret" not in written
    assert "ada@example.com" not in written


def test_sessions_side_by_side_have_brokers_of_their_own() -> None:
    # three suites once shared one Redis database, and workers took each other's tasks
    own = own_broker()
    code = "import sys, testkit.saleor.broker as b; print(b.own_broker()); sys.stdin.read()"
    with ExitStack() as others:
        told = []
        for _ in range(3):
            other = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            others.enter_context(other)
            assert other.stdout is not None
            told.append(other.stdout.readline().strip())

    assert len({own, *told}) == 4
    assert own_broker() == own
