"""Store the messages that must be sent to XCover: add, claim, settle, drop, park, replay.

Only this module locks rows of ``OutboxMessage``. Call ``new_messages.enqueue`` in the transaction
that makes the decision. Messages are sent outside any transaction. Waiting is the column
``next_attempt_at``, not a sleep. All times are in UTC.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest

from .. import installation
from ..compiled_query import CompiledInstances, is_one_of_keys
from ..crypto import SealBroken, decrypt, encrypt
from ..domain.messages import DELIVERY, MessageKind
from ..domain.reasons import ReasonCode
from ..domain.sending import Sending
from ..domain.states import MessageState
from ..models import OutboxMessage

AGAIN = ":again"
"""Suffix of the operation id of a message that replaced another one."""

# Seconds before the second attempt, the third, and so on. Cover Genius advises 2 to 5 minutes
# between background retries:
# https://partner-docs.covergenius.com/offers/api/responses/error-management
_WAITS = (5.0, 30.0, 120.0, 300.0)

MAX_CRASHES = 5
"""Attempts in a row that ended with a crash of the worker after which a message is poison."""

MAX_DELAY = timedelta(hours=1)
"""Longest wait for the next attempt, whatever ``Retry-After`` says.

A later time in the database comes from a wrong clock; such a message is due.
"""


def add(
    kind: str,
    operation_id: str,
    *,
    subject_id: int,
    channel_id: int,
    now: datetime,
    account: str = "",
) -> OutboxMessage:
    """Store that a call must be made, and return its message.

    ``subject_id`` is the primary key of the row the call is about; the kind says of which model.
    ``account`` is the ``account_key`` of the account that made the offer, the only one to be called
    about it; empty if that is not known.
    Each operation (kind and ``operation_id``) has one message and one idempotency key for ever. If
    it exists already it is returned as it is; a dropped one becomes pending again.
    """
    message = _insert(
        OutboxMessage(
            kind=kind,
            operation_id=operation_id,
            idempotency_key=installation.key_of(kind, operation_id),
            priority=DELIVERY[MessageKind(kind)].priority,
            subject_id=subject_id,
            channel_id=channel_id,
            account=account,
            status=MessageState.PENDING.value,
            next_attempt_at=now,
            created_at=now,
            updated_at=now,
        )
    )
    if message is not None:
        return message
    message = OutboxMessage.objects.get(kind=kind, operation_id=operation_id)
    if message.status == MessageState.DROPPED:
        message.transition_to(
            MessageState.PENDING,
            now,
            next_attempt_at=now,
            attempts=0,
            settled_at=None,
            created_at=now,
        )
    return message


def _insert(message: OutboxMessage) -> OutboxMessage | None:
    """Insert a message in one statement and return it; None if its operation has one already."""
    fields = [field for field in message._meta.concrete_fields if not field.primary_key]
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in fields)
    values = [
        field.get_db_prep_save(getattr(message, field.attname), connection) for field in fields
    ]
    places = ", ".join(["%s"] * len(fields))
    table = quote(message._meta.db_table)
    inserted = OutboxMessage.objects.raw(
        f"INSERT INTO {table} ({names}) VALUES ({places}) "  # noqa: S608
        "ON CONFLICT (kind, operation_id) DO NOTHING RETURNING *",
        values,
    )
    return next(iter(inserted), None)


def is_poison(message: OutboxMessage) -> bool:
    """Return True if ``MAX_CRASHES`` attempts in a row ended with a crash of their worker."""
    return message.crash_count >= MAX_CRASHES


def mark_sent(message: OutboxMessage, body: bytes, account: str, now: datetime) -> bool:
    """Store that the call leaves now; from here on its outcome is unknown.

    ``body`` is stored encrypted, because later attempts must send the same bytes. ``account`` is
    the ``account_key`` it is sent to: only that account can tell what became of it. Return False
    when another worker has taken the message over; nothing may be sent then.
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
    """Store in a message that the outcome of the earlier one it replaces is unknown.

    Nothing was sent with the message's own key, so its body may still change. It is bound to the
    account the earlier one was sent to. The caller is in a transaction.
    """
    message.save_fields(now, sending=Sending.EARLIER_UNKNOWN.value, sent_to=earlier.sent_to)


