"""Everything works behind PgBouncer in transaction mode, with two connections to PostgreSQL.

Django's DISABLE_SERVER_SIDE_CURSORS stays off: it is our code that is proven.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import TOTAL, accept_cover, asked, bookings, sell_with_cover
from testkit.work import Work

from . import pooler
from .holding import held_table

SendShopper = Callable[[Channel], Shopper]

if pooler.binary() is None and os.environ.get("XCOVER_PGBOUNCER") != "required":
    pytest.skip("PgBouncer is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def port(open_store: Store) -> Iterator[int]:
    with pooler.pooler(connections["default"].settings_dict) as port:
        yield port


@pytest.fixture(scope="module")
def direct(open_store: Store) -> dict[str, str]:
    """Return the way past PgBouncer: a migration holds none of the two connections."""
    settings = connections["default"].settings_dict
    # Without a port of its own it would be PgBouncer's.
    way = {"HOST": settings["HOST"], "PORT": settings["PORT"] or "5432"}
    return {name.lower(): str(value) for name, value in way.items() if value}


@pytest.fixture
def pooled(port: int, direct: dict[str, str]) -> Iterator[int]:
    """Have all of Django's connections go through PgBouncer."""
    ways = {alias: connections.settings[alias] for alias in connections.settings}
    before = {alias: (way["HOST"], way["PORT"]) for alias, way in ways.items()}
    assert not any(way.get("DISABLE_SERVER_SIDE_CURSORS") for way in ways.values())
    _go({alias: ("127.0.0.1", str(port)) for alias in ways})
    yield port
    _go(before)


def _go(ways: dict[str, tuple[str, str]]) -> None:
    connections.close_all()
    for alias, (host, port) in ways.items():
        connections.settings[alias].update(HOST=host, PORT=port)
        connections[alias].settings_dict.update(HOST=host, PORT=port)


@pytest.fixture
def busy(pooled: int) -> Callable[[], None]:
    """Return a function that holds the connection that was used last, as other clients do."""
    name = connections["default"].settings_dict["NAME"]
    held: list[psycopg.Connection] = []

    def hold() -> None:
        other = psycopg.connect(host="127.0.0.1", port=pooled, dbname=name, user="x")
        other.execute("SELECT 1")  # begins a transaction
        held.append(other)

    yield hold
    for other in held:
        other.close()


def today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def printed(command: str, *arguments: str) -> str:
    out = io.StringIO()
    with suppress(SystemExit):
        call_command(command, *arguments, stdout=out)
    return out.getvalue()


def test_a_cursor_on_the_server_does_not_outlive_its_transaction_here(
    pooled: int, busy: Callable[[], None]
) -> None:
    """The pooler is what it should be: what our code must not do fails."""
    name = connections["default"].settings_dict["NAME"]
    way = {"host": "127.0.0.1", "port": pooled, "dbname": name, "user": "x"}
    with psycopg.connect(**way, autocommit=True) as client:
        client.execute("DECLARE pages CURSOR WITH HOLD FOR SELECT generate_series(1, 5)")
        assert client.execute("FETCH FROM pages").fetchall() == [(1,)]
        busy()
        with pytest.raises(psycopg.errors.InvalidCursorName):
            client.execute("FETCH FROM pages")


def test_a_sale_from_the_offer_to_the_policy_and_back(
    pooled: int,
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a sale
    ada = shopper(store.usd)
    sale = sell_with_cover(ada, store, payments, work, simulator)
    assert [booking["status"] for booking in bookings(simulator)] == ["CONFIRMED"]
    # when it is refunded
    payments.refund(sale.payment, TOTAL)
    work()
    # then the outbox, its locks and the rate limit did their work
    assert [booking["status"] for booking in bookings(simulator)] == ["CANCELLED"]
    assert asked(simulator) == {
        "create_offer": 1,
        "confirm": 1,
        "cancel": 1,
        "confirm_cancellation": 1,
    }


def test_commands_that_read_page_by_page(
    pooled: int,
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
    busy: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given three answers, and pages of two
    for _ in range(3):
        sell_with_cover(shopper(store.usd), store, payments, work, simulator)
        simulator.reset()
    monkeypatch.setattr("saleor_xcover_plugin.staff.evidence.CHUNK", 2)
    monkeypatch.setattr("saleor_xcover_plugin.host.listings._CHUNK", 2)
    # when another client takes connections meanwhile
    busy()
    # then nothing is lost
    assert len(printed("xcover_evidence", "--from", today()).splitlines()) == 3
    findings = json.loads(printed("xcover_doctor", "--json", "--no-call"))["findings"]
    events = [one for one in findings if one["check"] == "event data"]
    assert events
    assert not any("failed" in one["sentence"] for one in events)
    assert json.loads(printed("xcover_reconcile", "--json", "--local"))["orders"] >= 3
    assert json.loads(printed("xcover_purge", "--json", "--dry-run"))["failed"] == 0
    assert json.loads(printed("xcover_status", "--json"))["not_looked_at"] == []


def test_no_time_limit_of_ours_is_left_in_a_connection(
    pooled: int,
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
    work: Work,
    simulator: SimulatorProcess,
) -> None:
    # given a sale: hooks, questions, workers and the rate limit set their limits
    sell_with_cover(shopper(store.usd), store, payments, work, simulator)
    # when other clients take all connections the pooler has
    name = connections["default"].settings_dict["NAME"]
    clients = [
        psycopg.connect(host="127.0.0.1", port=pooled, dbname=name, user="x")
        for _ in range(pooler.POOL)
    ]
    try:
        servers = {client.execute("SELECT pg_backend_pid()").fetchone() for client in clients}
        # then each is as PostgreSQL made it
        assert len(servers) == pooler.POOL
        for limit in ("lock_timeout", "statement_timeout"):
            assert {client.execute(f"SHOW {limit}").fetchone() for client in clients} == {("0",)}
    finally:
        for client in clients:
            client.close()


def test_a_held_table_is_not_waited_for(
    pooled: int,
    direct: dict[str, str],
    shopper: SendShopper,
    store: Store,
    payments: PaymentApp,
) -> None:
    from saleor_xcover_plugin.models import Offer

    ada = shopper(store.usd)
    checkout, _ = accept_cover(ada, store)
    with held_table(Offer, **direct):
        payments.charge(checkout.id, TOTAL)
        order = ada.complete()
    assert order.total == TOTAL
