"""A person decided that parked work shall be tried again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from .. import outbox
from ..domain.states import CancellationStatus, CoverStatus, MessageState, ModificationStatus
from ..host import orders
from ..models import OutboxMessage
from . import modifications, watch_policyholder
from .confirm_cover import SEAL_BROKEN
from .locks import lock_cancellation, lock_cover, lock_modification
from .wake import DELIVER_TASK, wake

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
        if current.kind == "confirm" and _needs_new_key(current):
            current = _begin_anew(current, now)
        else:
            outbox.replay(current, now)
    wake(DELIVER_TASK, current.pk)
    return True


def _needs_new_key(message: OutboxMessage) -> bool:
    """Return True where XCover may not, or cannot, be sent the same body under the same key."""
    is_lost = message.is_unknown and outbox.sent_body(message) is None
    return message.reason_code in ("refused", "unclear") or (
        message.reason_code == SEAL_BROKEN and is_lost
    )


def _begin_anew(stopped: OutboxMessage, now: datetime) -> OutboxMessage:
    """Replace a confirmation by a new operation with a new key.

    XCover refused the old body, and its key may not carry another one, or would repeat an answer
    that says yes and no. Should a policy exist, XCover names it: adopted, or shown to staff. After
    an answer that says both there may be one, so the new operation is bound as the old one was.
    """
    is_bound = stopped.reason_code == "unclear" and stopped.is_unknown
    body = outbox.sent_body(stopped)
    outbox.drop(stopped, "Replaced by another confirmation.", now)
    again = outbox.append(
        "confirm",
        f"{stopped.operation_id}:again",
        subject_id=stopped.subject_id,
        channel_id=stopped.channel_id,
        now=now,
    )
    if is_bound:
        outbox.bind(again, body, now)
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


def _reopen_subject(message: OutboxMessage, now: datetime) -> None:
    """Take the subject back to the state its message expects, under the lock order."""
    if message.kind == "confirm":
        cover = lock_cover(pk=message.subject_id)
        if cover is not None and cover.status == CoverStatus.PARKED:
            cover.become(CoverStatus.CONFIRMING, now, reason="", reason_code="")
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
