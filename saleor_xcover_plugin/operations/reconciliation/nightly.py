"""Run the nightly comparison, and report it in the log and in ``xcover_status``."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from django.db.models import F, Q

from ...clock import Clock
from ...domain.period import Period
from ...domain.states import CoverStatus
from ...failures import Failures
from ...host import order_facts, orders
from ...models import Alarm, Cover
from ...policies.fulfillment_sync import sync_fulfillment
from .. import heartbeats
from .runner import PAGE, Report, orders_of, reconcile

log = logging.getLogger(__name__)

DAYS = 7
"""Orders of the last days, in this number, are compared every night."""
NIGHTS = 28
"""Each older policy is compared in one of this number of nights, until its event begins."""

_FORGET_ALARMS = timedelta(days=90)


def reconcile_tonight(clock: Clock) -> Report:
    """Compare the orders of the last ``DAYS`` days, and tonight's part of the older policies.

    Orders with a difference are synced again. Each difference that is left is logged once per
    night.
    """
    now = clock()
    heartbeats.begin(heartbeats.RECONCILE, now)
    _follow_tickets(Failures(now))
    Alarm.objects.filter(cleared_at__lt=now - _FORGET_ALARMS).delete()
    recent = Period(now - timedelta(days=DAYS), now)
    pages = chain(orders_of(recent), _older_policies(recent.start, now))
    report = reconcile(pages, clock, mends=True, remembers=True)
    for finding in report.mended:
        log.warning(
            "xcover.reconcile.mended",
            extra={"order": finding.order_number, "code": finding.code.value},
        )
    for finding in report.left:
        log.error(
            "xcover.reconcile.finding",
            extra={"order": finding.order_number, "code": finding.code.value},
        )
    heartbeats.beat(
        heartbeats.RECONCILE,
        clock(),
        {
            "findings": len(report.left),
            "mended": len(report.mended),
            "by_code": report.by_code,
            "compared": report.compared,
            "not_compared": len(report.not_compared),
        },
    )
    return report


def _follow_tickets(failures: Failures) -> None:
    """Sync the cover line of every partly fulfilled order: an approval leaves no newer row."""
    for order_id in orders.with_unfollowed_tickets():
        label = partial(order_facts.number_of, order_id)
        with failures.contain("fulfillment", order_id, label=label):
            sync_fulfillment(order_id)
    failures.forget_others("fulfillment")


def _older_policies(before: datetime, now: datetime) -> Iterator[list[uuid.UUID]]:
    """Yield tonight's part of the older orders with a policy whose event is still to come, by page.

    Otherwise a cancellation at XCover whose webhook was lost would stay unknown.
    """
    tonight = now.date().toordinal() % NIGHTS
    covers = (
        Cover.objects.filter(status=CoverStatus.CONFIRMED.value, created_at__lt=before)
        .filter(Q(offer__event_starts_at=None) | Q(offer__event_starts_at__gt=now))
        .annotate(night=F("pk") % NIGHTS)
        .filter(night=tonight)
        .order_by("pk")
        .values_list("pk", "order_id")
    )
    last = 0
    while page := list(covers.filter(pk__gt=last)[:PAGE]):
        yield [order_id for _, order_id in page]
        last = page[-1][0]
