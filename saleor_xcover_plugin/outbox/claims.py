"""Claim messages of the outbox: which are due, and to whom they belong while they are delivered.

All times are in UTC. The rules of waiting are those of ``message_queue``.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from ..compiled_query import compiled, is_one_of_keys
from ..domain.numbers import whole_number
from ..domain.sending import Sending
from ..domain.states import MessageState
from ..models import OutboxMessage
from .message_queue import MAX_DELAY

LEASE_VARIABLE = "XCOVER_LEASE_SECONDS"
"""Environment variable with the lease in seconds."""

SAFE_LEASE = timedelta(seconds=60)
"""Default lease: longer than any call, so that no worker loses a message during a call."""


def lease_from(environment: Mapping[str, str]) -> timedelta:
    """Return how long a claimed message belongs to its worker.

    ``XCOVER_LEASE_SECONDS`` may set 5 to 600 seconds; any other value is ignored. A demo uses a
    short lease so that the work of a killed worker is soon taken over.
    """
    seconds = whole_number(environment.get(LEASE_VARIABLE, ""), most=600)
    return SAFE_LEASE if seconds is None or seconds < 5 else timedelta(seconds=seconds)


LEASE = lease_from(os.environ)
"""Lease of this process."""

NEW = timedelta(minutes=1)
"""Age up to which a message counts as new; the sweep sends tasks for older ones every minute."""


@dataclass(frozen=True, slots=True)
class Which:
    """The messages a worker may claim. The defaults mean all that are due."""

    only: Collection[int] | None = None
    """Their primary keys."""
    is_new: bool = False
    """True for those that are younger than ``NEW``."""


ALL = Which()


def claim(
    now: datetime,
    *,
    limit: int,
    which: Which = ALL,
    but_plain: Collection[str] = (),
    alone: Collection[int] = (),
) -> list[OutboxMessage]:
    """Lease up to ``limit`` due messages to this worker, most urgent first.

    Left out are those of the kinds ``but_plain`` that ``claim_plain`` takes, unless ``alone`` holds
    their primary keys. Each claim counts as an attempt. A lease that ran out before counts as a
    crash; otherwise the count of crashes restarts at 0.
    """
    due = _any_due(which.only is not None, which.is_new, tuple(but_plain))
    return _claim(due, now, limit, which, {_ALONE: list(alone)})


def claim_plain(
    kind: str, now: datetime, *, limit: int, which: Which, but: Collection[int]
) -> list[OutboxMessage]:
    """Lease up to ``limit`` due messages of a kind of which no attempt can have been carried out.

    Their attempts did not crash either. ``but`` holds primary keys to leave out. Otherwise like
    ``claim``.
    """
    due = _plain_due(kind, which.only is not None, which.is_new)
    return _claim(due, now, limit, which, {_BUT: list(but)})


_Statement = tuple[str, tuple[object, ...]]
"""SQL that selects the keys of messages to claim, and its parameters with placeholders."""

_ANY_NOW = datetime(2000, 1, 1, tzinfo=UTC)
"""Placeholder for the present: each time in the parameters is as far from it as from the claim."""

_ONLY, _BUT, _ALONE = ("only",), ("but",), ("alone",)
"""Placeholders for lists of keys."""


@cache
def _any_due(is_one_of_few: bool, is_new: bool, but_plain: tuple[str, ...]) -> _Statement:
    is_taken = ~_is_plain(but_plain) | Q(is_one_of_keys("pk", _ALONE))
    return _in_sequence(_due(_ANY_NOW).filter(is_taken), is_one_of_few, is_new)


@cache
def _plain_due(kind: str, is_one_of_few: bool, is_new: bool) -> _Statement:
    plain = _due(_ANY_NOW).filter(~is_one_of_keys("pk", _BUT), _is_plain((kind,)))
    return _in_sequence(plain, is_one_of_few, is_new)


def _is_plain(kinds: tuple[str, ...]) -> Q:
    """Return the condition that no attempt of a message can have been carried out or crashed."""
    return Q(
        kind__in=kinds,
        sending__in=[Sending.NEVER_SENT.value, Sending.DEFINITELY_REFUSED.value],
        sealed_body=None,
        leased_until=None,
        crash_count=0,
    )


def _in_sequence(due: QuerySet[OutboxMessage], is_one_of_few: bool, is_new: bool) -> _Statement:
    due = _narrowed(due, is_one_of_few, is_new)
    return compiled(due.order_by("priority", "next_attempt_at", "pk").values("pk"))


def _narrowed(
    due: QuerySet[OutboxMessage], is_one_of_few: bool, is_new: bool
) -> QuerySet[OutboxMessage]:
    if is_one_of_few:
        due = due.filter(is_one_of_keys("pk", _ONLY))
    return due.filter(_is_new(_ANY_NOW)) if is_new else due


_CLAIM = """
WITH due AS MATERIALIZED (
    {due} LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE {table} AS m SET lease_token = %s, leased_until = %s, attempts = attempts + 1,
    crash_count = CASE WHEN leased_until IS NULL THEN 0 ELSE crash_count + 1 END, updated_at = %s
FROM due WHERE m.id = due.pk
RETURNING m.*
"""


def _claim(
    due: _Statement, now: datetime, limit: int, which: Which, keys: Mapping[object, list[int]]
) -> list[OutboxMessage]:
    sql, parameters = due
    asked = _asked(parameters, now, which, keys)
    table = connection.ops.quote_name(OutboxMessage._meta.db_table)
    claimed = OutboxMessage.objects.raw(
        _CLAIM.format(due=sql, table=table), [*asked, limit, uuid.uuid4(), now + LEASE, now]
    )
    return sorted(
        claimed, key=lambda message: (message.priority, message.next_attempt_at, message.pk)
    )


def _asked(
    parameters: Collection[object],
    now: datetime,
    which: Which,
    keys: Mapping[object, list[int]] = MappingProxyType({}),
) -> list[Any]:
    """Return the parameters of a statement with the present and the keys in them."""
    given: dict[object, object] = {**keys, _ONLY: list(which.only or ())}
    return [
        value + (now - _ANY_NOW) if isinstance(value, datetime) else given.get(value, value)
        for value in parameters
    ]


def due_count(now: datetime, *, limit: int) -> int:
    """Count the messages a worker could take now, up to ``limit``."""
    return len(_due(now).values_list("pk", flat=True)[:limit])


MANY = 40
"""Due messages beyond which ``look`` does not look."""


@dataclass(frozen=True, slots=True)
class Due:
    """The kinds of messages that one look found due."""

    plain_kinds: frozenset[str]
    """Kinds of which there are messages that ``claim_plain`` takes."""
    has_others: bool
    """True if there are messages that it does not take."""

    def __bool__(self) -> bool:
        return self.has_others or bool(self.plain_kinds)


def look(now: datetime, which: Which, kinds: Collection[str]) -> Due:
    """Return what a worker could take now; ``kinds`` are those that ``claim_plain`` is used for.

    Where more than ``MANY`` messages are due, there may be some of every kind.
    """
    sql, parameters = _look(which.only is not None, which.is_new, tuple(kinds))
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT %s", [*_asked(parameters, now, which), MANY])
        found = cursor.fetchall()
    if len(found) == MANY:
        return Due(frozenset(kinds), has_others=True)
    plain = frozenset(kind for kind, is_plain in found if is_plain)
    return Due(plain, has_others=not all(is_plain for _, is_plain in found))


@cache
def _look(is_one_of_few: bool, is_new: bool, kinds: tuple[str, ...]) -> _Statement:
    due = _narrowed(_due(_ANY_NOW), is_one_of_few, is_new).order_by()
    is_plain = ExpressionWrapper(_is_plain(kinds), output_field=BooleanField())
    return compiled(due.annotate(is_plain=is_plain).values("kind", "is_plain"))


def _is_new(now: datetime) -> Q:
    return Q(created_at__gte=now - NEW)


def _due(now: datetime) -> QuerySet[OutboxMessage]:
    """Return the messages that are pending, not leased, and due.

    Leases longer than ``LEASE`` and waits longer than ``MAX_DELAY`` come from a wrong clock and are
    ignored.
    """
    return OutboxMessage.objects.filter(
        Q(leased_until=None) | Q(leased_until__lte=now) | Q(leased_until__gt=now + LEASE),
        Q(next_attempt_at__lte=now) | Q(next_attempt_at__gt=now + MAX_DELAY),
        status=MessageState.PENDING.value,
    )


def defer_due(
    channel_id: int, until: datetime, now: datetime, *, kinds: Collection[str] | None = None
) -> int:
    """Make all due messages of a channel wait until ``until``; return how many.

    With ``kinds``, only those of these kinds. Messages that another session has locked are left as
    they are.
    """
    wanted = Q(channel_id=channel_id) if kinds is None else Q(channel_id=channel_id, kind__in=kinds)
    with transaction.atomic():
        waiting = _due(now).filter(wanted).select_for_update(skip_locked=True, of=("self",))
        found = OutboxMessage.objects.filter(pk__in=waiting.order_by().values("pk"))
        return found.update(next_attempt_at=until, updated_at=now)
