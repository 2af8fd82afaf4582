"""Contain defects in periodic work, record them in the database and schedule another attempt.

Work that processes many rows wraps each row in ``Failures.contain``, so that a row that fails, or
cannot even be read, does not stop the others.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.db.models import F, Model, Q, QuerySet

from .defect_log import log_defect
from .domain.alarms import BUSY_GRACE
from .models import Failure
from .time_limits import WORKER_AFTER_BUSY, WORKER_AFTER_MANY, DatabaseBusy, time_limits

log = logging.getLogger(__name__)

ORDER = "order"
"""Name of the work on one order; the sweep tries its failures again."""

UNFOLLOWED = "order without a row"
"""Name of the work on a paid order with a cover line that has no row here after it was checked."""

PERIODS = "periods of the purge"
"""Name of the work that reads the retention periods."""

BUSY = DatabaseBusy.__name__
"""Stored as ``Failure.error`` where the database was busy, which is no defect."""

_MANY = 20
"""Number of busy rows in one run after which the others wait even less for a lock."""
_FIRST_WAIT = timedelta(minutes=1)
_MAX_DELAY = timedelta(hours=6)
_MAX_BUSY_DELAY = timedelta(minutes=5)
"""Shorter than ``_MAX_DELAY``: locks are released within minutes, and the work is not defective."""
_ANOTHER_LOCK = timedelta(minutes=30)
"""Age after which a lock recorded before and one met now are taken for two different locks."""

MET_LOCKS_FOR_LONG = Q(first_at__lte=F("last_at") - BUSY_GRACE)
"""Selects failures that have met locks for at least ``BUSY_GRACE``."""


class NotFollowed(Exception):
    """Checking an order created no row here, although it is paid and holds a cover line."""


Row = TypeVar("Row", bound=Model)


class Failures:
    """Record the failures of one run of some work.

    ``remembers`` is False for a dry run, which writes nothing to the database.
    """

    def __init__(self, now: datetime, *, remembers: bool = True) -> None:
        self._now, self._remembers = now, remembers
        self._known: set[tuple[str, str]] | None = None
        self.met: set[tuple[str, str]] = set()
        """Failures of this run, as pairs of work and subject."""
        self.busy: set[tuple[str, str]] = set()
        """Those of ``met`` that met a lock of another session."""
        self.has_lost_one = False
        """True if a failure could not be stored, so that nothing tries it again."""

    @contextmanager
    def contain(
        self, work: str, subject: object = "", *, label: Callable[[], str] = str
    ) -> Iterator[None]:
        """Suppress and record an exception of a block; delete an earlier record if it succeeds.

        ``work`` and ``subject`` identify the failure; ``label`` returns the name that people know
        the subject by. Inside a transaction the block is a savepoint, so only the block is undone.
        Once a block of this run met a lock, later ones wait for locks a much shorter time.

        ``SoftTimeLimitExceeded`` passes through.
        """
        key = (work, str(subject)[:64])
        try:
            with (
                self._max_wait(),
                transaction.atomic() if connection.in_atomic_block else nullcontext(),
            ):
                yield
        except SoftTimeLimitExceeded:
            raise
        except DatabaseBusy as busy:
            self.busy.add(key)
            log.warning(
                "xcover.work.busy", extra={"work": work, "subject": key[1], "reason": str(busy)}
            )
            self._fail(key, label, BUSY)
        except Exception:
            kind = type(sys.exception()).__name__
            log_defect(log, "xcover.work.failed", work=work, subject=key[1])
            self._fail(key, label, kind)
        else:
            if key not in self.met and key in self._known_before():
                self._safely(Failure.objects.filter(work=work, subject=key[1]).delete)

    def each(self, rows: QuerySet[Row], work: str) -> Iterator[Row]:
        """Yield the rows of a queryset; skip and record those that cannot be read.

        ``SoftTimeLimitExceeded`` passes through.
        """
        try:
            with transaction.atomic():
                found = list(rows)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            log_defect(log, "xcover.work.unreadable", work=work)
            found = []
            for key in list(rows.values_list("pk", flat=True)):
                with self.contain(work, key):
                    found += rows.model._default_manager.filter(pk=key)
        yield from found

    def forget_others(self, work: str) -> None:
        """Delete the records of failures that did not recur in this run.

        Call it only after a run that processed everything.
        """
        met = [subject for name, subject in self.met if name == work]
        others = Failure.objects.filter(work=work).exclude(subject__in=met)
        self._safely(others.delete)

    def _max_wait(self) -> AbstractContextManager[None]:
        if not self.busy:
            return nullcontext()
        return time_limits(WORKER_AFTER_BUSY if len(self.busy) <= _MANY else WORKER_AFTER_MANY)

    def _known_before(self) -> set[tuple[str, str]]:
        if self._known is None:
            self._known = set()
            self._safely(self._read_known)
        return self._known

    def _read_known(self) -> None:
        self._known = set(Failure.objects.values_list("work", "subject"))

    def _fail(self, key: tuple[str, str], label: Callable[[], str], error: str) -> None:
        self.met.add(key)
        if not self._safely(partial(self._remember, key, label, error)):
            self.has_lost_one = True

    def _remember(self, key: tuple[str, str], find_label: Callable[[], str], error: str) -> None:
        work, subject = key
        label = find_label()
        with transaction.atomic():
            row, is_new = Failure.objects.select_for_update().get_or_create(
                work=work,
                subject=subject,
                defaults={
                    "label": label[:64],
                    "error": error[:80],
                    "first_at": self._now,
                    "last_at": self._now,
                    "next_attempt_at": self._now + _FIRST_WAIT,
                },
            )
            if is_new:
                return
            is_busy, was_busy = error == BUSY, row.error == BUSY
            if is_busy and not was_busy:  # a lock does not overwrite the record of a defect
                row.next_attempt_at = self._now + _wait(row.times, BUSY)
                row.save(update_fields=["next_attempt_at"])
                return
            if was_busy and (not is_busy or row.last_at < self._now - _ANOTHER_LOCK):
                row.times, row.first_at = 0, self._now
            row.times += 1
            row.error, row.last_at, row.label = error[:80], self._now, label[:64] or row.label
            row.next_attempt_at = self._now + _wait(row.times, error)
            row.save()

    def _safely(self, act: Callable[[], object]) -> bool:
        """Run a statement on the failures' table and suppress its errors.

        The table may be missing, for example between an update and its migration. Return False if
        the statement failed.
        """
        if not self._remembers:
            return True
        try:
            with self._max_wait(), transaction.atomic():
                act()
        except SoftTimeLimitExceeded:
            raise
        except DatabaseBusy as busy:
            log.warning("xcover.failure.not_remembered", extra={"reason": str(busy)})
        except Exception:
            log_defect(log, "xcover.failure.not_remembered")
        else:
            return True
        return False


def due(work: str, now: datetime, limit: int) -> list[str]:
    """Return the subjects of a work that are due for another attempt, the longest due first."""
    waiting = Failure.objects.filter(work=work, next_attempt_at__lte=now)
    return list(waiting.order_by("next_attempt_at", "pk").values_list("subject", flat=True)[:limit])


def waiting_for_locks(now: datetime) -> QuerySet[Failure]:
    """Return the failures whose last attempt, at most 30 minutes ago, met a lock."""
    return Failure.objects.filter(error=BUSY, last_at__gt=now - _ANOTHER_LOCK)


def in_words(failure: Failure) -> tuple[str, str]:
    """Return two sentences for staff: the work that failed, and the consequence until it works."""
    about = failure.label or failure.subject
    if failure.work == ORDER:
        return (
            f"Looking at order {about}",
            "Until that succeeds nothing more is sent for this order; it is tried again by itself.",
        )
    if failure.work == PERIODS:
        return (
            "Reading XCOVER_PURGE",
            "Until it can be read nothing old is removed at night (docs/privacy.md says how it is "
            "written).",
        )
    if failure.work.startswith("purge"):
        return (
            f"Removing old data ({failure.work.removeprefix('purge ')} {about})",
            "It is still there; everything else was removed. xcover_purge tries it again.",
        )
    named = f" for {about}" if about else ""
    return (
        f'The step "{failure.work}"{named}',
        "The others go on; it is tried again by itself.",
    )


def _wait(times: int, error: str) -> timedelta:
    longest = _MAX_BUSY_DELAY if error == BUSY else _MAX_DELAY
    return min(_FIRST_WAIT * 2 ** min(times, 20), longest)
