"""The time limit of a worker's task strikes in the middle of a call to XCover."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import bookings, buy_with_cover
from testkit.work import Work


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise what Celery raises, and as it does: from a signal, wherever the worker is."""

    def strike(*_: object) -> None:
        raise SoftTimeLimitExceeded

    before = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_confirmation_struck_by_the_time_limit(
    shopper: Callable[[Channel], Shopper],
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import Failure, OutboxMessage, XCoverAccount
    from saleor_xcover_plugin.tasks import deliver

    # given a paid order, and an XCover that books and does not get round to answering
    buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    message = OutboxMessage.objects.get(kind="confirm")
    simulator.fault("confirm", "hang", times=1, seconds=20, after_work=True)

    # when the limit of the task strikes meanwhile
    with pytest.raises(SoftTimeLimitExceeded), time_limit(2):
        deliver(message.pk)

    # then it is no failure of the network, of XCover or of the order, and nothing is put aside
    message.refresh_from_db()
    assert (message.status, message.last_error) == ("pending", "")
    assert message.leased_until is not None
    assert list(XCoverAccount.objects.values_list("failures", "open_until")) == [(0, None)]
    assert Failure.objects.count() == 0
    assert len(bookings(simulator)) == 1

    # and once the claim is over the same call is made again: one policy
    past = datetime.now(UTC) - timedelta(seconds=1)
    OutboxMessage.objects.update(leased_until=past)
    work()
    message.refresh_from_db()
    assert message.status == "settled"
    assert len(bookings(simulator)) == 1


def test_a_sweep_struck_by_the_time_limit_blames_no_order(
    shopper: Callable[[Channel], Shopper],
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    from saleor_xcover_plugin.models import Failure
    from saleor_xcover_plugin.tasks import sweep

    # given work that takes longer than the sweep's task may
    buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    simulator.fault("confirm", "hang", times=1, seconds=20)

    # when
    with pytest.raises(SoftTimeLimitExceeded), time_limit(3):
        sweep()

    # then
    assert Failure.objects.count() == 0
    assert bookings(simulator) == []
