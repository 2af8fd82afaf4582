"""What the benchmarks of confirmations share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def no_broker() -> Iterator[None]:
    """Have the plugin send no tasks meanwhile."""
    from django.conf import settings

    before, settings.CELERY_TASK_ALWAYS_EAGER = settings.CELERY_TASK_ALWAYS_EAGER, True
    try:
        yield
    finally:
        settings.CELERY_TASK_ALWAYS_EAGER = before


def kinds_of(act: Callable[[], Any]) -> Counter[str]:
    """Call ``act`` and return the number of its SQL statements by kind.

    The kinds are transactions (begin or end), savepoints, and all other statements.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        act()
    return Counter(_kind_of(each["sql"]) for each in captured)


def _kind_of(sql: str) -> str:
    word = sql.split(None, 1)[0].strip(";").upper()
    if word in ("BEGIN", "COMMIT", "ROLLBACK"):
        return "transaction"
    return "savepoint" if word in ("SAVEPOINT", "RELEASE") else "statement"
