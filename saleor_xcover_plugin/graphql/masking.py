"""Tell a client of an error below a root field without its text, which may quote what is stored."""

from __future__ import annotations

import logging
from typing import Any

from ..defect_log import log_caught_defect
from ..time_limits import DatabaseBusy
from .enums import BUSY, BUSY_SENTENCE, FAILED_SENTENCE, INTERNAL

log = logging.getLogger(__name__)


def masked(error: Exception) -> dict[str, Any]:
    """Log an error of the execution, and return the entry of ``errors`` that tells of it.

    The document was validated and its variables were read before, so whatever fails now is ours:
    errors of graphql-core are masked too, because they quote the value that did not fit.
    """
    cause, path = _cause_of(error), getattr(error, "path", None) or []
    field = ".".join(part for part in path if isinstance(part, str))
    if isinstance(cause, DatabaseBusy):
        log.warning("xcover.graphql.busy", extra={"reason": str(cause), "field": field})
        told = {"message": BUSY_SENTENCE, "extensions": {"code": BUSY.upper()}}
    else:
        log_caught_defect(log, "xcover.graphql.failed", cause, field=field)
        told = {"message": FAILED_SENTENCE, "extensions": {"code": INTERNAL.upper()}}
    return {**told, "path": path} if path else told


def _cause_of(error: Exception) -> Exception:
    """Return what was raised first; graphql-core wraps it in errors with a place each."""
    while (inner := getattr(error, "original_error", None)) is not None:
        error = inner
    return error
