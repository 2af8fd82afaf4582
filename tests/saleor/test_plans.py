"""The sweep's cost follows open work, not history: PostgreSQL reads no big table from end to end.

Short by default; the proof in full is in ``make deep``.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Store
from testkit.saleor.history import BIG, multiply, run
from testkit.work import Work

from ..deep.counts import count
from ..statements import without_limits

ORDERS = count("orders of the past")


@pytest.fixture
def history(store: Store, shopper: Any, staff: Staff, work: Work, simulator: Any) -> Iterator[None]:
    """Make ``ORDERS`` orders of the past out of one, all rolled back in the end."""
    from django.db import transaction

    ada: Shopper = shopper(store.usd_unpaid)
    ada.create_checkout({store.concert: 2})
    ada.accept(ada.offer())
    staff.mark_as_paid(ada.complete().id)
    work()
    with transaction.atomic():
        multiply(ORDERS)
        yield
        transaction.set_rollback(True)


def _big_scans(statement: str) -> list[str]:
    """Return the big tables a statement would read from end to end."""
    ((plan,),) = run(f"EXPLAIN (FORMAT JSON) {statement}")
    found: list[str] = []

    def walk(node: Mapping[str, Any]) -> None:
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG:
            found.append(node["Relation Name"])
        for child in node.get("Plans", ()):
            walk(child)

    walk((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
    return found


def _executed_by(act: Any) -> list[str]:
    """Run something and return the statements that read or write rows."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        act()
    sent = [without_limits(query["sql"]) for query in captured.captured_queries]
    return [sql for sql in sent if sql.lstrip("(").startswith(("SELECT", "UPDATE", "DELETE"))]


def test_the_sweep_reads_no_big_table_from_end_to_end(history: None) -> None:
    # given years of orders, each with offer, cover and message, and one that changed just now
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.models import Watermark
    from saleor_xcover_plugin.operations.sweep import sweep

    ((count,),) = run("SELECT count(*) FROM order_order")
    assert count > ORDERS
    Watermark.objects.update(reached_at=datetime.now(UTC) - timedelta(hours=1))
    # when
    statements = _executed_by(lambda: sweep(utc_now))
    # then
    scans = {sql[:300]: tables for sql in statements if (tables := _big_scans(sql))}
    assert len(statements) > 10
    assert scans == {}


def test_what_operators_ask_reads_no_big_table_either(history: None) -> None:
    from django.core.management import call_command

    statements = _executed_by(lambda: call_command("xcover_status", stdout=io.StringIO()))

    assert len(statements) > 15
    assert {sql[:300]: tables for sql in statements if (tables := _big_scans(sql))} == {}


def test_a_report_and_the_evidence_of_a_day_cost_a_day(history: None, tmp_path: Any) -> None:
    from django.core.management import call_command

    today = str(datetime.now(UTC).date())
    printed = io.StringIO()
    number = run("SELECT max(number) FROM order_order")[0][0]

    def act() -> None:
        call_command("xcover_report", "--from", today, "--json", stdout=printed)
        out = str(tmp_path / "evidence.jsonl")
        call_command("xcover_evidence", "--from", today, "--out", out, stderr=io.StringIO())
        call_command("xcover_evidence", "--order", str(number), stdout=io.StringIO())

    statements = _executed_by(act)

    (row,) = json.loads(printed.getvalue())["totals"]
    assert (row["shown"], row["sold"]) == (1, 1)
    assert len((tmp_path / "evidence.jsonl").read_text().splitlines()) == 1
    assert len(statements) > 10
    assert {sql[:300]: tables for sql in statements if (tables := _big_scans(sql))} == {}


def test_many_unpaid_orders_are_watched_one_by_one(history: None) -> None:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.operations import alarm_rules

    # given one order in twenty waits for its payment
    run("UPDATE saleor_xcover_plugin_cover SET status = 'placed' WHERE id % 20 = 0")
    run("ANALYZE saleor_xcover_plugin_cover")

    statements = _executed_by(lambda: alarm_rules.evaluate(utc_now()))

    assert {sql[:300]: tables for sql in statements if (tables := _big_scans(sql))} == {}


def test_a_scan_would_be_seen(history: None) -> None:
    assert _big_scans("SELECT * FROM order_order WHERE customer_note = 'x'") == ["order_order"]
