"""Report defects without the values that were at hand: they may be a buyer's, or a secret.

Error trackers read the local variables of every frame of a traceback, and the text of an exception
may quote what was being written (``DETAIL: Failing row contains ...``). What leaves the plugin says
which kind of exception it was and where it arose, and nothing else (ADR 26).
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
"""Kinds whose text is meant for whoever gets them, and holds nothing about people."""


class UnexpectedError(Exception):
    """Stands for an exception that was not expected: its kind and place, without its text."""


def log_defect(log: logging.Logger, event: str, **subject: Any) -> None:
    """Log the exception that is being handled, as an error with a traceback.

    ``subject`` says what it was about: keys and codes. Call it in an ``except`` clause that gives
    the exception no name: a name is a local variable, and would show the exception's text.
    """
    error = sys.exception()
    if error is None:
        raise RuntimeError("no exception is being handled")
    log.error(event, exc_info=without_values(error), extra=subject)


class no_values_leave(ContextDecorator):
    """Let out no exception with values; whoever called us reports it to a tracker.

    Exceptions that are meant for the caller leave as they are, and anything unexpected as
    ``UnexpectedError``. No generator: a frame of ``contextlib`` would hold the first exception.
    """

    def __enter__(self) -> None:
        """Nothing is to be done before."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: object
    ) -> None:
        if not isinstance(error, Exception):
            return
        if isinstance(error, _MEANT_TO_LEAVE):
            _forget_values(error)
            return
        unexpected = without_values(error)
        del error, at  # this frame is in the report
        raise unexpected from unexpected.__cause__


def without_values(error: BaseException) -> UnexpectedError:
    """Return what may be said of an exception and of those that led to it.

    The local variables of all frames that have ended are deleted.
    """
    _forget_values(error)
    if isinstance(error, UnexpectedError):
        return error
    told = UnexpectedError(_kind(error)).with_traceback(error.__traceback__)
    before = _before(error)
    if before is not None:
        told.__cause__ = without_values(before)
    return told


def _forget_values(error: BaseException) -> None:
    """Delete the local variables of an exception's frames, and of those that led to it."""
    known: set[int] = set()
    rest: list[BaseException | None] = [error]
    while rest:
        one = rest.pop()
        if one is not None and id(one) not in known:
            known.add(id(one))
            traceback.clear_frames(one.__traceback__)
            rest += [one.__cause__, one.__context__]


def _before(error: BaseException) -> BaseException | None:
    """Return the exception a traceback would show as the one that led to this one."""
    if error.__cause__ is not None or error.__suppress_context__:
        return error.__cause__
    return error.__context__


def _kind(error: BaseException) -> str:
    kind = type(error)
    if kind.__module__.startswith(_OURS):
        return f"{kind.__qualname__}: {error}"  # ours hold no values: see xcover/errors.py
    known = ", ".join(_of_database(error))
    return f"{kind.__qualname__}{known and f' ({known})'}; its text may be personal, left out"


def _of_database(error: BaseException) -> Iterator[str]:
    """Yield what PostgreSQL says of an error without quoting a value.

    Source: https://www.postgresql.org/docs/current/libpq-exec.html#LIBPQ-PQRESULTERRORFIELD
    """
    diagnosis = getattr(error, "diag", None) or getattr(error.__cause__, "diag", None)
    for name in ("sqlstate", "table_name", "column_name", "constraint_name"):
        value = getattr(diagnosis, name, None)
        if value:
            yield f"{name.removesuffix('_name')} {value}"
