"""Saleor's settings for the workers of benchmarks.

Saleor logs each access of a task to its writing database that is not within ``allow_writer``, with
a traceback. The day's work knows nothing of that; it is compared by what it does, not by its logs.
"""

from collections.abc import Callable
from typing import Any

from saleor.settings import *  # noqa: F403

CELERY_RESTRICT_WRITER_METHOD = "bench.worker_settings.unrestricted"


def unrestricted(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Run the statement."""
    return execute(sql, params, many, context)
