"""Messages that must be sent to XCover: add, claim, settle, park. No other module locks their rows.

``enqueue`` belongs in the transaction that makes the decision. Messages are sent outside any
transaction; waiting is a column, never a sleep.
"""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet

from .. import installation
from ..crypto import SealBroken, decrypt, encrypt
from ..domain.messages import DELIVERY, MessageKind
from ..domain.numbers import whole_number
from ..domain.reasons import ReasonCode
from ..domain.sending import Sending
from ..domain.states import MessageState
from ..models import OutboxMessage
from .task_queue import DELIVER_TASK, send_after_commit

AGAIN = ":again"
"""Ends the operation id of a message that replaced another one."""

LEASE_VARIABLE = "XCOVER_LEASE_SECONDS"
SAFE_LEASE = timedelta(seconds=60)
"""Longer than the longest deadline of one call, so that a living worker is never overtaken."""


def lease_from(environment: Mapping[str, str]) -> timedelta:
    """Return how long a claimed message belongs to its worker.

    ``XCOVER_LEASE_SECONDS`` (5 to 600) changes it; anything else in it counts as not set. A demo
    makes it short so that nobody has to wait for the work of a killed worker.
    """
    seconds = whole_number(environment.get(LEASE_VARIABLE, ""), most=600)
    return SAFE_LEASE if seconds is None or seconds < 5 else timedelta(seconds=seconds)


LEASE = lease_from(os.environ)

# XCover advises minutes between background retries (partner docs, error management).
_WAITS = (5.0, 30.0, 120.0, 300.0)
MAX_CRASHES = 5

MAX_DELAY = timedelta(hours=1)
"""No message waits longer, whatever ``Retry-After`` says; a later time is a wrong clock's."""


def add(
    kind: str, operation_id: str, *, subject_id: int, channel_id: int, now: datetime
) -> OutboxMessage:
    """Record that a call must happen; the same operation is recorded once, with one key for life.

    A message that was dropped unsent becomes pending again under its old key.
    """
    message, is_new = OutboxMessage.objects.get_or_create(
        kind=kind,
        operation_id=operation_id,
        defaults={
            # Asked for only when the row is new.
            "idempotency_key": partial(installation.key_of, kind, operation_id),
            "priority": DELIVERY[MessageKind(kind)].priority,
            "subject_id": subject_id,
            "channel_id": channel_id,
            "status": MessageState.PENDING.value,
            "next_attempt_at": now,
            "created_at": now,
            "updated_at": now,
        },
    )
    if not is_new and message.status == MessageState.DROPPED:
        message.transition_to(
            MessageState.PENDING, now, next_attempt_at=now, attempts=0, settled_at=None
        )
    return message


def enqueue(
    kind: str, operation_id: str, *, subject_id: int, channel_id: int, now: datetime
) -> OutboxMessage:
    """Add a message and have a worker deliver it once the decision is committed."""
    message = add(kind, operation_id, subject_id=subject_id, channel_id=channel_id, now=now)
    send_after_commit(DELIVER_TASK, message.pk)
    return message


def claim(now: datetime, *, limit: int, only: Sequence[int] | None = None) -> list[OutboxMessage]:
    """Take due messages for this worker alone, most urgent first, and lease them."""
    with transaction.atomic():
        due = _due(now).select_for_update(skip_locked=True)
        if only is not None:
            due = due.filter(pk__in=only)
        messages = list(due.order_by("priority", "next_attempt_at", "pk")[:limit])
        for message in messages:
            message.save_fields(
                now,
                lease_token=uuid.uuid4(),
                leased_until=now + LEASE,
                attempts=message.attempts + 1,
                crash_count=message.crash_count + 1 if message.leased_until else 0,
            )
    return messages


def due_count(now: datetime, *, limit: int) -> int:
    """Count the messages a worker could take now, up to ``limit``."""
    return len(_due(now).values_list("pk", flat=True)[:limit])


def _due(now: datetime) -> QuerySet[OutboxMessage]:
    """Pending, not leased, and its time has come.

    A lease or a wait no clock of ours would give stems from one that was wrong, and does not count.
    """
    return OutboxMessage.objects.filter(
        Q(leased_until=None) | Q(leased_until__lte=now) | Q(leased_until__gt=now + LEASE),
        Q(next_attempt_at__lte=now) | Q(next_attempt_at__gt=now + MAX_DELAY),
        status=MessageState.PENDING.value,
    )


