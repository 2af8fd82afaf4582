"""Remove what is past its period, in small transactions; killed anywhere it is begun again.

Each batch locks its offers, then its covers, reads the facts and judges again what a moment ago was
only a candidate. So workers, hooks and a second purge may run beside it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from ...domain.retention import Days, Kind, Obstacle
from ...domain.states import CoverStatus
from ...models import Cover, InboundEvent, Offer
from . import cases, remove
from .cases import Rows

log = logging.getLogger(__name__)

BATCH = 200


@dataclass
class Counts:
    """What came of one kind."""

    deleted: int = 0
    """Cases of which nothing is left."""
    stripped: int = 0
    """Covers that stay without evidence, because Saleor still has their order."""
    rows: int = 0
    """Rows deleted."""
    kept: int = 0
    """Cases past their period that are open."""


@dataclass
class Report:
    counts: dict[Kind, Counts] = field(default_factory=lambda: {kind: Counts() for kind in Kind})
    kept: Counter[Obstacle] = field(default_factory=Counter)
    failed: int = 0
    """Batches that raised; the log says why, and they are as they were."""

    @property
    def needs_person(self) -> bool:
        """Whether something stays for ever unless somebody acts."""
        return self.failed > 0 or any(obstacle.needs_person for obstacle in self.kept)

    def add(self, batch: Report) -> None:
        for kind, counts in batch.counts.items():
            mine = self.counts[kind]
            mine.deleted += counts.deleted
            mine.stripped += counts.stripped
            mine.rows += counts.rows
            mine.kept += counts.kept
        self.kept += batch.kept


def purge(
    days: Days,
    now: datetime,
    *,
    is_dry: bool = False,
) -> Report:
    """Remove, or with ``is_dry`` only count, what is past its period."""
    report = Report()
    _webhooks(report, now - timedelta(days=days[Kind.WEBHOOKS]), is_dry)
    for read, keys in (
        (cases.of_checkouts, _checkouts(days, now)),
        (cases.of_lone_covers, _lone_covers(days, now)),
    ):
        for batch in keys:
            try:
                report.add(_do(partial(read, batch), days, now, is_dry))
            except Exception:  # one broken case must not keep the others for ever
                log.exception("xcover.purge.failed", extra={"kind": read.__name__})
                report.failed += 1
    _hashes(report, days, now, is_dry)
    if not is_dry:
        gone = {kind.value: c.deleted + c.stripped for kind, c in report.counts.items()}
        log.info("xcover.purge.done", extra=gone)
    return report


def _do(read: Callable[..., list[Rows]], days: Days, now: datetime, is_dry: bool) -> Report:
    """Do one batch; what is counted was committed."""
    report = Report()
    with transaction.atomic():
        rows = read(lock=not is_dry)
        for kind in Kind:
            past = [r for r in rows if r.case and r.case.kind == kind]
            past = [r for r in past if r.case and r.case.is_past(days[kind], now)]
            _do_kind(report, report.counts[kind], past, is_dry)
    return report


def _do_kind(report: Report, counts: Counts, past: Sequence[Rows], is_dry: bool) -> None:
    free: list[Rows] = []
    for row in past:
        obstacle = row.case.obstacle if row.case else None
        if obstacle is None:
            free.append(row)
        elif row.case and (row.case.may_vanish or row.has_evidence):
            report.kept[obstacle] += 1
            counts.kept += 1
    gone = [row for row in free if row.case and row.case.may_vanish]
    bare = [row for row in free if row.case and not row.case.may_vanish and row.has_evidence]
    counts.deleted += len(gone)
    counts.stripped += len(bare)
    if gone:
        counts.rows += remove.count_all(gone) if is_dry else remove.delete_all(gone)
    if bare:
        counts.rows += remove.count_evidence(bare) if is_dry else remove.strip(bare)


def _checkouts(days: Days, now: datetime) -> Iterator[list[Any]]:
    """Yield tokens of checkouts that may be past a period, by their first offer.

    No case can be past it whose first offer is younger.
    """
    early = now - timedelta(days=min(days[Kind.UNSEEN], days[Kind.UNANSWERED]))
    late = now - timedelta(days=min(days[Kind.COVERED], days[Kind.UNCOVERED], days[Kind.ANSWERED]))
    earlier = Offer.objects.filter(checkout_token=OuterRef("checkout_token"), pk__lt=OuterRef("pk"))
    first = Offer.objects.filter(~Exists(earlier)).filter(
        Q(order_id=None, updated_at__lte=early) | Q(updated_at__lte=late)
    )
    return _pages(first, "checkout_token")


def _lone_covers(days: Days, now: datetime) -> Iterator[list[Any]]:
    """Yield covers without any offer: their line was put in by somebody else."""
    offers = Offer.objects.filter(order_id=OuterRef("order_id"))
    before = now - timedelta(days=days[Kind.COVERED])
    lone = Cover.objects.filter(~Exists(offers), offer=None, created_at__lte=before)
    return _pages(lone, "pk")


def _hashes(
    report: Report,
    days: Days,
    now: datetime,
    is_dry: bool,
) -> None:
    """Forget the hashes that show changes of the buyer: nobody looks for any after the event."""
    before = now - timedelta(days=days[Kind.HASHES])
    over = Q(status=CoverStatus.CONFIRMED.value, offer__event_starts_at__lte=before)
    over |= Q(status__in=[CoverStatus.CANCELLED.value, CoverStatus.VOID.value])
    hashed = Cover.objects.filter(over, updated_at__lte=before).exclude(policyholder_digests={})
    for page in _pages(hashed, "offer__checkout_token"):
        with transaction.atomic():
            rows = cases.of_checkouts(page, lock=not is_dry)
            past = [
                r for r in rows if r.case and r.cover and r.case.is_past(days[Kind.HASHES], now)
            ]
            free = [r.cover for r in past if r.cover and r.case and not _is_watched(r)]
            free = [cover for cover in free if cover.policyholder_digests]
            if not is_dry:
                remove.forget_buyer(free)
            report.counts[Kind.HASHES].stripped += len(free)


def _is_watched(row: Rows) -> bool:
    """Whether somebody may still compare the buyer with the hashes."""
    case = row.case
    return (
        case is None
        or case.has_open_decision
        or case.obstacle
        in (
            Obstacle.COVER,
            Obstacle.MESSAGE,
            Obstacle.CLAIM,
        )
    )


def _webhooks(report: Report, before: datetime, is_dry: bool) -> None:
    done = InboundEvent.objects.filter(handled_at__lte=before)
    counts = report.counts[Kind.WEBHOOKS]
    for page in _pages(done, "pk"):
        count = len(page) if is_dry else done.filter(pk__in=page).delete()[0]
        counts.deleted += count
        counts.rows += count


def _pages(rows: QuerySet[Any], column: str) -> Iterator[list[Any]]:
    """Cut by key into pages, each read when it is its turn."""
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", column)[:BATCH]):
        yield [value for _, value in page]
        last = page[-1][0]
