"""What stands between our code and Saleor's: nothing we raise reaches a sale."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from celery.exceptions import SoftTimeLimitExceeded

from .defect_log import log_defect
from .time_limits import HOOK, DatabaseBusy, TimeLimits, time_limits

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Guarded:
    """What became of a guarded block."""

    has_failed: bool = False
    """It ended with an exception that nobody expected."""
    was_busy: bool = False
    """It gave up because another session held what it needed; a later look does its work."""


@contextmanager
def guard(hook: str, *, limits: TimeLimits = HOOK, **subject: str) -> Iterator[Guarded]:
    """Let nothing out: an exception in a hook would reach the shopper and stop Saleor's own events.

    Inside a transaction of Saleor's a savepoint keeps it usable, and its time-outs are what they
    were. Outside there is none to keep, and what belongs together is one transaction in the
    services. No statement waits longer for a lock than ``limits`` says.

    The time limit of a task of Saleor's in which a hook runs is no exception of ours: it ends that
    task, so it goes through.

    Tests set XCOVER_RAISE_IN_HOOKS so that no defect hides behind this guard.
    """
    guarded = Guarded()
    try:
        with time_limits(limits):
            yield guarded
    except SoftTimeLimitExceeded:
        raise
    except DatabaseBusy as busy:
        guarded.was_busy = True
        log.warning("xcover.hook.busy", extra={"hook": hook, "reason": str(busy), **subject})
    except Exception:
        guarded.has_failed = True
        log_defect(log, "xcover.hook.failed", hook=hook, **subject)
        if os.environ.get("XCOVER_RAISE_IN_HOOKS"):
            raise
