"""The comparison of every night: the last days, written to the log and for ``xcover_status``."""

from __future__ import annotations

import logging
from datetime import timedelta

from .. import heartbeats
from ..clock import Clock
from .run import Period, Report, reconcile

log = logging.getLogger(__name__)

DAYS = 7


def reconcile_last_days(clock: Clock) -> Report:
    """Compare what was ordered in the last days; say once per night what is wrong."""
    now = clock()
    heartbeats.begin(heartbeats.RECONCILE, now)
    report = reconcile(Period(now - timedelta(days=DAYS), now), clock)
    for finding in report.defects:
        log.error(
            "xcover.reconcile.finding",
            extra={"order": finding.order_number, "code": finding.code.value},
        )
    heartbeats.beat(
        heartbeats.RECONCILE,
        clock(),
        {
            "findings": len(report.defects),
            "by_code": report.by_code,
            "compared": report.compared,
            "not_compared": len(report.not_compared),
        },
    )
    return report