def is_poison(message: OutboxMessage) -> bool:
    """Whether attempt after attempt ended with its worker; the next would take one more along."""
    return message.crash_count >= MAX_CRASHES


def mark_sent(message: OutboxMessage, body: bytes, account: str, now: datetime) -> bool:
    """Record that the call leaves now: from here on XCover may carry it out.

    ``body`` is what it is sent with; it is stored encrypted, for later attempts must send the very
    same bytes. ``account`` names the account it is sent to: only that one knows. Return False when
    another worker has the message by now: then nothing may be sent.
    """
    return bool(
        _ours(message).update(
            sending=Sending.OUTCOME_UNKNOWN.value,
            sealed_body=encrypt(body),
            sent_to=account,
            updated_at=now,
        )
    )


def stand_for(message: OutboxMessage, earlier: OutboxMessage, now: datetime) -> None:
    """Have a message remember that the outcome of an earlier one, with another key, is unknown.

    Nothing was sent with its own key yet, so nothing binds it: it is judged before it leaves. Only
    the account the earlier one was sent to can tell. The caller is in a transaction.
    """
    message.save_fields(now, sending=Sending.EARLIER_UNKNOWN.value, sent_to=earlier.sent_to)


def earlier_that_opens(message: OutboxMessage) -> OutboxMessage | None:
    """Lock and return the message this one replaced, if what that one sent can be opened again."""
    for earlier in _earlier(message).select_for_update().order_by("-pk"):
        if sent_body(earlier) is not None:
            return earlier
    return None


def has_sealed(message: OutboxMessage) -> bool:
    """Return True when the body that was sent is kept by this message or by one it replaced."""
    return message.sealed_body is not None or _earlier(message).exists()


