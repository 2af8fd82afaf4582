"""Remove data that is past its retention period, in small transactions.

A run may be killed at any point and started again. It reads everything older than the shortest
period, but locks little of it: each batch is judged without a lock first, and only the cases that
are due are locked (offers before covers), read again and judged again. So workers, hooks and a
second purge may run at the same time. A batch that fails is rolled back and tried again case by
case, so that one failing case does not stop others. Only committed removals are counted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from ..defect_log import log_defect
from ..domain.messages import MessageKind
from ..domain.retention import Days, Kind
from ..domain.states import CoverStatus, MessageState
from ..failures import Failures
from ..models import Cover, Modification, Offer, OutboxMessage, ReceivedNotification
from . import deletion, expiry, records
from .case_rows import Rows
from .report import Counts, Report

log = logging.getLogger(__name__)

BATCH = 200
"""Number of cases in one transaction."""
_LAPSED = "The event is over; nothing more is sent."

Read = Callable[..., list[Rows]]
"""Read the cases with the given keys, with ``lock=True`` under lock."""
Judge = Callable[[Report, Sequence[Rows]], list[Rows]]
"""Count the cases that are kept, and return those that are due."""
End = Callable[[Report, Sequence[Rows]], None]
"""Remove and count the cases that are due, or only count them."""


def purge(days: Days, now: datetime, *, is_dry: bool = False) -> Report:
    """Remove everything that is past its period, and return the counts.

    ``days`` has the period of each kind in days, ``now`` is in UTC. With ``is_dry`` nothing is
    removed, only counted. Cases that raise are logged and counted as failed.
    """
    report, failures = Report(), Failures(now, remembers=not is_dry)
    whole = partial(_due_whole, days, now), _count_whole if is_dry else _end_whole
    buyer = partial(_due_buyer, days, now), _count_buyer if is_dry else partial(_end_buyer, now)
    read, lone = records.of_checkouts, records.of_lone_covers
    for name, pages, work in (
        ("webhooks", _done_webhooks(days, now), partial(_webhooks, is_dry=is_dry)),
        ("checkouts", _checkouts(days, now), partial(_treat, read, *whole, is_dry=is_dry)),
        ("lone_covers", _lone_covers(days, now), partial(_treat, lone, *whole, is_dry=is_dry)),
        ("hashes", _with_buyer(days, now), partial(_treat, read, *buyer, is_dry=is_dry)),
    ):
        for batch in pages:
            try:
                report.add(work(batch))
            except SoftTimeLimitExceeded:
                raise
            except Exception:  # its other cases are still removed below
                log_defect(log, "xcover.purge.failed", kind=name)
                for key in batch:
                    with failures.contain(f"purge {name}", key):
                        report.add(work([key]))
        failures.forget_others(f"purge {name}")
    report.failed = len(failures.met)
    if not is_dry:
        gone = {kind.value: c.deleted + c.stripped for kind, c in report.counts.items()}
        log.info("xcover.purge.done", extra=gone)
    return report


def _treat(read: Read, judge: Judge, end: End, batch: Sequence[Any], *, is_dry: bool) -> Report:
    """Judge a batch without locks, then lock the cases that are due, judge again and end them."""
    report = Report()
    due = judge(report, read(batch, lock=False))
    if is_dry:
        end(report, due)
    elif due:
        with transaction.atomic():
            end(report, judge(report, read([row.key for row in due], lock=True)))
    return report


def _due_whole(days: Days, now: datetime, report: Report, rows: Sequence[Rows]) -> list[Rows]:
    """Return the cases to delete or strip, each by the period of its kind."""
    due = []
    for row in rows:
        case = row.case
        if case is None or not case.is_past(days[case.kind], now):
            continue
        if not (case.may_vanish or row.has_evidence):
            continue  # stripped already
        if case.obstacle is None:
            due.append(row)
        else:
            report.keep(case.kind, case.obstacle)
    return due


def _end_whole(report: Report, due: Sequence[Rows]) -> None:
    for counts, gone, bare in _by_kind(report, due):
        counts.rows += deletion.delete_all(gone) if gone else 0
        counts.rows += deletion.strip(bare) if bare else 0


def _count_whole(report: Report, due: Sequence[Rows]) -> None:
    for counts, gone, bare in _by_kind(report, due):
        counts.rows += deletion.count_all(gone) + deletion.count_evidence(bare)


def _by_kind(
    report: Report, due: Sequence[Rows]
) -> Iterator[tuple[Counts, list[Rows], list[Rows]]]:
    """Yield the counts of each kind with its cases to delete and its cases to strip."""
    for kind, counts in report.counts.items():
        mine = [row for row in due if row.case and row.case.kind == kind]
        gone = [row for row in mine if row.case and row.case.may_vanish]
        bare = [row for row in mine if row.case and not row.case.may_vanish]
        counts.deleted += len(gone)
        counts.stripped += len(bare)
        if mine:
            yield counts, gone, bare


def _due_buyer(days: Days, now: datetime, report: Report, rows: Sequence[Rows]) -> list[Rows]:
    """Return the cases whose buyer's hashes are to be emptied.

    A case that is deleted or stripped anyway is left to ``_due_whole``.
    """
    due = []
    for row in rows:
        case = row.case
        if case is None or not row.holds_buyer or not case.is_past(days[Kind.HASHES], now):
            continue
        is_past_all = case.is_past(days[case.kind], now)
        if is_past_all and case.obstacle is None and (case.may_vanish or row.has_evidence):
            continue  # _due_whole has it
        if case.hashes_obstacle is None:
            due.append(row)
        elif not is_past_all:
            report.keep(Kind.HASHES, case.hashes_obstacle)
    return due


def _end_buyer(now: datetime, report: Report, due: Sequence[Rows]) -> None:
    """Empty the buyer's hashes of the cases, and end parked work that depends on them."""
    covers = [row.cover for row in due if row.cover]
    for cover in covers:
        expiry.end_changes(cover, _LAPSED, now)
        expiry.tell(cover, expiry.end_confirm(cover, _LAPSED, now))
    deletion.forget_buyer(covers)
    _count_buyer(report, due)


