"""One broken row stops nobody: what fails is remembered, seen at once, and tried again.

Work that goes through many rows gives each a boundary of its own. The row behind it may be one that
cannot even be read.
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
"""Work on one order; its failures are tried again by the sweep."""

UNFOLLOWED = "order without a row"
"""A paid order with a cover line of which we hold nothing, although it was looked at."""

PERIODS = "periods of the purge"
"""Reading the setting that says how long things are kept."""

BUSY = DatabaseBusy.__name__
"""Kept as the error of what met a busy database: that is no defect."""

_MANY = 20
_FIRST_WAIT = timedelta(minutes=1)
_MAX_DELAY = timedelta(hours=6)
_MAX_BUSY_DELAY = timedelta(minutes=5)
"""A lock is let go after seconds or minutes, and nothing is wrong with what waits for it."""
_ANOTHER_LOCK = timedelta(minutes=30)
"""A lock that was met so long ago is over, or nothing was tried since: who meets one then meets
another."""

MET_LOCKS_FOR_LONG = Q(first_at__lte=F("last_at") - BUSY_GRACE)
"""Picks, of what waits for locks, what met them long enough from first to last."""


class NotFollowed(Exception):
    """Looking at an order left no row of ours, although it is paid and holds a cover line."""


Row = TypeVar("Row", bound=Model)


class Failures:
    """What failed in one run of some work, and what had failed before."""

    def __init__(self, now: datetime, *, remembers: bool = True) -> None:
        """``remembers`` is False for a dry run, which writes nothing."""
        self._now, self._remembers = now, remembers
        self._known: set[tuple[str, str]] | None = None
        self.met: set[tuple[str, str]] = set()
        """What failed in this run: work and subject."""
        self.busy: set[tuple[str, str]] = set()
        """What of it met a lock of another session."""
        self.has_lost_one = False
        """True once a failure could not be remembered: nothing tries that one again by itself."""

    @contextmanager
    def contain(
        self, work: str, subject: object = "", *, label: Callable[[], str] = str
    ) -> Iterator[None]:
        """Let no defect out of a block; remember it, or forget an earlier one that is over.

        ``label`` finds what people call the subject. A block inside a transaction is undone alone.
        After one that waited for a lock in vain the others of this run hardly wait, whatever
        succeeds in between: all the waits together are a matter of seconds.
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
        """Yield rows, read together; where one cannot be read, one by one without it."""
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
        """Forget what failed before and not in this run, which went through everything."""
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
            if is_busy and not was_busy:  # the defect is told as it is, until it is over
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
        """Remembering must not fail what goes on beside it, say between update and migration.

        Return False where it was not possible.
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
    """Return what failed and is to be tried again, the oldest plan first."""
    waiting = Failure.objects.filter(work=work, next_attempt_at__lte=now)
    return list(waiting.order_by("next_attempt_at", "pk").values_list("subject", flat=True)[:limit])


def waiting_for_locks(now: datetime) -> QuerySet[Failure]:
    """Return what met a lock when it was tried last, a short time ago."""
    return Failure.objects.filter(error=BUSY, last_at__gt=now - _ANOTHER_LOCK)


def in_words(failure: Failure) -> tuple[str, str]:
    """Say to staff what failed, and what that means until it succeeds."""
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