def _earlier(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    """Pick the messages this one replaced whose body is kept."""
    return _replaced_by(message).exclude(sealed_body=None)


def _replaced_by(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    names, name = [], message.operation_id
    while name.endswith(AGAIN):
        name = name.removesuffix(AGAIN)
        names.append(name)
    return OutboxMessage.objects.filter(kind=message.kind, operation_id__in=names)


def is_of_other_account(message: OutboxMessage, account: str) -> bool:
    """Whether another account than this one may have carried it out, so this one cannot tell."""
    return message.is_unknown and message.sent_to not in ("", account)


def mark_not_done(message: OutboxMessage, sending: Sending, now: datetime) -> None:
    """Record that XCover carried out no attempt: the next one is judged as if it were the first.

    ``sending`` says whether any attempt left this server. What is so known of it is known of the
    messages it replaced.
    """
    if _ours(message).update(sending=sending.value, sealed_body=None, updated_at=now):
        message.sending, message.sealed_body = sending.value, None
        if sending == Sending.DEFINITELY_REFUSED:
            _replaced_by(message).update(sending=sending.value, sealed_body=None, updated_at=now)


def sent_body(message: OutboxMessage) -> bytes | None:
    """Return the body of a call whose outcome is unknown.

    None before a first attempt, and when the body is lost: it was erased, or the key that sealed
    it is no longer in ``SECRET_KEY`` or ``SECRET_KEY_FALLBACKS``.
    """
    if message.sealed_body is None:
        return None
    try:
        return decrypt(bytes(message.sealed_body))
    except SealBroken:
        return None


def lock(message: OutboxMessage) -> OutboxMessage | None:
    """Re-read the message under lock; None when another worker took it over or ended it.

    Call inside the transaction that records the result.
    """
    return _ours(message).select_for_update().first()


def _ours(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    """Pick the message while it is pending and belongs to the worker that claimed it."""
    return OutboxMessage.objects.filter(
        pk=message.pk, status=MessageState.PENDING.value, lease_token=message.lease_token
    )


def settle(message: OutboxMessage, now: datetime) -> None:
    """The call is done; its personal data goes."""
    message.transition_to(
        MessageState.SETTLED,
        now,
        settled_at=now,
        sealed_body=None,
        leased_until=None,
        last_error="",
        reason_code="",
    )
    _earlier(message).update(sealed_body=None, updated_at=now)


def drop(message: OutboxMessage, sentence: str, now: datetime) -> None:
    """The call is no longer wanted, or XCover will never take it; nothing more is sent.

    ``sending`` stays: should the call be wanted again, it still may have been carried out.
    """
    message.transition_to(
        MessageState.DROPPED,
        now,
        settled_at=now,
        sealed_body=None,
        leased_until=None,
        last_error=sentence,
    )
    _earlier(message).update(sealed_body=None, updated_at=now)


def replace(message: OutboxMessage, sentence: str, now: datetime) -> None:
    """Another message of the same subject takes its place; what was sent is kept meanwhile.

    It goes when the one that took its place ends.
    """
    message.transition_to(
        MessageState.DROPPED, now, settled_at=now, leased_until=None, last_error=sentence
    )


def park(message: OutboxMessage, sentence: str, now: datetime, *, reason: str = "") -> None:
    """Stop and ask a person; the key stays for a replay, and so does a body that binds us."""
    message.transition_to(
        MessageState.PARKED, now, leased_until=None, last_error=sentence, reason_code=reason
    )


def retry_later(
    message: OutboxMessage,
    sentence: str,
    now: datetime,
    *,
    retry_after: float | None = None,
    jitter: float | None = None,
) -> bool:
    """Plan the next attempt; return False when there is none left and nothing was changed."""
    if message.attempts >= DELIVERY[MessageKind(message.kind)].max_attempts:
        return False
    wait = _WAITS[min(message.attempts, len(_WAITS)) - 1]
    wait *= 0.75 + 0.5 * (random.random() if jitter is None else jitter)  # noqa: S311 spreads load
    wait = min(max(wait, retry_after or 0.0), MAX_DELAY.total_seconds())
    message.save_fields(
        now, next_attempt_at=now + timedelta(seconds=wait), leased_until=None, last_error=sentence
    )
    return True


def defer(message: OutboxMessage, until: datetime, now: datetime, **changes: int) -> None:
    """The call was not made: no attempt is used up, and it is due again at ``until``."""
    message.save_fields(
        now,
        next_attempt_at=min(until, now + MAX_DELAY),
        leased_until=None,
        attempts=max(message.attempts - 1, 0),
        **changes,
    )


def defer_due(channel_id: int, until: datetime, now: datetime) -> int:
    """Have all due messages of a channel wait too, so that nobody tries them one by one."""
    with transaction.atomic():
        waiting = (
            _due(now)
            .filter(channel_id=channel_id)
            .select_for_update(skip_locked=True, of=("self",))
        )
        ids = list(waiting.values_list("pk", flat=True))
        OutboxMessage.objects.filter(pk__in=ids).update(next_attempt_at=until, updated_at=now)
    return len(ids)


def replay(message: OutboxMessage, now: datetime) -> None:
    """Try a message again that is parked, or was replaced, with its key and what is known of it."""
    message.transition_to(
        MessageState.PENDING,
        now,
        settled_at=None,
        next_attempt_at=now,
        attempts=0,
        crash_count=0,
        leased_until=None,
        reason_code="",
    )


def replay_refused(channel_id: int, now: datetime) -> list[OutboxMessage]:
    """Working credentials were saved: try again what waited for them."""
    with transaction.atomic():
        messages = list(
            OutboxMessage.objects.select_for_update().filter(
                channel_id=channel_id,
                status=MessageState.PARKED.value,
                reason_code=ReasonCode.CREDENTIALS_REFUSED,
            )
        )
        for message in messages:
            replay(message, now)
    return messages


def parked_for(channel_id: int, account: str) -> list[int]:
    """Return the keys of what waits for the settings of just this account."""
    waiting = OutboxMessage.objects.filter(
        channel_id=channel_id,
        status=MessageState.PARKED.value,
        reason_code=ReasonCode.OTHER_ACCOUNT,
        sent_to=account,
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def may_be_carried_out(kind: str, subject_ids: Collection[int]) -> set[int]:
    """Return those of the subjects about which a parked call may have been carried out."""
    waiting = OutboxMessage.objects.filter(
        kind=kind, subject_id__in=subject_ids, status=MessageState.PARKED.value
    )
    return {message.subject_id for message in waiting if message.is_unknown}


def drop_parked(kinds: Collection[str], subject_id: int, sentence: str, now: datetime) -> None:
    """What waited for a person is over with its subject."""
    for message in OutboxMessage.objects.select_for_update().filter(
        kind__in=kinds, subject_id=subject_id, status=MessageState.PARKED.value
    ):
        drop(message, sentence, now)
