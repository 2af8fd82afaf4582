"""Replay parked messages when staff ask for it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ..domain.messages import MODIFICATION_KINDS, MessageKind
from ..domain.reasons import ReasonCode
from ..domain.states import CancellationStatus, CoverStatus, MessageState, ModificationStatus
from ..host import orders
from ..models import Cover, OutboxMessage
from ..outbox import message_queue as outbox
from ..outbox.task_queue import DELIVER_TASK, send_after_commit
from ..policies import effects, modifications, policyholder_changes
from ..policies.locks import lock_cancellation, lock_cover, lock_modification

_STEP_OF = {
    MessageKind.PREVIEW_CANCELLATION: effects.CANCELLATION_REQUESTED,
    MessageKind.CONFIRM_CANCELLATION: effects.CANCELLATION_CONFIRMING,
}
_MODIFICATION_STEP_OF = {
    MessageKind.PREVIEW_MODIFICATION: effects.MODIFICATION_REQUESTED,
    MessageKind.CONFIRM_MODIFICATION: effects.MODIFICATION_CONFIRMING,
}


def replay(message_id: int, now: datetime) -> bool:
    """Make a parked message pending again and return its subject to the status it expects.

    A message that XCover refused is replaced by one with a new key. Return False, and change
    nothing, if the message is not parked. Raise ``OutboxMessage.DoesNotExist`` if there is none.
    """
    with transaction.atomic():
        message = OutboxMessage.objects.get(pk=message_id)
        _reopen_subject(message, now)
        current = OutboxMessage.objects.select_for_update().get(pk=message_id)
        if current.status != MessageState.PARKED:
            transaction.set_rollback(True)
            return False
        if current.kind in MODIFICATION_KINDS and current.reason_code == ReasonCode.REFUSED:
            _ask_again(current, now)
            return True
        if current.kind == MessageKind.CONFIRM:
            current = _confirm_again(current, now)
        else:
            outbox.replay(current, now)
    send_after_commit(DELIVER_TASK, current.pk)
    return True


def _confirm_again(parked: OutboxMessage, now: datetime) -> OutboxMessage:
    """Replay a confirmation, under a new key if its body may not be sent once more.

    If staff decided that no policy is made, the message only searches for one again.
    """
    cover = Cover.objects.get(pk=parked.subject_id)
    if cover.reason_code != ReasonCode.NOT_WANTED:
        if parked.reason_code in (ReasonCode.REFUSED, ReasonCode.UNCLEAR) or _is_lost(parked):
            return _replace_by_new(parked, now)
        earlier = None if parked.is_bound else outbox.earlier_that_opens(parked)
        if earlier is not None:
            return _go_back(parked, earlier, now)
    outbox.replay(parked, now)
    return parked


def _is_lost(message: OutboxMessage) -> bool:
    """Return True if the sent body cannot be opened and the policy cannot be searched for."""
    is_stuck = message.reason_code == ReasonCode.SEAL_BROKEN and message.is_bound
    return is_stuck and outbox.sent_body(message) is None


def _replace_by_new(stopped: OutboxMessage, now: datetime) -> OutboxMessage:
    """Replace a confirmation by one with a new operation id and a new key.

    The old key cannot be used: XCover refused its body and a key belongs to one body, or XCover
    would repeat a response that is contradictory. If a policy exists, XCover's refusal names its
    booking, which is then taken over or shown to staff. The order is judged again before sending.
    """
    sentence = "Replaced by another confirmation."
    if _is_lost(stopped):
        outbox.replace(stopped, sentence, now)
    else:
        outbox.drop(stopped, sentence, now)
    again = outbox.add(
        MessageKind.CONFIRM,
        f"{stopped.operation_id}{outbox.AGAIN}",
        subject_id=stopped.subject_id,
        channel_id=stopped.channel_id,
        now=now,
        account=stopped.account,
    )
    if stopped.is_unknown:
        outbox.stand_for(again, stopped, now)
    return again


def _go_back(unsent: OutboxMessage, earlier: OutboxMessage, now: datetime) -> OutboxMessage:
    """Replay the earlier confirmation, because its sealed body can be opened again."""
    outbox.replace(unsent, "The confirmation it replaced can be repeated.", now)
    outbox.replay(earlier, now)
    return earlier


def _ask_again(refused: OutboxMessage, now: datetime) -> None:
    """Replace a refused change of the buyer's details by a new preview, if it is still wanted.

    XCover may repeat its stored response for the old key, and the old preview may have lapsed.
    """
    modification = lock_modification(refused.subject_id)
    modifications.drop(modification, "Asked again, with a preview of its own.", now)
    cover = modification.cover
    order = orders.read(cover.order_id)
    if order is not None and cover.status == CoverStatus.CONFIRMED:
        policyholder_changes.sync_policyholder(cover, order, now)


_NO_REASON = {"reason": "", "reason_code": ""}


def _reopen_subject(message: OutboxMessage, now: datetime) -> None:
    """Move the subject of a message back to the status the message expects, locking it first."""
    if message.kind == MessageKind.CONFIRM:
        cover = lock_cover(pk=message.subject_id)
        if cover is not None and cover.status == CoverStatus.PARKED:
            is_decided = cover.reason_code == ReasonCode.NOT_WANTED  # which stands
            kept = {} if is_decided else _NO_REASON
            effects.apply(cover, effects.COVER_CONFIRMING, now, **kept)
    elif message.kind in _STEP_OF:
        cancellation = lock_cancellation(message.subject_id)
        if cancellation.cover.status == CoverStatus.CONFIRMED:
            effects.apply(cancellation.cover, effects.COVER_CANCELLING, now)
        if cancellation.status == CancellationStatus.PARKED:
            effects.apply(cancellation, _STEP_OF[MessageKind(message.kind)], now)
    elif message.kind in _MODIFICATION_STEP_OF:
        modification = lock_modification(message.subject_id)
        if modification.status == ModificationStatus.PARKED:
            effects.apply(modification, _MODIFICATION_STEP_OF[MessageKind(message.kind)], now)
