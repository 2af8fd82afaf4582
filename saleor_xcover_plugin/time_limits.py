"""Limit how long the plugin's SQL statements wait for locks, and how long they run.

PostgreSQL waits for a lock indefinitely unless ``lock_timeout`` is set, so one forgotten session
could block every sale. Each statement of a limited block carries its own limits (``SET LOCAL``
before it, in the same message to the server). They end with the transaction, and a block inside a
transaction of Saleor's restores the previous values (docs/adr/0024-locks-are-short.md).
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
    """Time-outs of SQL statements in milliseconds; 0 means no limit.

    A shorter limit that the store has configured for its database applies instead.
    """

    lock: int
    """Longest wait of a statement for one lock."""
    statement: int = 0
    """Longest run of a statement in all."""

    def within(self, outer: TimeLimits) -> TimeLimits:
        """Return the shorter of the two limits, for locks and for statements."""
        return TimeLimits(
            _shorter(self.lock, outer.lock), _shorter(self.statement, outer.statement)
        )


HOOK = TimeLimits(lock=500)
"""For hooks; Saleor's own mutation waits for them."""
HOOK_AFTER_BUSY = TimeLimits(lock=10)
"""For later hooks of a request in which one met a lock."""
WEB = TimeLimits(lock=1_000, statement=2_000)
"""For requests to the plugin's own addresses."""
OFFER_RATE_LIMIT = TimeLimits(lock=100)
"""For taking a turn in the rate limit for an offer, while a shopper waits."""
WORKER = TimeLimits(lock=5_000)
"""For tasks and commands."""
WORKER_AFTER_BUSY = TimeLimits(lock=200)
"""For the remaining work of a task or command that met a lock."""
WORKER_AFTER_MANY = TimeLimits(lock=10)
"""For the remaining work of a task that met many locks."""


class DatabaseBusy(OperationalError):
    """A statement met a lock, a deadlock or its time-out, and PostgreSQL cancelled it.

    Inside a transaction everything since the last savepoint is undone. A later attempt may succeed.
    """


def busy_sentence(done: str = "Nothing was changed.") -> str:
    """Return text for staff that explains another session's lock and how to find it.

    ``done`` is a sentence about the outcome of the work.
    """
    return (
        "Another database session holds rows or tables this needs: a migration, a long "
        f"transaction, or somebody in psql. {done} Try again in a minute. If it goes on, "
        f"see in PostgreSQL who holds them: {WHO_WAITS}"
    )


WHO_WAITS = (
    "SELECT pid, pg_blocking_pids(pid), query FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
)
"""SQL that lists the sessions that wait for a lock, and the sessions that block them."""


@contextmanager
def time_limits(limits: TimeLimits) -> Iterator[None]:
    """Run a block whose statements on the default connection keep to ``limits``.

    Inside a transaction the block is a savepoint, so the transaction stays usable after an
    exception, and its time-outs are restored when the block ends. Nested blocks keep to the shorter
    of both limits.

    Raise ``DatabaseBusy`` if a statement met a lock for too long, a deadlock or its time-out.
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
    """Set the limits before each statement (an ``execute_wrapper`` of Django's)."""

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
        # Once set, they are set for every statement: a nested block may have changed them.
        is_due = self.has_set or self._limits != self._found
        if not is_due or _is_about_savepoints(sql):
            return execute(sql, params, many, context)
        self.has_set = True
        with _busy_errors():
            cursor = context["cursor"].cursor
            if many or not isinstance(sql, str) or not takes_several_statements(cursor):
                with _in_transaction():
                    _run_alone(_statements(self._limits))
                    return execute(sql, params, many, context)
            # One message saves a round trip; outside a transaction it is a transaction of its own.
            result = execute(f"{_statements(self._limits)}; {sql}", params, many, context)
            cursor.nextset()
            cursor.nextset()
            return result


def _statements(limits: TimeLimits) -> str:
    """Return SQL that sets limits until the end of the transaction."""
    # The texts are few and constant, because pg_stat_statements keeps a row for each.
    lock, statement = limits.lock, limits.statement
    return f"SET LOCAL lock_timeout = {lock}; SET LOCAL statement_timeout = {statement}"


@contextmanager
def _busy_errors() -> Iterator[None]:
    """Raise ``DatabaseBusy`` for the errors that ``_BUSY`` lists."""
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
"""Source of the codes: https://www.postgresql.org/docs/current/errcodes-appendix.html."""


def _is_about_savepoints(sql: Any) -> bool:
    """Return True for savepoint statements, which meet no lock and must work after a failure."""
    return isinstance(sql, str) and sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))


def takes_several_statements(cursor: Any) -> bool:
    """Return True for a cursor that writes parameters into the SQL itself, which is the default.

    Its SQL may hold several statements, which go to the server in one message.

    Cursors with ``OPTIONS["server_side_binding"]`` and named ones (``iterator``) do not.
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
    """Return the store's own limits outside transactions; read once per process."""
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
    """Run SQL without Django's execute wrappers, one of which is ``_Limiter``."""
    with connection.connection.cursor() as cursor:
        cursor.execute(sql)


def _shorter(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other
