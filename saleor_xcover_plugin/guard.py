"""What stands between our code and Saleor's: nothing we raise reaches a sale."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Guarded:
    """What became of a guarded block."""

    has_failed: bool = False


@contextmanager
def guard(hook: str, **subject: str) -> Iterator[Guarded]:
    """Let nothing out: an exception in a hook would reach the shopper and stop Saleor's own events.

    Inside a transaction of Saleor's a savepoint keeps it usable. Outside there is none to keep,
    and what belongs together is one transaction in the services.

    The time limit of a task of Saleor's in which a hook runs is no exception of ours: it ends that
    task, so it goes through.

    Tests set XCOVER_RAISE_IN_HOOKS so that no defect hides behind this guard.
    """
    guarded = Guarded()
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            yield guarded
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        guarded.has_failed = True
        log.exception("xcover.hook.failed", extra={"hook": hook, **subject})
        if os.environ.get("XCOVER_RAISE_IN_HOOKS"):
            raise