def _count_buyer(report: Report, due: Sequence[Rows]) -> None:
    report.counts[Kind.HASHES].stripped += len(due)


def _webhooks(batch: Sequence[int], *, is_dry: bool) -> Report:
    report = Report()
    done = ReceivedNotification.objects.filter(handled_at__isnull=False, pk__in=batch)
    count = len(batch) if is_dry else done.delete()[0]
    report.counts[Kind.WEBHOOKS] = Counts(deleted=count, rows=count)
    return report


def _done_webhooks(days: Days, now: datetime) -> Iterator[list[Any]]:
    before = now - timedelta(days=days[Kind.WEBHOOKS])
    return _pages(ReceivedNotification.objects.filter(handled_at__lte=before), "pk")


def _checkouts(days: Days, now: datetime) -> Iterator[list[Any]]:
    """Yield tokens of checkouts that may be past a period, judged by their first offer.

    A case cannot be past its period if its first offer is younger than that.
    """
    early = now - timedelta(days=min(days[Kind.UNSEEN], days[Kind.UNANSWERED]))
    late = now - timedelta(days=min(days[Kind.COVERED], days[Kind.UNCOVERED], days[Kind.ANSWERED]))
    earlier = Offer.objects.filter(checkout_token=OuterRef("checkout_token"), pk__lt=OuterRef("pk"))
    first = Offer.objects.filter(~Exists(earlier)).filter(
        Q(order_id=None, updated_at__lte=early) | Q(updated_at__lte=late)
    )
    return _pages(first, "checkout_token")


def _lone_covers(days: Days, now: datetime) -> Iterator[list[Any]]:
    """Yield covers without any offer: their line was added by hand."""
    offers = Offer.objects.filter(order_id=OuterRef("order_id"))
    before = now - timedelta(days=days[Kind.COVERED])
    lone = Cover.objects.filter(~Exists(offers), offer=None, created_at__lte=before)
    return _pages(lone, "pk")


def _with_buyer(days: Days, now: datetime) -> Iterator[list[Any]]:
    """Yield tokens of checkouts with data about a buyer whose event is over or policy ended."""
    before = now - timedelta(days=days[Kind.HASHES])
    ended = Q(status__in=[CoverStatus.CANCELLED.value, CoverStatus.VOID.value])
    ended |= Q(offer__event_starts_at=None) | Q(offer__event_starts_at__lte=before)
    changes = Modification.objects.filter(cover=OuterRef("pk")).exclude(wanted_digest="")
    aside = OutboxMessage.objects.filter(kind=MessageKind.CONFIRM, status=MessageState.PARKED.value)
    telling = ~Q(policyholder_digests={}) | Q(sealed_links__isnull=False)
    telling |= Q(pk__in=aside.values("subject_id"))
    covers = Cover.objects.filter(ended, telling | Q(Exists(changes)), updated_at__lte=before)
    return _pages(covers.filter(offer__isnull=False), "offer__checkout_token")


def _pages(rows: QuerySet[Any], column: str) -> Iterator[list[Any]]:
    """Yield the column in pages by primary key, each read when it is needed."""
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", column)[:BATCH]):
        yield [value for _, value in page]
        last = page[-1][0]
