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
from django.db.models import Model, QuerySet

from ..defect_log import log_defect
from ..models import Failure
from ..time_limits import WORKER_AFTER_BUSY, DatabaseBusy, time_limits

log = logging.getLogger(__name__)

ORDER = "order"
"""Work on one order; its failures are tried again by the sweep."""

UNFOLLOWED = "order without a row"
"""A paid order with a cover line of which we hold nothing, although it was looked at."""

PERIODS = "periods of the purge"
"""Reading the setting that says how long things are kept."""

BUSY = DatabaseBusy.__name__
"""Kept as the error of what met a busy database: that is no defect."""

_BLOCKED_AFTER = 3
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)


class NotFollowed(Exception):
    """Looking at an order left no row of ours, although it is paid and holds a cover line."""


Row = TypeVar("Row", bound=Model)


class Failures:
    """What failed in one run of some work, and what had failed before."""

    def __init__(self, now: datetime, *, remembers: bool = True) -> None:
        """``remembers`` is False for a dry run, which writes nothing."""
        self._now, self._remembers = now, remembers
        self._known: set[tuple[str, str]] | None = None
        self._busy_in_a_row = 0
        self.met: set[tuple[str, str]] = set()
        """What failed in this run: work and subject."""

    @property
    def is_busy(self) -> bool:
        """True after work that met a lock of another session."""
        return bool(self._busy_in_a_row)

    @property
    def is_blocked(self) -> bool:
        """True when one piece of work after the other met such a lock: it is not about one row."""
        return self._busy_in_a_row >= _BLOCKED_AFTER

    @contextmanager
    def contain(
        self, work: str, subject: object = "", *, label: Callable[[], str] = str
    ) -> Iterator[None]:
        """Let no defect out of a block; remember it, or forget an earlier one that is over.

        ``label`` finds what people call the subject. A block inside a transaction is undone alone.
        After one that waited for a lock in vain, the next ones hardly wait.
        """
        key = (work, str(subject)[:64])
        try:
            with (
                self._patience(),
                transaction.atomic() if connection.in_atomic_block else nullcontext(),
            ):
                yield
        except SoftTimeLimitExceeded:
            raise
        except DatabaseBusy as busy:
            self._busy_in_a_row += 1
            log.warning(
                "xcover.work.busy", extra={"work": work, "subject": key[1], "reason": str(busy)}
            )
            self.met.add(key)
            self._safely(partial(self._remember, key, label, BUSY))
        except Exception:
            kind = type(sys.exception()).__name__
            log_defect(log, "xcover.work.failed", work=work, subject=key[1])
            self.met.add(key)
            self._safely(partial(self._remember, key, label, kind))
        else:
            self._busy_in_a_row = 0
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

    def _patience(self) -> AbstractContextManager[None]:
        return time_limits(WORKER_AFTER_BUSY) if self.is_busy else nullcontext()

    def _known_before(self) -> set[tuple[str, str]]:
        if self._known is None:
            self._known = set()
            self._safely(self._read_known)
        return self._known

    def _read_known(self) -> None:
        self._known = set(Failure.objects.values_list("work", "subject"))

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
            row.times += 1
            row.error, row.last_at, row.label = error[:80], self._now, label[:64] or row.label
            row.next_attempt_at = self._now + _wait(row.times)
            row.save()

    def _safely(self, act: Callable[[], object]) -> None:
        """Remembering must not fail what goes on beside it, say between update and migration."""
        if not self._remembers:
            return
        try:
            with self._patience(), transaction.atomic():
                act()
        except SoftTimeLimitExceeded:
            raise
        except DatabaseBusy as busy:
            log.warning("xcover.failure.not_remembered", extra={"reason": str(busy)})
        except Exception:
            log_defect(log, "xcover.failure.not_remembered")


def due(work: str, now: datetime, limit: int) -> list[str]:
    """Return what failed and is to be tried again, the oldest plan first."""
    waiting = Failure.objects.filter(work=work, next_attempt_at__lte=now)
    return list(waiting.order_by("next_attempt_at", "pk").values_list("subject", flat=True)[:limit])


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


def _wait(times: int) -> timedelta:
    return min(_FIRST_WAIT * 2 ** min(times, 20), _LONGEST_WAIT)