def earlier_that_opens(message: OutboxMessage) -> OutboxMessage | None:
    """Lock and return the latest replaced message whose body can be decrypted, or None."""
    for earlier in _earlier(message).select_for_update().order_by("-pk"):
        if sent_body(earlier) is not None:
            return earlier
    return None


def has_sealed(message: OutboxMessage) -> bool:
    """Return True if this message, or one it replaced, keeps the body that was sent."""
    return message.sealed_body is not None or _earlier(message).exists()


def _earlier(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    """Return the messages this one replaced that keep their body."""
    return _replaced_by(message).exclude(sealed_body=None)


def _replaced_by(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    names, name = [], message.operation_id
    while name.endswith(AGAIN):
        name = name.removesuffix(AGAIN)
        names.append(name)
    return OutboxMessage.objects.filter(kind=message.kind, operation_id__in=names)


def is_of_other_account(message: OutboxMessage, account: str) -> bool:
    """Return True if only another account than this one can be asked.

    It made the offer, or may have carried the call out.
    """
    is_lost_elsewhere = message.is_unknown and message.sent_to not in ("", account)
    return is_lost_elsewhere or message.account not in ("", account)


def mark_not_done(message: OutboxMessage, sending: Sending, now: datetime) -> None:
    """Store that XCover carried out no attempt; the next one is prepared like a first one.

    ``sending`` is ``NEVER_SENT``, ``DEFINITELY_REFUSED`` or ``EARLIER_UNKNOWN``.
    ``DEFINITELY_REFUSED`` is stored for the replaced messages as well. Nothing changes when another
    worker has taken the message over.
    """
    if _ours(message).update(sending=sending.value, sealed_body=None, updated_at=now):
        message.sending, message.sealed_body = sending.value, None
        if sending == Sending.DEFINITELY_REFUSED:
            _replaced_by(message).update(sending=sending.value, sealed_body=None, updated_at=now)


def sent_body(message: OutboxMessage) -> bytes | None:
    """Return the decrypted body of a call whose outcome is unknown.

    Return None before a first attempt, after the body was erased, and when the key it was encrypted
    with is no longer in ``SECRET_KEY`` or ``SECRET_KEY_FALLBACKS``.
    """
    if message.sealed_body is None:
        return None
    try:
        return decrypt(bytes(message.sealed_body))
    except SealBroken:
        return None


def lock_free(messages: Collection[OutboxMessage]) -> set[int]:
    """Lock those messages that are still leased to this worker; return their primary keys.

    Those that another session holds are left out. Call inside a transaction.
    """
    leases = {message.pk: message.lease_token for message in messages}
    free = _free_pending().of(leases)
    return {message.pk for message in free if message.lease_token == leases[message.pk]}


@cache
def _free_pending() -> CompiledInstances[OutboxMessage]:
    pending = OutboxMessage.objects.filter(is_one_of_keys("pk"), status=MessageState.PENDING.value)
    return CompiledInstances(
        pending.only("lease_token").order_by("pk").select_for_update(skip_locked=True)
    )


def mark_all_sent(bodies: Mapping[int, bytes], account: str, now: datetime) -> None:
    """Store that the calls of locked messages leave now, as ``mark_sent`` does for one.

    ``bodies`` is by primary key.
    """
    table = connection.ops.quote_name(OutboxMessage._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS m SET sending = %s, sent_to = %s, updated_at = %s, "  # noqa: S608
            "sealed_body = sent.body FROM unnest(%s::bigint[], %s::bytea[]) AS sent(id, body) "
            "WHERE m.id = sent.id",
            [
                Sending.OUTCOME_UNKNOWN.value,
                account,
                now,
                list(bodies),
                [encrypt(body) for body in bodies.values()],
            ],
        )


def mark_unsent(messages: Collection[OutboxMessage], now: datetime) -> None:
    """Store that the calls of messages that were marked as sent did not leave.

    What is known of earlier attempts is what the instances say. Those that another worker has taken
    over stay as they are.
    """
    for sending in {message.sending for message in messages}:
        alike = [message for message in messages if message.sending == sending]
        _all_ours(alike).update(sending=sending, sealed_body=None, updated_at=now)


def give_back(messages: Collection[OutboxMessage], now: datetime, *, until: datetime) -> None:
    """Release messages of which no call was made; they are due at ``until``.

    No attempt is used up. Those that another worker has taken over stay as they are.
    """
    if messages:
        _all_ours(messages).update(
            next_attempt_at=min(until, now + MAX_DELAY),
            leased_until=None,
            attempts=Greatest(F("attempts") - 1, 0),
            updated_at=now,
        )


def lock(message: OutboxMessage) -> OutboxMessage | None:
    """Lock and re-read the message; return None when another worker took it over or ended it.

    Call inside the transaction that records the outcome.
    """
    return _ours(message).select_for_update().first()


def _ours(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    """Return the message while it is pending and leased to the worker that claimed it."""
    return OutboxMessage.objects.filter(
        pk=message.pk, status=MessageState.PENDING.value, lease_token=message.lease_token
    )


def _all_ours(messages: Collection[OutboxMessage]) -> QuerySet[OutboxMessage]:
    """Return those messages that are pending and leased to the worker that claimed them."""
    return OutboxMessage.objects.filter(
        pk__in=[message.pk for message in messages],
        status=MessageState.PENDING.value,
        lease_token__in={message.lease_token for message in messages},
    )


def settle(message: OutboxMessage, now: datetime) -> None:
    """End a message whose call is done, and erase the stored bodies. The message is locked."""
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
    """End a locked message whose call is no longer wanted or will never be accepted.

    The stored bodies are erased. ``sending`` stays, because an earlier attempt may have been
    carried out.
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
    """End a locked message because another one of the same subject takes its place.

    The body that was sent is kept until that message ends.
    """
    message.transition_to(
        MessageState.DROPPED, now, settled_at=now, leased_until=None, last_error=sentence
    )


def park(message: OutboxMessage, sentence: str, now: datetime, *, reason: str = "") -> None:
    """Park a locked message until a person replays or drops it.

    ``sentence`` tells staff what happened; ``reason`` is a ``ReasonCode`` or empty. Idempotency
    key and stored body stay for a replay.
    """
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
    """Plan the next attempt of a locked message.

    ``retry_after`` is the least wait in seconds; no wait is longer than ``MAX_DELAY``. ``jitter``
    (0 to 1, random by default) spreads waits by a quarter up and down. Return False, and change
    nothing, when no attempt is left.
    """
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
    """Make a locked message due at ``until``, as its call was not made; no attempt is used up.

    ``changes`` are further columns to save.
    """
    message.save_fields(
        now,
        next_attempt_at=min(until, now + MAX_DELAY),
        leased_until=None,
        attempts=max(message.attempts - 1, 0),
        **changes,
    )


def replay(message: OutboxMessage, now: datetime) -> None:
    """Make a locked message that was parked or replaced pending again.

    It keeps its idempotency key and ``sending``; attempts and crashes are counted from 0.
    """
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
    """Replay and return the messages of a channel that were parked for refused credentials."""
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


def parked_for(channel_ids: Collection[int], account: str) -> list[int]:
    """Return the primary keys of the channels' messages parked until this account is set again.

    ``account`` is an ``account_key``.
    """
    waiting = OutboxMessage.objects.filter(
        Q(account=account) | Q(account="", sent_to=account),
        channel_id__in=channel_ids,
        status=MessageState.PARKED.value,
        reason_code=ReasonCode.OTHER_ACCOUNT,
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def may_be_carried_out(kind: str, subject_ids: Collection[int]) -> set[int]:
    """Return the subjects for which a parked call of this kind may have been carried out."""
    waiting = OutboxMessage.objects.filter(
        kind=kind, subject_id__in=subject_ids, status=MessageState.PARKED.value
    )
    return {message.subject_id for message in waiting if message.is_unknown}


def drop_parked(kinds: Collection[str], subject_id: int, sentence: str, now: datetime) -> None:
    """Drop the parked messages of a subject, which is over. Call inside a transaction."""
    for message in OutboxMessage.objects.select_for_update().filter(
        kind__in=kinds, subject_id=subject_id, status=MessageState.PARKED.value
    ):
        drop(message, sentence, now)
