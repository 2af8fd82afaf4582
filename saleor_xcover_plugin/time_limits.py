"""Limit how long our own SQL statements wait for locks, and how long they run.

PostgreSQL waits for a lock without end unless ``lock_timeout`` says otherwise, so one forgotten
session could hold up every sale. Each statement of a block of ours carries its own limits
(``SET LOCAL`` before it, in the same message to the server). They end with the transaction, and a
block inside a transaction of Saleor's puts back what it found there (ADR 24).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.utils import OperationalError


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """The longest times in milliseconds; 0 stands for no limit of ours.

    ``lock`` is how long a statement waits for one lock, ``statement`` how long it may run in all.
    A store's own limit counts where it is shorter.
    """

    lock: int
    statement: int = 0

    def within(self, outer: TimeLimits) -> TimeLimits:
        """Return the shorter of both limits, for each of the two times."""
        return TimeLimits(
            _shorter(self.lock, outer.lock), _shorter(self.statement, outer.statement)
        )


HOOK = TimeLimits(lock=500)
"""For hooks: Saleor's own mutation waits for them."""
HOOK_AFTER_BUSY = TimeLimits(lock=10)
"""For hooks of a request in which one has waited in vain already."""
WEB = TimeLimits(lock=1_000, statement=2_000)
"""For requests to our own addresses."""
OFFER_RATE_LIMIT = TimeLimits(lock=100)
"""For the turn of an offer in the shared rate: a shopper waits."""
WORKER = TimeLimits(lock=5_000)
"""For tasks and commands."""
WORKER_AFTER_BUSY = TimeLimits(lock=200)
"""For the next rows or questions of a task or command in which one has waited in vain."""
WORKER_AFTER_MANY = TimeLimits(lock=10)
"""For a task that waited in vain many times: a held row costs no more than one that is free."""


class DatabaseBusy(OperationalError):
    """PostgreSQL could not do what was asked in the time it was given, and did nothing.

    Another session holds a lock, or the statement ran too long. Inside a transaction everything
    since the last savepoint is undone. Trying again later helps.
    """


def busy_sentence(done: str = "Nothing was changed.") -> str:
    """Say to staff what another session's lock means and what to do.

    ``done`` is a sentence about what became of the work.
    """
    return (
        "Another database session holds rows or tables this needs: a migration, a long "
        f"transaction, or somebody in psql. {done} Try again in a minute. If it goes on, "
        f"see in PostgreSQL who holds them: {WHO_WAITS}"
    )


WHO_WAITS = (
    "SELECT pid, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
)
"""What shows in PostgreSQL which session holds what another one waits for."""


@contextmanager
def time_limits(limits: TimeLimits) -> Iterator[None]:
    """Run a block whose statements on the default connection keep to ``limits``.

    Inside a transaction the block is a savepoint: after an exception the transaction can be used
    as before. Its time-outs are as before when the block is left, however that happens. A block
    within another keeps to the shorter limits of both.

    Raise ``DatabaseBusy`` where a lock was not to be had in time or a statement took too long.
    """
    outer = _active()
    if outer is not None:
        with outer.narrowed(limits), _savepoint():
            yield
        return
    with _savepoint():
        is_inside = connection.in_atomic_block
        found = _read() if is_inside else _of_new_sessions()
        limiter = _Limiter(limits.within(found), found)
        with connection.execute_wrapper(limiter):
            yield
        if is_inside and limiter.has_set and not connection.needs_rollback:
            _run_alone(_statements(found))


@contextmanager
def _savepoint() -> Iterator[None]:
    if not connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        yield


class _Limiter:
    """Puts the limits in force before each statement (Django's ``execute_wrapper``)."""

    def __init__(self, limits: TimeLimits, found: TimeLimits) -> None:
        self._limits, self._found = limits, found
        self.has_set = False

    @contextmanager
    def narrowed(self, limits: TimeLimits) -> Iterator[None]:
        before, self._limits = self._limits, limits.within(self._limits)
        try:
            yield
        finally:
            self._limits = before

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: Any,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        # Once set they are set again: the transaction may hold what a narrower block set.
        is_due = self.has_set or self._limits != self._found
        if not is_due or _is_about_savepoints(sql):
            return execute(sql, params, many, context)
        self.has_set = True
        with _told_as_busy():
            cursor = context["cursor"].cursor
            if many or not isinstance(sql, str) or not _takes_several_statements(cursor):
                with _in_transaction():
                    _run_alone(_statements(self._limits))
                    return execute(sql, params, many, context)
            # In one message there is no round trip more, and outside a transaction the message
            # is one of its own.
            result = execute(f"{_statements(self._limits)}; {sql}", params, many, context)
            cursor.nextset()
            cursor.nextset()
            return result


def _statements(limits: TimeLimits) -> str:
    """Return SQL that puts limits in force until the end of the transaction."""
    # Few constant texts: pg_stat_statements keeps a row for each.
    lock, statement = limits.lock, limits.statement
    return f"SET LOCAL lock_timeout = {lock}; SET LOCAL statement_timeout = {statement}"


@contextmanager
def _told_as_busy() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        reason = _BUSY.get(getattr(error.__cause__, "sqlstate", None) or "")
        if reason is None:
            raise
        raise DatabaseBusy(reason) from None


_BUSY = {
    "55P03": "another session holds a lock this needs",
    "40P01": "another session waited for a lock this held, and the reverse",
    "57014": "a statement took too long and was cancelled",
}
"""Source of the codes: https://www.postgresql.org/docs/current/errcodes-appendix.html"""


def _is_about_savepoints(sql: Any) -> bool:
    """Return true for what waits for nobody, and must also work where a statement has failed."""
    return isinstance(sql, str) and sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))


def _takes_several_statements(cursor: Any) -> bool:
    """Return true for a cursor that writes parameters into the SQL itself, which is the default.

    Not with OPTIONS["server_side_binding"], nor for a named cursor on the server (``iterator``).
    """
    is_bound_there = getattr(connection.features, "uses_server_side_binding", False)
    return not (is_bound_there or getattr(cursor, "name", None))


@contextmanager
def _in_transaction() -> Iterator[None]:
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        yield


def _active() -> _Limiter | None:
    found = (each for each in connection.execute_wrappers if isinstance(each, _Limiter))
    return next(found, None)


def _of_new_sessions() -> TimeLimits:
    """Return the store's own limits outside transactions; asked once in a process."""
    connection.ensure_connection()
    settings = connection.settings_dict
    return _asked_once(settings["HOST"], settings["PORT"], settings["NAME"], settings["USER"])


@cache
def _asked_once(*_server: object) -> TimeLimits:
    return _read()


def _read() -> TimeLimits:
    milliseconds = ", ".join(
        f"(extract(epoch FROM current_setting('{name}')::interval) * 1000)::int"
        for name in ("lock_timeout", "statement_timeout")
    )
    with connection.connection.cursor() as cursor:
        cursor.execute(f"SELECT {milliseconds}")
        lock, statement = cursor.fetchone()
    return TimeLimits(lock, statement)


def _run_alone(sql: str) -> None:
    """Run SQL past Django's wrappers, of which one is ours."""
    with connection.connection.cursor() as cursor:
        cursor.execute(sql)


def _shorter(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other
