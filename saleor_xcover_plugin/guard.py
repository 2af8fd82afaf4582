"""Keep exceptions of the plugin's hooks away from Saleor, so that no sale fails because of them."""

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
    """Result of a guarded block."""

    has_failed: bool = False
    """True if it ended with an unexpected exception."""
    was_busy: bool = False
    """True if it gave up because of another session's lock; a later check does its work."""


@contextmanager
def guard(hook: str, *, limits: TimeLimits = HOOK, **subject: str) -> Iterator[Guarded]:
    """Log and suppress every exception of a hook; Saleor would show it to the shopper.

    Inside a transaction the block is a savepoint, so that Saleor's transaction stays usable, and
    the transaction's time-outs are restored. No statement waits longer for a lock than ``limits``.
    ``subject`` is added to the log event and must hold no personal data.

    ``SoftTimeLimitExceeded`` passes through, because it has to end the Saleor task the hook runs
    in. With ``XCOVER_RAISE_IN_HOOKS`` set in the environment, as in tests, unexpected exceptions
    are raised again after they were logged.
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
