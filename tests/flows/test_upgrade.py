"""Code and tables of two states side by side, as in an upgrade: tickets sell, policies are made."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import TOTAL, accept_cover, bookings
from testkit.work import Work

from .waits import let_waits_pass

APP = "saleor_xcover_plugin"


@contextmanager
def tables_before_the_newest_migration() -> Iterator[None]:
    """Take back the newest migration, as if the code had been replaced before it was run."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    ((_, newest),) = loader.graph.leaf_nodes(APP)
    (before,) = [node.key[1] for node in loader.graph.node_map[(APP, newest)].parents]
    call_command("migrate", APP, before, verbosity=0)
    try:
        yield
    finally:
        call_command("migrate", APP, verbosity=0)


def test_new_code_before_its_tables_sells_and_catches_up(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    payments: PaymentApp,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given the guard as in a store, and a buyer who said yes
    monkeypatch.delenv("XCOVER_RAISE_IN_HOOKS", raising=False)
    buyer = shopper(store.usd)
    checkout, _ = accept_cover(buyer, store)
    # when the code is ahead of the tables while the order is paid and made
    with tables_before_the_newest_migration():
        payments.charge(checkout.id, TOTAL)
        order = buyer.complete()
        call_command("xcover_work", stdout=io.StringIO())
    # then the tickets are sold at the price that was shown
    sold = staff.order(order.id)
    assert (sold.total, sold.charged) == (TOTAL, TOTAL)
    # and once the tables are there the policy is made, once
    for _ in range(2):
        let_waits_pass()
        work()
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    cover = buyer.cover()
    assert cover is not None
    assert cover.status == "confirmed"
