"""A person decided that parked work shall be tried again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from .. import outbox
from ..domain.states import (
    NOT_WANTED,
    CancellationStatus,
    CoverStatus,
    MessageState,
    ModificationStatus,
)
from ..host import orders
from ..models import Cover, OutboxMessage
from . import modifications, watch_policyholder
from .confirm_cover import SEAL_BROKEN, body_for
from .locks import lock_cancellation, lock_cover, lock_modification
from .wake import DELIVER_TASK, wake_after_commit

_STEP_OF = {
    "preview_cancellation": CancellationStatus.REQUESTED,
    "confirm_cancellation": CancellationStatus.CONFIRMING,
}
_MODIFICATION_STEP_OF = {
    "preview_modification": ModificationStatus.REQUESTED,
    "confirm_modification": ModificationStatus.CONFIRMING,
}


def replay(message_id: int, now: datetime) -> bool:
    """Make a parked message pending again, with what it is about; False if not parked."""
    with transaction.atomic():
        message = OutboxMessage.objects.get(pk=message_id)
        _reopen_subject(message, now)
        current = OutboxMessage.objects.select_for_update().get(pk=message_id)
        if current.status != MessageState.PARKED:
            transaction.set_rollback(True)
            return False
        if current.kind in modifications.KINDS and current.reason_code == "refused":
            _ask_again(current, now)
            return True
        if current.kind == "confirm":
            current = _confirm_again(current, now)
        else:
            outbox.replay(current, now)
    wake_after_commit(DELIVER_TASK, current.pk)
    return True


def _confirm_again(parked: OutboxMessage, now: datetime) -> OutboxMessage:
    """Replay a confirmation, under a new key where XCover may not be sent its body once more.

    What staff do not want is only looked for again. So is a request that nobody can open, once the
    order asks for no policy any more: sending another one could make what the first did not.
    """
    cover = Cover.objects.select_related("offer").get(pk=parked.subject_id)
    if cover.reason_code != NOT_WANTED:
        if parked.reason_code == "refused":
            return _begin_anew(parked, now)
        if parked.reason_code == "unclear":
            # There may be a policy, so the new operation is bound as the old one was.
            is_bound = parked.is_unknown
            return _begin_anew(parked, now, is_bound=is_bound, body=outbox.sent_body(parked))
        if _is_lost(parked):
            body = body_for(cover, orders.read(cover.order_id, lock=True), now)
            if body is not None:
                return _begin_anew(parked, now, is_bound=True, body=body)
    outbox.replay(parked, now)
    return parked


def _is_lost(message: OutboxMessage) -> bool:
    """Whether nobody can open what was sent, nor find out what became of it."""
    is_stuck = message.reason_code == SEAL_BROKEN and message.is_unknown
    return is_stuck and outbox.sent_body(message) is None


def _begin_anew(
    stopped: OutboxMessage, now: datetime, *, is_bound: bool = False, body: bytes | None = None
) -> OutboxMessage:
    """Replace a confirmation by a new operation with a new key.

    XCover refused the old body, and its key may not carry another one, or would repeat an answer
    that says yes and no. Should a policy exist, XCover names it: adopted, or shown to staff.
    """
    outbox.drop(stopped, "Replaced by another confirmation.", now)
    again = outbox.append(
        "confirm",
        f"{stopped.operation_id}:again",
        subject_id=stopped.subject_id,
        channel_id=stopped.channel_id,
        now=now,
    )
    if is_bound:
        outbox.bind(again, body, stopped.sent_to, now)
    return again


def _ask_again(refused: OutboxMessage, now: datetime) -> None:
    """Begin a refused change of the buyer's details again: with a preview, if it is still wanted.

    An answer may be kept by its key, and a preview may have lapsed.
    """
    modification = lock_modification(refused.subject_id)
    modifications.drop(modification, "Asked again, with a preview of its own.", now)
    cover = modification.cover
    order = orders.read(cover.order_id)
    if order is not None and cover.status == CoverStatus.CONFIRMED:
        watch_policyholder.watch(cover, order, now)


_NO_REASON = {"reason": "", "reason_code": ""}


def _reopen_subject(message: OutboxMessage, now: datetime) -> None:
    """Take the subject back to the state its message expects, under the lock order."""
    if message.kind == "confirm":
        cover = lock_cover(pk=message.subject_id)
        if cover is not None and cover.status == CoverStatus.PARKED:
            is_decided = cover.reason_code == NOT_WANTED  # and that stands
            cover.become(CoverStatus.CONFIRMING, now, **({} if is_decided else _NO_REASON))
    elif message.kind in _STEP_OF:
        cancellation = lock_cancellation(message.subject_id)
        if cancellation.cover.status == CoverStatus.CONFIRMED:
            cancellation.cover.become(CoverStatus.CANCELLING, now)
        if cancellation.status == CancellationStatus.PARKED:
            cancellation.become(_STEP_OF[message.kind], now)
    elif message.kind in _MODIFICATION_STEP_OF:
        modification = lock_modification(message.subject_id)
        if modification.status == ModificationStatus.PARKED:
            modification.become(_MODIFICATION_STEP_OF[message.kind], now)
