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
def a_column_of_the_newest_code_is_missing() -> Iterator[None]:
    """Hide a column, as if the code had been replaced before its migration was run."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {APP}_cover RENAME COLUMN for_cover_when_due TO not_yet")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {APP}_cover RENAME COLUMN not_yet TO for_cover_when_due")


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
    with a_column_of_the_newest_code_is_missing():
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
