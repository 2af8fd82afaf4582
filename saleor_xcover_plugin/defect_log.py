"""Report defects without the values involved, which may be personal data or secrets.

Error trackers read the local variables of every frame of a traceback, and the text of an exception
may quote what was being written (``DETAIL: Failing row contains ...``). A report that leaves the
plugin names the kind of exception and the place where it arose, and nothing else
(docs/adr/0026-reports-without-values.md).
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import ContextDecorator
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

_OURS = f"{__package__}."
_MEANT_TO_LEAVE = (CommandError, SoftTimeLimitExceeded, ValidationError)
"""Exceptions whose text is meant for the caller and holds no personal data."""


class UnexpectedError(Exception):
    """Replaces an unexpected exception: it names the kind and keeps the traceback, not the text."""


def log_defect(log: logging.Logger, event: str, **subject: Any) -> None:
    """Log the exception that is being handled as an error, with a traceback.

    ``subject`` names the keys and codes concerned; it must hold no personal data. Call this in an
    ``except`` clause without ``as``: a named exception is a local variable, whose text an error
    tracker would read. Raise ``RuntimeError`` if no exception is being handled.
    """
    error = sys.exception()
    if error is None:
        raise RuntimeError("no exception is being handled")
    log_caught_defect(log, event, error, **subject)


def log_caught_defect(
    log: logging.Logger, event: str, error: BaseException, /, **subject: Any
) -> None:
    """Log an exception that another library has caught and handed on, as ``log_defect`` does.

    Call this once the frames it went through have ended; those that run keep their values.
    """
    log.error(event, exc_info=without_values(error), extra=subject)


class no_values_leave(ContextDecorator):
    """Context manager and decorator that replaces unexpected exceptions by ``UnexpectedError``.

    Use it where Saleor or Celery would report the exception to an error tracker. ``CommandError``,
    ``SoftTimeLimitExceeded`` and ``ValidationError`` pass through, without the local variables of
    their frames. It is no generator, because a frame of ``contextlib`` would keep the original
    exception.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: object
    ) -> None:
        if not isinstance(error, Exception):
            return
        if isinstance(error, _MEANT_TO_LEAVE):
            _forget_values(error)
            return
        unexpected = without_values(error)
        del error, at  # an error tracker reads this frame too
        raise unexpected from unexpected.__cause__


def without_values(error: BaseException) -> UnexpectedError:
    """Return an ``UnexpectedError`` that describes an exception and its causes without values.

    Deletes the local variables of all frames that have ended.
    """
    _forget_values(error)
    if isinstance(error, UnexpectedError):
        return error
    report = UnexpectedError(_kind(error)).with_traceback(error.__traceback__)
    before = _before(error)
    if before is not None:
        report.__cause__ = without_values(before)
    return report


def _forget_values(error: BaseException) -> None:
    """Delete the local variables in the frames of an exception and of its causes."""
    known: set[int] = set()
    rest: list[BaseException | None] = [error]
    while rest:
        one = rest.pop()
        if one is not None and id(one) not in known:
            known.add(id(one))
            traceback.clear_frames(one.__traceback__)
            rest += [one.__cause__, one.__context__]


def _before(error: BaseException) -> BaseException | None:
    """Return the exception that a traceback would show as the cause of this one."""
    if error.__cause__ is not None or error.__suppress_context__:
        return error.__cause__
    return error.__context__


def _kind(error: BaseException) -> str:
    kind = type(error)
    if kind.__module__.startswith(_OURS):
        # The texts of the plugin's own exceptions hold no values: see xcover/errors.py.
        return f"{kind.__qualname__}: {error}"
    known = ", ".join(_of_database(error))
    return f"{kind.__qualname__}{known and f' ({known})'}; its text may be personal, left out"


def _of_database(error: BaseException) -> Iterator[str]:
    """Yield the details of a PostgreSQL error that quote no value.

    Source: https://www.postgresql.org/docs/current/libpq-exec.html#LIBPQ-PQRESULTERRORFIELD
    """
    diagnosis = getattr(error, "diag", None) or getattr(error.__cause__, "diag", None)
    for name in ("sqlstate", "table_name", "column_name", "constraint_name"):
        value = getattr(diagnosis, name, None)
        if value:
            yield f"{name.removesuffix('_name')} {value}"
