"""The tables of docs/scale.md, computed from the kept results and the rates of XCover.

Each public function returns one table in Markdown; ``PARTS`` lists them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from saleor_xcover_plugin.domain.rates import MARGIN, OFFER_SHARE, Rates
from testkit.generated_tables import table

from .page import Results
from .results import MUTATIONS, OURS

AGREED = (Decimal(2), Decimal(20), Decimal(50), Decimal(100))
"""Calls per second: 2 for test keys, and rates a store may have agreed; 50 is the default."""
UNDER_WAY = 10
"""Calls that a worker keeps under way: ``THREADS`` of ``outbox/batches.py``, less ``GROUP``."""
XCOVER_TAKES = (0.1, 0.3, 1.0)
"""Seconds that XCover takes for a response."""


def turns(_: Results) -> str:
    """Return the shares of an agreed rate by kind of call."""
    rows = []
    for agreed in AGREED:
        rates = Rates.agreed(agreed)
        used = rates.selling * MARGIN
        offers = used * OFFER_SHARE
        rest = "with the others" if rates.is_one_for_all else f"{rates.other * MARGIN:.1f}"
        rows.append(
            (
                str(agreed),
                f"{used:.1f}",
                f"{offers:.1f}",
                f"{used - offers:.1f} to {used:.1f}",
                rest,
            )
        )
    return table(("agreed", "used", "offers, at most", "confirmations", "everything else"), rows)


def sale(results: Results) -> str:
    """Return the processor time of one sale, and the sales per second of one core."""
    rows = []
    for plugin, by in _at_once(results).items():
        web, database = (_sum(by, name) for name in ("own_work", "database_work"))
        rows.append(
            (
                plugin,
                f"{web * 1000:.0f} ms",
                f"{database * 1000:.0f} ms",
                f"{_sum(by, 'sql'):.0f}",
                f"{1 / web:.1f}",
                f"{1 / database:.1f}",
            )
        )
    head = ("plugin", "Saleor", "PostgreSQL", "SQL", "sales/s, a core of Saleor", "of PostgreSQL")
    return table(head, rows)


def workers(results: Results) -> str:
    """Return the number of workers that use an agreed rate fully for confirmations.

    Each keeps ``UNDER_WAY`` calls under way, and makes no more per second than its processor time
    allows.
    """
    each = results["cost"]["numbers"]["drained"]["100 ms"][OURS]["median"]
    rows = []
    for agreed in AGREED:
        used = float(agreed * MARGIN)
        needed = [str(math.ceil(used * max(each, wait / UNDER_WAY))) for wait in XCOVER_TAKES]
        rows.append((str(agreed), *needed))
    head = ("agreed", *(f"XCover answers in {seconds:g} s" for seconds in XCOVER_TAKES))
    return table(head, rows)


PARTS = (turns, sale, workers)


def _at_once(results: Results) -> Mapping[str, Any]:
    found: Mapping[str, Any] = results["mutations"]["numbers"]["0 ms"]
    return {name: each for name, each in found.items() if name.startswith(("off", "on"))}


def _sum(by: Mapping[str, Any], name: str) -> float:
    return float(sum(by[mutation][name] for mutation in MUTATIONS))
