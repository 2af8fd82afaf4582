"""Duration of sweep and reconciliation for the same open work and a growing history of orders."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

os.environ.setdefault("XCOVER_FLOWS_DATABASE", "xcover_bench_history")

from . import command
from .environment import ON, Place, opened
from .measures import Stopwatch

SIZES = (10_000, 100_000, 1_000_000)
"""Numbers of orders in the history."""
OPEN = 50
"""Number of paid covers that each sweep finds because their hooks were lost."""


def measure(sizes: tuple[int, ...], rounds: int) -> dict[str, Any]:
    """Return the spreads in seconds by number of orders. The database is dropped afterwards."""
    _throw_away()
    with opened() as place:
        place.choose(ON)
        from testkit.load import sales

        template = sales.covered(place.shopper, place.store, place.simulator)
        _sell_first(place)
        found, there = {}, 0
        for size in sizes:
            from testkit.saleor.history import multiply

            multiply(size - there, already=there)
            there = size
            found[str(size)] = _measured(place, template, rounds)
    _throw_away()
    return found


def _sell_first(place: Place) -> None:
    """Sell and confirm the policy that is copied to make the history."""
    from testkit.work import Work

    ada = place.shopper()
    ada.create_checkout({place.store.concert: 2})
    ada.accept(ada.offer())
    place.staff.mark_as_paid(ada.complete().id)
    Work(place.store)()


def _measured(place: Place, template: Any, rounds: int) -> dict[str, Any]:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.domain.period import Period
    from saleor_xcover_plugin.operations.reconciliation.runner import orders_of, reconcile
    from saleor_xcover_plugin.operations.sweep import sweep
    from testkit.load import sales

    sweeping, idle, comparing = Stopwatch(), Stopwatch(), Stopwatch()
    placed = sales.Sales(place.simulator, utc_now)
    yesterday = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = Period(yesterday - timedelta(days=2), yesterday - timedelta(days=1))
    sweep(utc_now)  # warm
    for _ in range(rounds):
        sales.pay_all(placed.place_many(template, OPEN), utc_now())
        with sweeping.lap():
            result = sweep(utc_now)
        if result.messages < OPEN:
            raise SystemExit(f"the sweep did not do its work: {result}")
        _let_rest()
        with idle.lap():
            sweep(utc_now)
        with comparing.lap():
            report = reconcile(orders_of(day), utc_now, asks_xcover=False)
    return {
        "sweep": asdict(sweeping.spread) | {"messages": OPEN},
        "sweep with nothing to do": asdict(idle.spread),
        "reconciliation of a day": asdict(comparing.spread) | {"orders": report.orders},
    }


def _let_rest() -> None:
    """Move the rows of a round two hours back; a sweep reads the last five minutes again."""
    from django.apps import apps

    from saleor_xcover_plugin.models import Cover

    long_ago = datetime.now(UTC) - timedelta(hours=2)
    covers = Cover.objects.filter(confirmed_at__gt=long_ago)
    orders = apps.get_model("order", "Order").objects.filter(updated_at__gt=long_ago)
    orders.update(updated_at=long_ago)
    covers.update(confirmed_at=long_ago, updated_at=long_ago)


def _throw_away() -> None:
    import psycopg
    from psycopg import sql

    from testkit.saleor import bootstrap

    name = sql.Identifier(bootstrap.database_name())
    with psycopg.connect(bootstrap.server_url(), dbname="postgres", autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def main() -> int:
    """Run the benchmark from the command line."""
    options = command.options(__doc__)
    quick = options.quick
    return command.write(options, measure((2_000, 6_000), 2) if quick else measure(SIZES, rounds=7))


if __name__ == "__main__":
    raise SystemExit(main())
