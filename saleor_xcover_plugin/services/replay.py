"""A person decided that parked work shall be tried again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from .. import outbox
from ..domain.states import CancellationStatus, CoverStatus, MessageState
from ..models import Cancellation, Cover, Offer, OutboxMessage
from .wake import DELIVER_TASK, wake


def replay(message_id: int, now: datetime) -> bool:
    """Make a parked message pending again, with its cover or cancellation; False if not parked."""
    with transaction.atomic():
        message = OutboxMessage.objects.get(pk=message_id)
        _reopen_subject(message, now)
        current = OutboxMessage.objects.select_for_update().get(pk=message_id)
        if current.status != MessageState.PARKED:
            transaction.set_rollback(True)
            return False
        outbox.replay(current, now)
    wake(DELIVER_TASK, message_id)
    return True


def _reopen_subject(message: OutboxMessage, now: datetime) -> None:
    """Take the subject back to the state its message expects, under the lock order."""
    if message.kind == "confirm":
        offer_id = Cover.objects.values_list("offer_id", flat=True).get(pk=message.subject_id)
        Offer.objects.select_for_update().filter(pk=offer_id).first()
        cover = Cover.objects.select_for_update().get(pk=message.subject_id)
        if cover.status == CoverStatus.PARKED:
            cover.become(CoverStatus.CONFIRMING, now, reason="", reason_code="")
    elif message.kind == "preview_cancellation":
        cancellation = Cancellation.objects.get(pk=message.subject_id)
        cover = Cover.objects.select_for_update().get(pk=cancellation.cover_id)
        if cover.status == CoverStatus.CONFIRMED:
            cover.become(CoverStatus.CANCELLING, now)
        cancellation = Cancellation.objects.select_for_update().get(pk=cancellation.pk)
        if cancellation.status == CancellationStatus.PARKED:
            cancellation.become(CancellationStatus.REQUESTED, now)
